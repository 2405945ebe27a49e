import type { Redaction } from "../capture/redact/redact.ts"

/** A stream by its file descriptor. */
export type StreamIndex = 0 | 1 | 2

/** The facts of this process, read once at the start. */
export type ProcessFacts = {
  argv: string[]
  /** NAME=value, in the original order and number. Invalid UTF-8 is replaced here, but not in the plugin's environment. */
  env: string[]
  /** basename of the executed path; for a symlink its own name */
  name: string
  path: string
  parentName: string | null
  node: string | null
  pid: number
  ppid: number
  /** whether the real plugin is in .cnitap/real next to the relay */
  hasOriginal: boolean
  /** the relay was put here by `cnitap install`: .cnitap is beside it, also where an uninstall had to leave a probe */
  isInstalled: boolean
  originalSizeBytes: number
  originalModifiedMs: number
}

export type PluginOutcome = {
  /** errno if the plugin could not be started, else 0 */
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
 * The operating system as the relay sees it (hosts/). Nothing here throws because of files, plugins or pipes.
 * Stream contents stay on the host's side; a stream keeps its first `limitBytes` bytes and counts all of them.
 */
export interface Host {
  readonly process: ProcessFacts
  /** The first entry with that name, which is the one that Go and C programs see; undefined if there is none. */
  variable(name: string): string | undefined
  wallMs(): number
  monoMs(): number
  /** 16 hexadecimal digits */
  randomId(): string
  /** the text of .cnitap/relay.json next to the relay, at most 64 KiB; null if it cannot be read */
  readConfig(): string | null
  /** Reads ahead from stdin for at most `waitMs`; false if no pipes can be created. */
  readStdin(limitBytes: number, waitMs: number): boolean
  stdinComplete(): boolean
  /** Runs the real plugin with this one variable added and relays its streams until they end; false if it did not start. */
  relay(variable: string, report?: () => void): boolean
  /** Executes the real plugin in this process. Returns only on failure; the process then ends with an error on stderr. */
  exec(variable?: string): void
  outcome(): PluginOutcome
  /** the kept bytes, or the first `limitBytes` of them, as text; null if they are not valid UTF-8 */
  text(stream: StreamIndex, limitBytes?: number): string | null
  /** the kept bytes, or the first `limitBytes` of them, one character each */
  latin1(stream: StreamIndex, limitBytes?: number): string
  sizeBytes(stream: StreamIndex): number
  /** whether the text contains one of the needles (lower-case, one per line), in any case; one pass in native code */
  holdsAny(text: string, needles: string): boolean
  /** the text without secrets. A separate script (redaction.ts): call it only if `holdsAny` finds a mark. */
  redact: (text: string) => Redaction
  /** of the UTF-8 bytes of the text */
  checksum(text: string): { sizeBytes: number; crc32: string }
  /**
   * One O_APPEND write; symlinks are not followed. `mustBePrivate`: only in a directory that no other user can access.
   * Undefined if nothing was written: the existing file or directory is not acceptable, the file would exceed the limit,
   * or the disk is nearly full.
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
  /** Bytes `from` to `to` of stdin, unchanged. */
  writeStdin(descriptor: 1 | 2, from: number, to: number): void
  /** Sets an exit status that replaces the plugin's. */
  exit(code: number): void
  /** Ends this process the way the plugin ended. Never returns: freeing the engine's objects would cost more than recording. */
  end(): void
  /** Sets what runs at each start. The rest of the script runs once, at build time, without `process`. */
  onStart(main: () => void): void
}
