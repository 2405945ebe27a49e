/**
 * What src/observe/bpf/observe.bpf.c writes into the ring. A field has a name, a type and a place, as its structure has them.
 * Times are nanoseconds of CLOCK_MONOTONIC.
 */
export type RecordField = readonly [name: string, type: keyof Values, at: number]
/** `name`: 16 bytes. `path`: the rest of the record. `bytes`: what follows the structure. `files`: three of them. */
type Values = {
  int: number
  flag: boolean
  long: number
  name: string
  path: string
  bytes: Uint8Array
  file: StreamFile
  files: [StreamFile, StreamFile, StreamFile]
}
type ObjectOf<F extends readonly [string, keyof Values, ...unknown[]]> = {
  -readonly [Key in F as Key[0]]: Values[Key[1]]
}

/** The open file behind a descriptor. `isPipe`: one without a name. */
export type StreamFile = ObjectOf<(typeof FILE_FIELDS)[number]>
export const FILE_FIELDS = [
  ["ino", "long", 0],
  ["dev", "int", 8],
  ["isPipe", "flag", 12],
  ["mode", "int", 16],
  ["rdev", "int", 20],
] as const

/** `call`: a number of its own for each call, until the node starts again. `ns`: when the record was made. */
const HEAD = [
  ["ns", "long", 8],
  ["call", "long", 16],
] as const

export type BeginEvent = { kind: "begin" } & ObjectOf<(typeof BEGIN)[number]>
const BEGIN = [
  ...HEAD,
  // when the kernel was asked to execute the plugin, which it has loaded now
  ["startNs", "long", 32],
  ["plugin", "long", 40],
  ["parent", "long", 48],
  ["streams", "files", 56],
  ["pid", "int", 152],
  ["ppid", "int", 156],
  // of the range that the text events hold
  ["argBytes", "int", 160],
  ["envBytes", "int", 164],
  // only the name of the file is known to be a plugin's
  ["isNamed", "flag", 168],
  // in another mount namespace than that of the node's process 1
  ["isContained", "flag", 172],
  // a 32-bit program: its system calls are not followed
  ["isNarrow", "flag", 176],
  ["parentName", "name", 184],
  ["path", "path", 200],
] as const

/** A piece of arguments and environment. */
export type TextEvent = { kind: "text" } & ObjectOf<(typeof TEXT)[number]>
const TEXT = [...HEAD, ["offset", "long", 48], ["bytes", "bytes", 64]] as const

export type ForkEvent = { kind: "fork" } & ObjectOf<(typeof FORK)[number]>
const FORK = [...HEAD, ["pid", "int", 32]] as const

/** A piece of what was read or written at once. Without bytes, a record cannot hold more of that stream. */
export type DataEvent = { kind: "read" | "write" | "unseen" } & ObjectOf<(typeof DATA)[number]>
const DATA = [
  ...HEAD,
  ["thread", "int", 24],
  // that follow in other pieces
  ["leftBytes", "int", 28],
  ["ino", "long", 32],
  ["totalBytes", "long", 40],
  ["offset", "long", 48],
  ["dev", "int", 56],
  ["bytes", "bytes", 64],
] as const

/** Fields of the process's task, of its signal_struct, and of the pipe that its stdin is. */
const EXIT_FACTS = [
  ["threadUserNs", "long", "task_struct__utime"],
  ["threadSystemNs", "long", "task_struct__stime"],
  ["threadRunNs", "long", "task_struct__se__sum_exec_runtime"],
  ["exitCode", "int", "task_struct__exit_code"],
  // What the thread itself has not yet added to these counts too.
  ["userNs", "long", "signal_struct__utime"],
  ["systemNs", "long", "signal_struct__stime"],
  ["runNs", "long", "signal_struct__sum_sched_runtime"],
  ["childUserNs", "long", "signal_struct__cutime"],
  ["childSystemNs", "long", "signal_struct__cstime"],
  ["maxRssPages", "long", "signal_struct__maxrss"],
  ["childMaxRssPages", "long", "signal_struct__cmaxrss"],
  ["signalFlags", "int", "signal_struct__flags"],
  ["groupExitCode", "int", "signal_struct__group_exit_code"],
  // the places of its next write and its next read, and how many can write
  ["pipeHead", "int", "pipe_inode_info__head"],
  ["pipeTail", "int", "pipe_inode_info__tail"],
  ["pipeWriters", "int", "pipe_inode_info__writers"],
] as const
export const EXIT_FIELDS: readonly string[] = EXIT_FACTS.map(([, , field]) => field)

export type ExitEvent = { kind: "exit" } & ObjectOf<(typeof EXIT | typeof EXIT_FACTS)[number]>
const EXIT = [
  ...HEAD,
  ["pid", "int", 32],
  // of the process, when it exited
  ["stdin", "file", 40],
] as const

export type ObserverEvent = BeginEvent | TextEvent | ForkEvent | DataEvent | ExitEvent

/** As the program numbers them. */
export const RECORD_KINDS = ["begin", "text", "fork", "read", "write", "exit", "unseen"] as const
type RecordKind = (typeof RECORD_KINDS)[number]
const FIELDS: Readonly<Record<RecordKind, readonly RecordField[]>> = {
  begin: BEGIN,
  text: TEXT,
  fork: FORK,
  read: DATA,
  write: DATA,
  unseen: DATA,
  exit: [...EXIT, ...EXIT_FACTS.map(([name, type], at): RecordField => [name, type, 64 + 8 * at])],
}
/** Of each kind, by its number. */
export type RecordLayout = { kind: RecordKind; fields: readonly RecordField[] }
export const RECORD_LAYOUTS: readonly RecordLayout[] = RECORD_KINDS.map((kind) => ({ kind, fields: FIELDS[kind] }))
