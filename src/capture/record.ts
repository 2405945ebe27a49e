/** The number of the record format; every line carries it. FORMAT.md describes it for other readers. */
export const FORMAT = 1

/**
 * The content of one stream. Text if the bytes are valid UTF-8, otherwise base64; never re-encoded.
 * `sizeBytes` is the full size; `text`/`base64` hold only the beginning if `truncated`. Of stdin it is the size of what was
 * read: if the caller never closed it, `truncated` is set.
 * `truncatedBy`: not the limit of the stream, but the search for secrets, whose budget was used up there, or the loss of what
 * follows: the observer did not see it.
 * `redacted` lists what was replaced by `[redacted]`: the JSON pointer of a value, or `text` for a match in free text.
 */
export type Payload = {
  sizeBytes: number
  truncated?: true
  truncatedBy?: "search" | "loss"
  redacted?: string[]
} & ({ text: string } | { base64: string })

/** Written before the plugin is started, so that a hung or killed plugin still leaves a trace. */
export type Begin = {
  format: number
  kind: "begin"
  /** 16 hexadecimal digits, random */
  id: string
  /** id of the call whose plugin started this one, if it passed CNITAP_CALL on */
  parent?: string
  depth: number
  /** relay: in place of the plugin; probe: cni_pre or cni_post in the plugin list; observer: followed from the kernel */
  as: "relay" | "probe" | "observer"
  /** milliseconds since 1970, microsecond resolution */
  wallMs: number
  /** CLOCK_MONOTONIC in milliseconds: comparable between calls of one node and one boot */
  monoMs: number
  node?: string
  pid: number
  ppid: number
  /** process that writes the records, if it is not `pid`: it may end a moment after it */
  recorderPid?: number
  /** comm of the parent process: containerd, crio, multus-daemon, another plugin */
  parentName?: string
  /** basename of the executable the runtime called, which is the plugin's `type` */
  plugin: string
  path: string
  argv: string[]
  /** values of CNI_* and TRACE* only */
  env: Record<string, string>
  /** names of all other variables */
  envNames: string[]
  /** size and modification time of the original, to distinguish builds of a plugin */
  original?: { sizeBytes: number; modifiedMs: number }
  /** absent if the writer still held stdin open; the end line has it then */
  stdin?: Payload
}

/**
 * Written while a call runs, from one second after its start, when it has written something new: a plugin that hangs or is
 * killed leaves what it wrote. The pauses double, so a later record has all that an earlier one has, and more.
 */
export type ProgressRecord = {
  format: number
  kind: "progress"
  id: string
  wallMs: number
  monoMs: number
  /** the first 64 KiB so far */
  stdout: Payload
  stderr: Payload
}

/** How a process ended. `errno`: it could not be started. */
export type Exit = { code: number } | { signal: number } | { errno: number }

/** Written after the plugin ended and both its output streams were relayed. */
export type End = {
  format: number
  kind: "end"
  id: string
  wallMs: number
  monoMs: number
  /** absent if the plugin could not be started */
  pluginPid?: number
  /** from just before the plugin was started until it was reaped */
  durationMs: number
  /** the part of `durationMs` spent starting the process */
  spawnMs: number
  exit: Exit
  usage: { maxRssBytes: number; userMs: number; systemMs: number }
  stdin?: Payload
  stdout: Payload
  stderr: Payload
}

export type CaptureRecord = Begin | ProgressRecord | End

/**
 * What an observer did not record. `calls`: without any record. `ends`: without an end record. `pieces`: of streams, which
 * are marked as truncated. `misses`: times when the kernel did not run a program of the observer. `records`: that could not
 * be written.
 */
export type Losses = { calls: number; ends: number; pieces: number; misses: number; records: number }

export const NOTHING_LOST: Losses = { calls: 0, ends: 0, pieces: 0, misses: 0, records: 0 }

export type LossReason = "full" | "preempted" | "stopped"

/**
 * Written by an observer that has lost something since the last such record, or has found that none was running: no call
 * of that time can be trusted to be in the capture.
 */
export type LossRecord = {
  format: number
  kind: "loss"
  wallMs: number
  monoMs: number
  node: string
  /** when the time began in which it was lost; milliseconds since 1970 */
  sinceMs: number
  /**
   * `full`: the kernel's buffer, or the disk. `preempted`: the kernel did not run the observer's program for a process while
   * another one was preempted in it. `stopped`: no observer was running, and `calls` are those in flight when one started
   */
  reason: LossReason
} & Losses

/** Signals by number, as Linux on x86-64 and arm64 has them. */
export const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  3: "SIGQUIT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  10: "SIGUSR1",
  11: "SIGSEGV",
  12: "SIGUSR2",
  13: "SIGPIPE",
  14: "SIGALRM",
  15: "SIGTERM",
  24: "SIGXCPU",
  25: "SIGXFSZ",
  31: "SIGSYS",
}
