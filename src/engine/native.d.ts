/**
 * What the C files in src/engine/hosts export. Functions that make a system call return a number that is not negative,
 * or `-errno`.
 */
declare module "native" {
  type Errno = number
  type Entries = (string | number)[]
  export type ProcessFacts = {
    pid: number
    ppid: number
    uid: number
    euid: number
    gid: number
    host: string
    release: string
    arch: string
    /** version of QuickJS-ng */
    engine: string
    argv: string[]
    env: string[]
  }
  export type RunResult = {
    errno: Errno
    pid: number
    status: number | null
    signal: number
    stdout: ArrayBuffer
    stderr: ArrayBuffer
  }
  export type Pushed = { output: ArrayBuffer; read: number; status: number; message: string }

  export function open(path: string, flags: number, mode: number): number
  export function close(fd: number): Errno
  export function read(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number
  export function write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number
  export function access(path: string, mode: number): Errno
  export function mkdir(path: string, mode: number): Errno
  export function rmdir(path: string): Errno
  export function unlink(path: string): Errno
  export function chmod(path: string, mode: number): Errno
  export function chown(path: string, uid: number, gid: number): Errno
  export function rename(from: string, to: string): Errno
  export function link(from: string, to: string): Errno
  export function symlink(target: string, path: string): Errno
  export function duplicate(fd: number): number
  export function memoryFile(): number
  export function fsync(fd: number): Errno
  export function stat(path: string, followsLinks: boolean, fields: BigInt64Array): Errno
  export function fstat(fd: number, fields: BigInt64Array): Errno
  export function statfs(path: string): number[] | Errno
  export function readlink(path: string): string | Errno
  /** The next entries of an open directory: name, type, name, type ... */
  export function entries(fd: number): Entries | Errno
  export function copyFile(from: string, to: string): Errno
  /** 1 if some attributes are not allowed on that file system */
  export function copyAttributes(from: string, to: string): Errno
  export function attribute(path: string, name: string): string | Errno

  export function utf8Decode(bytes: Uint8Array, from: number, to: number): string
  export function latin1Decode(bytes: Uint8Array, from: number, to: number): string
  export function utf16Decode(bytes: Uint8Array, from: number, to: number): string
  export function hexEncode(bytes: Uint8Array, from: number, to: number): string
  export function base64Encode(bytes: Uint8Array, from: number, to: number, isForUrls: boolean): string
  export function utf8Encode(text: string): ArrayBuffer
  export function utf8Length(text: string): number
  export function latin1Encode(text: string): ArrayBuffer
  export function utf16Encode(text: string): ArrayBuffer
  export function hexDecode(text: string): ArrayBuffer
  export function base64Decode(text: string): ArrayBuffer
  export function findFirst(bytes: Uint8Array, from: number, to: number, wanted: number | Uint8Array): number
  export function findLast(bytes: Uint8Array, from: number, to: number, wanted: number | Uint8Array): number
  export function compareBytes(one: Uint8Array, other: Uint8Array): -1 | 0 | 1
  export function sha256(parts: readonly Uint8Array[]): ArrayBuffer
  export function crc32(bytes: Uint8Array, before: number): number

  export function openStream(isDeflating: boolean): object
  export function pushStream(stream: object, bytes: Uint8Array, isLast: boolean, most: number): Pushed
  export function resetStream(stream: object): number

  export function describeProcess(): ProcessFacts
  export function workingDirectory(): string | Errno
  export function monotonicNs(): bigint
  export function fillRandom(bytes: Uint8Array): Errno
  /** columns and rows; undefined if the descriptor is not a terminal */
  export function terminalSize(fd: number): [number, number] | undefined
  export function exit(status: number): never
  export function runProgram(
    file: string,
    args: readonly string[],
    env: readonly string[],
    root: string | undefined,
    cwd: string | undefined,
    stdin: Uint8Array | undefined,
    timeoutMs: number,
  ): RunResult

  /** `streams`: 0 for /dev/null, 1 for a pipe, 2 for our own; the result has our ends of the pipes, or -1 */
  export function startProgram(
    file: string,
    args: readonly string[],
    env: readonly string[],
    cwd: string | undefined,
    stdin: number,
    stdout: number,
    stderr: number,
    isDetached: boolean,
  ): { errno: Errno; pid: number; streams: number[] }
  /** exit status and signal; undefined while it runs */
  export function endedProgram(pid: number): [status: number | null, signal: number] | undefined
  export function signalProgram(pid: number, signal: number): Errno

  /** The descriptors that are ready, or were closed, within this time; a negative time has no end. */
  export function waitForDescriptors(toRead: readonly number[], toWrite: readonly number[], timeoutMs: number): number[]
  export function openSignal(signal: number): number
  export function closeSignal(signal: number, fd: number): Errno
  export function openWatch(path: string): number
  export function setExitStatus(status: number): void
  export function setTurn(turn: () => boolean): void
  export function runJobs(): void
  export function relayFile(): ArrayBuffer

  /** src/observe/kernel/bpf.ts describes them. */
  export function observeProgram(): ArrayBuffer
  export function validUtf8(bytes: Uint8Array): number
  export function splitTexts(bytes: Uint8Array): string[]
  export function newId(): string
  export function addLine(record: object): number
  export function takeLines(): ArrayBuffer
  export function bpfMap(
    type: number,
    keyBytes: number,
    valueBytes: number,
    entries: number,
    isReadOnly: boolean,
  ): number
  export function bpfLookup(map: number, key: Uint8Array, value: Uint8Array): Errno
  export function bpfUpdate(map: number, key: Uint8Array, value: Uint8Array): Errno
  export function bpfDelete(map: number, key: Uint8Array): Errno
  export function bpfFreeze(map: number): Errno
  export function bpfLoad(instructions: Uint8Array, functionId: number): number | string
  export function bpfAttach(program: number, tracepoint: string): number
  export function bpfRun(program: number, words: Uint8Array): Errno
  export function bpfMisses(program: number): number
  export function openRing(
    map: number,
    sizeBytes: number,
    layouts: readonly object[],
    fileFields: readonly unknown[],
  ): Errno
  export function readRing(): readonly object[]
  export function openMarks(lines: string): boolean
  export function findMark(text: string | Uint8Array): boolean
  export function searchAhead(text: Uint8Array): void
  export function pageBytes(): number
  export function realtimeNs(): bigint
}

/** A global of the engine, as in Node.js. */
declare function queueMicrotask(callback: () => void): void
