import type { Call } from "../call.ts"

const SIGPIPE = 13

/**
 * Whether whoever started the call was gone when the plugin answered: writing to a pipe that nobody reads ends a process
 * with SIGPIPE, and a shell whose last command ended so exits with 128 more.
 */
export function isAbandoned({ exit }: Pick<Call, "exit">): boolean {
  if (exit === undefined || "errno" in exit) return false
  return "signal" in exit ? exit.signal === SIGPIPE : exit.code === 128 + SIGPIPE
}
