import type { Redaction } from "../capture/redact/redact.ts"

/** Streams by their descriptor. */
export type StreamIndex = 0 | 1 | 2

/** The facts of this process, read once before anything is decided. */
export type Process = {
  argv: string[]
  /** NAME=value in the order and number they came; not valid UTF-8 is replaced here, never in what is passed on */
  env: string[]
  /** basename of the path that was executed, a symlink's own name included */
  name: string
  path: string
  parentName: string | null
  node: string | null
  pid: number
  ppid: number
  /** the real plugin lies in .cnitap/real beside the relay */
  hasOriginal: boolean
  /** the relay was put here by `cnitap install`: .cnitap is beside it, also where an uninstall had to leave a probe */
  isInstalled: boolean
  originalSizeBytes: number
  originalModifiedMs: number
}

export type Outcome = {
  /** errno of a plugin that could not be started, else 0 */
  errno: number
  /** number of the signal that killed the plugin, else 0 */
  signal: number
  code: number
  /** process ID of the plugin, 0 if it could not be started */
  pluginPid: number
  spawnMs: number
  durationMs: number
  maxRssBytes: number
  userMs: number
  systemMs: number
}

/**
 * What the relay asks of the machine (hosts/). Nothing here throws over what files, plugins or pipes do.
 * Stream contents stay on the host's side; a stream keeps its first `limitBytes` bytes and counts all of them.
 */
export interface Host {
  readonly process: Process
  /** The first entry of that name, which is the one a Go or C program ends up with; undefined where there is none. */
  variable(name: string): string | undefined
  wallMs(): number
  monoMs(): number
  /** 16 hexadecimal digits */
  randomId(): string
  /** the text of .cnitap/relay.json beside the relay, at most 64 KiB; null where it cannot be read */
  readConfig(): string | null
  /** Reads stdin ahead, at most waitMs long; false when not even pipes can be had. */
  readStdin(limitBytes: number, waitMs: number): boolean
  stdinComplete(): boolean
  /** Runs the real plugin with this one variable added and relays until its streams end; false: it never started. */
  relay(variable: string, report?: () => void): boolean
  /** Becomes the real plugin. Returns only when that failed; the process then ends with an error on stderr. */
  exec(variable?: string): void
  outcome(): Outcome
  /** the kept bytes, or as many of them, as text; null where they are not valid UTF-8 */
  text(stream: StreamIndex, limitBytes?: number): string | null
  /** the kept bytes, or as many of them, one character each */
  latin1(stream: StreamIndex, limitBytes?: number): string
  sizeBytes(stream: StreamIndex): number
  /** whether the text holds one of the needles (lower-case, a line each) in any case; one pass in native code */
  holdsAny(text: string, needles: string): boolean
  /** the text without secrets: redaction.ts, which lies apart; `holdsAny` tells first whether there can be any */
  redact: (text: string) => Redaction
  /** over the UTF-8 bytes of the text */
  checksum(text: string): { sizeBytes: number; crc32: string }
  /**
   * One O_APPEND write, no symlink followed, in a directory that is ours alone if it must be. Undefined when nothing
   * was written: because of what is there, or because the file would grow beyond the limit or the disk is nearly full.
   */
  append(
    directory: string,
    file: string,
    text: string,
    mustBePrivate: boolean,
    limitBytes: number,
  ): { fromByte: number; toByte: number } | undefined
  list(directory: string): { name: string; sizeBytes: number }[]
  remove(directory: string, file: string): void
  write(descriptor: 1 | 2, text: string): void
  /** Bytes `from` to `to` of stdin, as they came. */
  writeStdin(descriptor: 1 | 2, from: number, to: number): void
  /** Chooses another exit status than the plugin's. */
  exit(code: number): void
  /** Ends this process as the plugin ended. Never returns: freeing the engine's objects would cost more than the record. */
  end(): void
  /** What to do at each start. All else of the script is run once, when the executable is built, without a `process`. */
  onStart(main: () => void): void
}
