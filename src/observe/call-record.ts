import { Buffer } from "node:buffer"
import { type Begin, type End, type Exit, FORMAT, type ProgressRecord } from "../capture/record.ts"
import { clean, cleanArguments, cleanVariable, type Searcher, withoutCutAddress } from "../capture/redact/clean.ts"
import { isSecretName } from "../capture/redact/secret-name.ts"
import type { ExitEvent } from "./event.ts"
import type { ObservedCall } from "./observed-call.ts"
import type { Observed, ObservedPayload } from "./observed-record.ts"
import type { ObservedStream } from "./observed-stream.ts"

export type RecordContext = {
  searcher: Searcher
  /** of UTF-8, which never becomes a string */
  holdsMark(text: Uint8Array): boolean
  /** how long the beginning is that is UTF-8 */
  validUtf8(bytes: Uint8Array): number
  /** the texts in the bytes, each of which a zero ends */
  splitTexts(bytes: Uint8Array): string[]
  isRaw: boolean
  /** what is added to CLOCK_MONOTONIC to get the time since 1970 */
  wallMinusMonoNs: number
  node: string
  /** process ID of the observer */
  observerPid: number
  pageBytes: number
}

/** `original`: of the plugin's file. The same members in the same order as those of the relay (FORMAT.md). */
export function beginRecord(call: ObservedCall, context: RecordContext, original: Begin["original"]): Observed<Begin> {
  const { begin } = call
  const { argv, env, envNames } = textsOf(call, context)
  return {
    format: FORMAT,
    kind: "begin",
    id: call.id,
    ...(call.enclosing ? { parent: call.enclosing.id } : {}),
    depth: call.depth,
    as: "observer",
    ...timesOf(call.startNs, context),
    node: context.node,
    pid: begin.pid,
    ppid: begin.ppid,
    recorderPid: context.observerPid,
    parentName: begin.parentName,
    plugin: call.name,
    path: begin.path,
    argv,
    env,
    envNames,
    ...(original ? { original } : {}),
    ...(call.streams[0].hasEnded ? { stdin: payload(call.streams[0], true, context) } : {}),
  }
}

export function progressRecord(
  { id, streams }: ObservedCall,
  context: RecordContext,
  nowNs: number,
): Observed<ProgressRecord> {
  return {
    format: FORMAT,
    kind: "progress",
    id,
    ...timesOf(nowNs, context),
    stdout: payload(streams[1], true, context),
    stderr: payload(streams[2], true, context),
  }
}

/** `exit`: undefined if the event was lost. */
export function endRecord(call: ObservedCall, exit: ExitEvent, context: RecordContext): Observed<End> {
  const { begin, id, streams, hasStdin } = call
  const [stdin, stdout, stderr] = streams
  return {
    format: FORMAT,
    kind: "end",
    id,
    ...timesOf(exit.ns, context),
    pluginPid: begin.pid,
    durationMs: ms(exit.ns - call.startNs),
    spawnMs: ms(begin.ns - call.startNs),
    exit: exitOf(exit),
    usage: usageOf(exit, context.pageBytes),
    ...(!hasStdin && (stdin.hasEnded || stdin.totalBytes > 0 || stdin.hasGap)
      ? { stdin: payload(stdin, stdin.hasEnded, context) }
      : {}),
    stdout: payload(stdout, true, context),
    stderr: payload(stderr, true, context),
  }
}

type Texts = Pick<Begin, "argv" | "env" | "envNames">

/** The rules of the relay: values of CNI_* and TRACE* only, and of a variable that is set twice the first. */
function textsOf({ texts, begin }: ObservedCall, { searcher, holdsMark, splitTexts, isRaw }: RecordContext): Texts {
  const args = splitTexts(texts.subarray(0, begin.argBytes))
  const at = args.indexOf(begin.path, 1)
  // The kernel has put the interpreter and its argument before the script, in place of argv[0]. Only the name of a script's
  // file is known: the file that is executed is the interpreter.
  const argv = begin.isNamed && isScript(args, at) ? args.slice(at) : args
  // What holds no mark of a secret as a whole has none in a part: one search instead of one for each of them.
  const isPlain = isRaw || !holdsMark(texts)
  const env: Record<string, string> = {}
  const envNames: string[] = []
  for (const entry of splitTexts(texts.subarray(begin.argBytes))) {
    const equals = entry.indexOf("=")
    const name = equals < 0 ? entry : entry.slice(0, equals)
    if (!isRaw && !name.startsWith("CNI_") && !name.startsWith("TRACE")) {
      envNames.push(name)
      continue
    }
    if (Object.hasOwn(env, name)) continue
    const given = equals < 0 ? "" : entry.slice(equals + 1)
    const value = isRaw || (isPlain && !isSecretName(name)) ? given : cleanVariable(searcher, name, given)
    if (value === null) envNames.push(name)
    else env[name] = value
  }
  // The name of a secret and its value may be two arguments.
  return { argv: isRaw || (isPlain && argv.length === 1) ? argv : cleanArguments(searcher, argv), env, envNames }
}

/** An interpreter has at most one argument of its own. */
function isScript(args: readonly string[], at: number): boolean {
  return (at === 1 || at === 2) && args[0] !== args[at]
}

function payload(stream: ObservedStream, isComplete: boolean, context: RecordContext): ObservedPayload {
  const kept = stream.kept
  const { totalBytes: sizeBytes, hasGap } = stream
  const isTruncated = !isComplete || hasGap || sizeBytes > kept.length
  if (sizeBytes === 0 && !isTruncated) return { sizeBytes, text: "" }
  const validBytes = context.validUtf8(kept)
  // A character that the limit has cut is left out.
  const isText = kept.length - validBytes < (isTruncated ? 4 : 1)
  const bytes = isText ? kept.subarray(0, validBytes) : kept
  const marks = isTruncated ? { truncated: true as const, ...(hasGap ? { truncatedBy: "loss" as const } : {}) } : {}
  if (context.isRaw) return { sizeBytes, ...marks, ...(isText ? { text: bytes } : { base64: base64(bytes) }) }
  const whole = isText && isTruncated ? withoutCutEnd(bytes) : bytes
  if (isText && !context.holdsMark(whole)) return { sizeBytes, ...marks, text: whole }
  const cleaned = clean(context.searcher, isText ? utf8(bytes) : bufferOf(bytes).toString("latin1"), isTruncated)
  const cut = cleaned.isCut ? { truncated: true as const, truncatedBy: "search" as const } : marks
  const redacted = cleaned.redacted === "" ? {} : { redacted: JSON.parse(cleaned.redacted) as string[] }
  const content = isText ? { text: cleaned.text } : { base64: base64(Buffer.from(cleaned.text, "latin1")) }
  return { sizeBytes, ...cut, ...redacted, ...content }
}

/** withoutCutAddress of a text in UTF-8: it looks at the end only. */
function withoutCutEnd(bytes: Uint8Array): Uint8Array {
  const end = utf8(bytes.subarray(Math.max(0, bytes.length - LONGEST_END)))
  const cutBytes = Buffer.byteLength(end.slice(withoutCutAddress(end).length))
  return bytes.subarray(0, bytes.length - cutBytes)
}

/** More than the 1,024 characters that may be an address. */
const LONGEST_END = 8192

/** As wait(2) returns it. */
function exitOf({ signalFlags, groupExitCode, exitCode }: ExitEvent): Exit {
  const status = (signalFlags & SIGNAL_GROUP_EXIT) === 0 ? exitCode : groupExitCode
  const signal = status & 0x7f
  return signal === 0 ? { code: (status >> 8) & 0xff } : { signal }
}

/** All its threads were made to exit (include/linux/sched/signal.h). */
const SIGNAL_GROUP_EXIT = 4

/**
 * As getrusage(2): the kernel divides the exact run time in the proportion of its ticks (kernel/sched/cputime.c,
 * cputime_adjust). The largest memory is that of the process, with what the caller had before it executed the plugin.
 */
function usageOf(exit: ExitEvent, pageBytes: number): End["usage"] {
  const { childUserNs, childSystemNs, maxRssPages, childMaxRssPages } = exit
  const [userNs, systemNs] = [exit.userNs + exit.threadUserNs, exit.systemNs + exit.threadSystemNs]
  const [runNs, ticks] = [exit.runNs + exit.threadRunNs, userNs + systemNs]
  const systemPart = systemNs === 0 ? 0 : userNs === 0 ? 1 : systemNs / ticks
  return {
    maxRssBytes: Math.max(maxRssPages, childMaxRssPages) * pageBytes,
    userMs: ms(runNs * (1 - systemPart) + childUserNs),
    systemMs: ms(runNs * systemPart + childSystemNs),
  }
}

function timesOf(monoNs: number, { wallMinusMonoNs }: RecordContext): { wallMs: number; monoMs: number } {
  return { wallMs: ms(monoNs + wallMinusMonoNs), monoMs: ms(monoNs) }
}

/** Milliseconds with microseconds as decimals. */
function ms(ns: number): number {
  return Math.round(ns / 1000) / 1000
}

function utf8(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("utf8")
}

function base64(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("base64")
}

/** Over the same memory. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
