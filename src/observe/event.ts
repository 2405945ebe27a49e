/** What src/observe/bpf/observe.bpf.c writes into the ring: the layouts are those of its structures. */
/** `isPipe`: one without a name. */
export type StreamFile = { ino: number; dev: number; mode: number; rdev: number; isPipe: boolean }
/** `call`: a number of its own for each call, until the node starts again. Times: nanoseconds of CLOCK_MONOTONIC. */
type EventOf<Kind extends string, Facts> = { kind: Kind; call: number; ns: number; thread: number } & Facts
export type BeginEvent = EventOf<
  "begin",
  {
    /** when the kernel was asked to execute the plugin; `ns` is when it had loaded it */
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
    path: Uint8Array
  }
>
/** A piece of arguments and environment. */
export type TextEvent = EventOf<"text", { offset: number; bytes: Uint8Array; isLast: boolean }>
export type ForkEvent = EventOf<"fork", { pid: number }>
/** A piece of what was read or written at once. Without bytes, a record cannot hold more of that stream. */
export type DataEvent = EventOf<
  "read" | "write" | "unseen",
  { ino: number; dev: number; totalBytes: number; offset: number; bytes: Uint8Array; isLast: boolean }
>
export type ExitEvent = EventOf<
  "exit",
  {
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
>
export type ObserverEvent = BeginEvent | TextEvent | ForkEvent | DataEvent | ExitEvent

const KINDS = ["begin", "text", "fork", "read", "write", "exit", "unseen"] as const
const [HEAD_BYTES, NAME_BYTES, RECORD_HEAD_BYTES] = [32, 16, 8]

/** The events of one read of the ring, in its order. */
export function* readEvents(buffer: ArrayBuffer): Generator<ObserverEvent> {
  const view = new DataView(buffer)
  for (let at = 0; at < view.byteLength; ) {
    const size = view.getUint32(at, true)
    const event = readEvent(view, at + RECORD_HEAD_BYTES, size)
    if (event) yield event
    at += (size + RECORD_HEAD_BYTES + 7) & ~7
  }
}

function readEvent(view: DataView, at: number, recordBytes: number): ObserverEvent | undefined {
  const kind = KINDS[view.getUint32(at, true)]
  const size = view.getUint32(at + 4, true)
  const head = { ns: long(view, at + 8), call: long(view, at + 16), thread: view.getUint32(at + 24, true) }
  const isLast = view.getUint32(at + 28, true) === 1
  const from = at + HEAD_BYTES
  const int = (offset: number) => view.getUint32(from + offset, true)
  const number = (offset: number) => long(view, from + offset)
  const bytes = (offset: number, length: number) => new Uint8Array(view.buffer, from + offset, length)
  switch (kind) {
    case "begin":
      return {
        kind,
        ...head,
        startNs: number(0),
        plugin: number(8),
        parent: number(16),
        streams: [stream(view, from + 24), stream(view, from + 48), stream(view, from + 72)],
        pid: int(120),
        ppid: int(124),
        argBytes: int(128),
        envBytes: int(132),
        isNamed: int(136) === 1,
        isContained: int(140) === 1,
        isNarrow: int(144) === 1,
        parentName: String.fromCharCode(...untilZero(bytes(152, NAME_BYTES))),
        path: untilZero(bytes(152 + NAME_BYTES, recordBytes - HEAD_BYTES - 152 - NAME_BYTES)).slice(),
      }
    case "text":
      return { kind, ...head, offset: number(16), bytes: bytes(32, size), isLast }
    case "fork":
      return { kind, ...head, pid: int(0) }
    case "read":
    case "write":
    case "unseen":
      return {
        kind,
        ...head,
        ino: number(0),
        totalBytes: number(8),
        offset: number(16),
        dev: int(24),
        bytes: bytes(32, size),
        isLast,
      }
    case "exit":
      return {
        kind,
        ...head,
        pid: int(0),
        status: int(4),
        userNs: number(8),
        systemNs: number(16),
        runNs: number(24),
        childUserNs: number(32),
        childSystemNs: number(40),
        maxRssPages: number(48),
        childMaxRssPages: number(56),
        stdin: stream(view, from + 64),
        pipeHead: int(88),
        pipeTail: int(92),
        pipeWriters: int(96),
      }
    default:
      return undefined
  }
}

function stream(view: DataView, at: number): StreamFile {
  return {
    ino: long(view, at),
    dev: view.getUint32(at + 8, true),
    mode: view.getUint32(at + 12, true),
    rdev: view.getUint32(at + 16, true),
    isPipe: view.getUint32(at + 20, true) === 1,
  }
}

function long(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32
}

function untilZero(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}
