import { Buffer } from "node:buffer"

/** What src/observe/bpf/observe.bpf.c writes into the ring: the layouts are those of its structures. */
/** `isPipe`: one without a name. */
export type StreamFile = { ino: number; dev: number; mode: number; rdev: number; isPipe: boolean }
/** `call`: a number of its own for each call, until the node starts again. Times: nanoseconds of CLOCK_MONOTONIC. */
export type BeginEvent = {
  kind: "begin"
  call: number
  /** when the kernel had loaded the plugin */
  ns: number
  /** when the kernel was asked to execute it */
  startNs: number
  parent: number
  plugin: number
  /** only the name of the file is known to be a plugin's */
  isNamed: boolean
  /** in another mount namespace than that of the node's process 1 */
  isContained: boolean
  /** a 32-bit program: its system calls are not followed */
  isNarrow: boolean
  pid: number
  ppid: number
  /** of the range that the text events hold */
  argBytes: number
  envBytes: number
  streams: [StreamFile, StreamFile, StreamFile]
  parentName: string
  path: string
}
/** A piece of arguments and environment. */
export type TextEvent = { kind: "text"; call: number; offset: number; bytes: Uint8Array }
export type ForkEvent = { kind: "fork"; call: number; pid: number }
/** A piece of what was read or written at once. Without bytes, a record cannot hold more of that stream. */
export type DataEvent = {
  kind: "read" | "write" | "unseen"
  call: number
  thread: number
  ino: number
  dev: number
  totalBytes: number
  offset: number
  bytes: Uint8Array
  isLast: boolean
}
export type ExitEvent = {
  kind: "exit"
  call: number
  ns: number
  pid: number
  /** as wait(2) returns it */
  status: number
  userNs: number
  systemNs: number
  runNs: number
  childUserNs: number
  childSystemNs: number
  maxRssPages: number
  childMaxRssPages: number
  /** of the process, when it exited */
  stdin: StreamFile
  /** The rest is of the pipe that stdin is: the places of its next write and its next read, and how many can write. */
  pipeHead: number
  pipeTail: number
  pipeWriters: number
}
export type ObserverEvent = BeginEvent | TextEvent | ForkEvent | DataEvent | ExitEvent

/** As the program numbers them. */
export const RECORD_KINDS = ["begin", "text", "fork", "read", "write", "exit", "unseen"] as const
/** What an exit record has: fields of the process's task, of its signal_struct, and of the pipe that its stdin is. */
export const EXIT_FIELDS = [
  "task_struct__utime",
  "task_struct__stime",
  "task_struct__se__sum_exec_runtime",
  "task_struct__exit_code",
  "signal_struct__utime",
  "signal_struct__stime",
  "signal_struct__sum_sched_runtime",
  "signal_struct__cutime",
  "signal_struct__cstime",
  "signal_struct__maxrss",
  "signal_struct__cmaxrss",
  "signal_struct__flags",
  "signal_struct__group_exit_code",
  "pipe_inode_info__head",
  "pipe_inode_info__tail",
  "pipe_inode_info__writers",
] as const
type ExitField = (typeof EXIT_FIELDS)[number]
/** In words, from the end of the head on: the process ID and its stdin come before. */
const EXIT_FIELD_AT = Object.fromEntries(EXIT_FIELDS.map((field, at) => [field, 8 + 2 * at])) as Record<
  ExitField,
  number
>
/** Of signal_struct.flags: all its threads were made to exit (include/linux/sched/signal.h). */
const SIGNAL_GROUP_EXIT = 4
const [HEAD_BYTES, NAME_BYTES, RECORD_HEAD_BYTES] = [32, 16, 8]

/** The events of one read of the ring, in its order. Their bytes are in that memory. */
export function readEvents(buffer: ArrayBuffer, add: (event: ObserverEvent) => void): void {
  // Indexing words takes a fraction of the time of a DataView. Both machines have the low byte first.
  const words = new Uint32Array(buffer)
  for (let at = 0; at < words.length; ) {
    const size = words[at] ?? 0
    const event = readEvent(words, at + RECORD_HEAD_BYTES / 4, size)
    if (event) add(event)
    at += ((size + RECORD_HEAD_BYTES + 7) & ~7) / 4
  }
}

/** `at`: its first word. */
function readEvent(words: Uint32Array, at: number, recordBytes: number): ObserverEvent | undefined {
  const kind = RECORD_KINDS[words[at] ?? -1]
  const call = long(words, at + 4)
  const from = at + HEAD_BYTES / 4
  switch (kind) {
    case "begin":
      return beginEvent(words, at, recordBytes)
    case "text":
      return { kind, call, offset: long(words, from + 4), bytes: bytesOf(words, from + 8, words[at + 1]) }
    case "fork":
      return { kind, call, pid: words[from] ?? 0 }
    case "read":
    case "write":
    case "unseen":
      return {
        kind,
        call,
        thread: words[at + 6] ?? 0,
        ino: long(words, from),
        totalBytes: long(words, from + 2),
        offset: long(words, from + 4),
        dev: words[from + 6] ?? 0,
        bytes: bytesOf(words, from + 8, words[at + 1]),
        // the bytes that follow
        isLast: words[at + 7] === 0,
      }
    case "exit":
      return exitEvent(words, at)
    default:
      return undefined
  }
}

function beginEvent(words: Uint32Array, at: number, recordBytes: number): BeginEvent {
  const from = at + HEAD_BYTES / 4
  const nameAt = from + 38
  const pathBytes = recordBytes - HEAD_BYTES - 38 * 4 - NAME_BYTES
  return {
    kind: "begin",
    call: long(words, at + 4),
    ns: long(words, at + 2),
    startNs: long(words, from),
    plugin: long(words, from + 2),
    parent: long(words, from + 4),
    streams: [stream(words, from + 6), stream(words, from + 12), stream(words, from + 18)],
    pid: words[from + 30] ?? 0,
    ppid: words[from + 31] ?? 0,
    argBytes: words[from + 32] ?? 0,
    envBytes: words[from + 33] ?? 0,
    isNamed: words[from + 34] === 1,
    isContained: words[from + 35] === 1,
    isNarrow: words[from + 36] === 1,
    parentName: textOf(words, nameAt, NAME_BYTES, "latin1"),
    path: textOf(words, nameAt + NAME_BYTES / 4, pathBytes, "utf8"),
  }
}

/** What the task has not yet added to the sums of its process counts too. */
function exitEvent(words: Uint32Array, at: number): ExitEvent {
  const from = at + HEAD_BYTES / 4
  const number = (field: ExitField) => long(words, from + EXIT_FIELD_AT[field])
  const int = (field: ExitField) => words[from + EXIT_FIELD_AT[field]] ?? 0
  const isGroupExit = (int("signal_struct__flags") & SIGNAL_GROUP_EXIT) !== 0
  return {
    kind: "exit",
    call: long(words, at + 4),
    ns: long(words, at + 2),
    pid: words[from] ?? 0,
    status: int(isGroupExit ? "signal_struct__group_exit_code" : "task_struct__exit_code"),
    userNs: number("task_struct__utime") + number("signal_struct__utime"),
    systemNs: number("task_struct__stime") + number("signal_struct__stime"),
    runNs: number("task_struct__se__sum_exec_runtime") + number("signal_struct__sum_sched_runtime"),
    childUserNs: number("signal_struct__cutime"),
    childSystemNs: number("signal_struct__cstime"),
    maxRssPages: number("signal_struct__maxrss"),
    childMaxRssPages: number("signal_struct__cmaxrss"),
    stdin: stream(words, from + 2),
    pipeHead: int("pipe_inode_info__head"),
    pipeTail: int("pipe_inode_info__tail"),
    pipeWriters: int("pipe_inode_info__writers"),
  }
}

function stream(words: Uint32Array, at: number): StreamFile {
  return {
    ino: long(words, at),
    dev: words[at + 2] ?? 0,
    isPipe: words[at + 3] === 1,
    mode: words[at + 4] ?? 0,
    rdev: words[at + 5] ?? 0,
  }
}

function long(words: Uint32Array, at: number): number {
  return (words[at] ?? 0) + (words[at + 1] ?? 0) * HIGH_WORD
}

/** Not `2 ** 32`, which the engine computes each time. */
const HIGH_WORD = 4_294_967_296

function bytesOf(words: Uint32Array, at: number, length: number | undefined): Uint8Array {
  return new Uint8Array(words.buffer, at * 4, length)
}

/** Up to its end or a zero. */
function textOf(words: Uint32Array, at: number, length: number, encoding: "latin1" | "utf8"): string {
  const text = Buffer.from(words.buffer, at * 4, length).toString(encoding)
  const end = text.indexOf("\0")
  return end < 0 ? text : text.slice(0, end)
}
