import type { CleanText, Searcher } from "../capture/redact/clean.ts"

/** What relay.json sets, with defaults. */
export type RelaySettings = {
  capture: string
  maxSizeBytes: number
  streamBytes: number
  raw: boolean
  logFile?: string
}

/** The functions of the script that the relay calls (hosts/). A call without a secret, and without a probe, calls none. */
export type Script = {
  clean(text: string, isTruncated: boolean): CleanText
  cleanArguments(argv: readonly string[]): string[]
  /** null: only the name of the variable may be recorded */
  cleanVariable(name: string, value: string): string | null
  prune(directory: string, maxSizeBytes: number, current: string): void
  /** Answers the call if it is one of a probe. */
  probe(): void
  /** Answers a call that has called itself too often. */
  rejectLoop(): void
}

/** The operating system as the script sees it (hosts/). Nothing here throws because of files or pipes. */
export interface Host extends Searcher {
  /**
   * At build time: the marks of the rules (`ALL_MARK_LINES`), of which the first `shown` are found in open texts; the
   * characters of each class (`CLASSES`), each class after U+0001; and what the relay calls.
   */
  provide(marks: string, shown: number, classes: string, script: Script): void
  /** basename of the executed path; for a symlink its own name */
  readonly name: string
  readonly path: string
  /** the relay was put here by `cnitap install`: .cnitap is beside it, also where an uninstall had to leave a probe */
  readonly isInstalled: boolean
  /** how many calls may be nested */
  readonly maxDepth: number
  /** The first entry with that name, which is the one that Go and C programs see; undefined if there is none. */
  variable(name: string): string | undefined
  /** relay.json; undefined if there is none, or if it does not want this call to be recorded */
  settings(): RelaySettings | undefined
  readStdin(limitBytes: number, waitMs: number): void
  /** as text, or one character per byte if it is not UTF-8 */
  stdin(): string
  /** one character per byte */
  stdinBytes(): string
  /** Writes to stdout. */
  reply(text: string): void
  /** Writes bytes `from` to `to` of stdin to stdout, unchanged. */
  replyStdin(from: number, to: number): void
  /** Sets the exit status. Without one, the call is not answered. */
  exit(code: number): void
  /**
   * What to do in another process after the reply; its result is written to stderr. The call waits for it, but only for a
   * short time: a file system may hang.
   */
  afterReply(work: () => string | undefined): void
  /** Appends the begin record of a probe. */
  record(settings: Omit<RelaySettings, "logFile">): void
  /** One O_APPEND write; symlinks are not followed. False if nothing or not everything was written. */
  append(directory: string, file: string, text: string, limitBytes: number): boolean
  list(directory: string): { name: string; sizeBytes: number }[]
  remove(directory: string, file: string): void
}
