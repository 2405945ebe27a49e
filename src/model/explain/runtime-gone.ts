import type { Call } from "../call.ts"

const SIGPIPE = 13

/**
 * Whether whoever started the call was gone when the plugin answered: writing to a pipe that nobody reads ends a process
 * with SIGPIPE.
 */
export function isAbandoned({ exit }: Pick<Call, "exit">): boolean {
  return exit !== undefined && "signal" in exit && exit.signal === SIGPIPE
}
