import { crc32 } from "node:zlib"
import { type Begin, type End, FORMAT } from "../capture/record.ts"
import { type Call, toCall } from "../model/call.ts"
import { type CallSummary, lighten, summarize } from "../model/packed.ts"

/** What a list needs of a begin line: everything but the streams and the environment. */
export type BeginHead = { kind: "begin"; id: string; call: Call }
/** What a list needs of an end line. */
export type EndHead = {
  kind: "end"
  id: string
  end: Pick<End, "exit" | "durationMs" | "spawnMs">
  summary: CallSummary
  /** where the end line carries stdin: what its configuration tells */
  config?: { network?: string; cniVersion?: string }
}

const BEGIN = Buffer.from(`{"format":${FORMAT},"kind":"begin","id":"`)
const END = Buffer.from(`{"format":${FORMAT},"kind":"end","id":"`)
const SEAL = ',"seal":{"sizeBytes":'
const SEAL_BYTES_AT_MOST = 64

/**
 * The head of a line that our relay wrote, without parsing its streams: ten times faster, because the streams are nine
 * tenths of the bytes. Undefined where the line is anything else; the codec then tells what. Cutting at `,"name":{` is
 * exact: inside a JSON string every quote has a backslash before it.
 */
export function readHead(line: Buffer): BeginHead | EndHead | undefined {
  const isBegin = line.compare(BEGIN, 0, BEGIN.length, 0, BEGIN.length) === 0
  if (!isBegin && line.compare(END, 0, END.length, 0, END.length) !== 0) return undefined
  if (!isSealed(line)) return undefined
  return isBegin ? beginHead(line) : endHead(line)
}

function isSealed(line: Buffer): boolean {
  const tail = line.toString("latin1", Math.max(0, line.length - SEAL_BYTES_AT_MOST))
  const at = tail.lastIndexOf(SEAL)
  const found = at < 0 ? undefined : /^(\d+),"crc32":"([0-9a-f]{8})"\}\}$/.exec(tail.slice(at + SEAL.length))
  if (!found) return false
  const sizeBytes = line.length - tail.length + at
  return Number(found[1]) === sizeBytes && Number.parseInt(found[2] ?? "", 16) === crc32(line.subarray(0, sizeBytes))
}

function beginHead(line: Buffer): BeginHead | undefined {
  const cut = line.indexOf(',"envNames":[')
  const value = cut < 0 ? undefined : parse(`${line.toString("utf8", 0, cut)},"envNames":[]}`)
  if (!value) return undefined
  const begin = value as unknown as Begin
  const call = lighten(toCall(begin, undefined))
  const stdin = line.indexOf(',"stdin":{', cut)
  if (stdin >= 0) Object.assign(call, configHead(line, stdin))
  return { kind: "begin", id: begin.id, call }
}

function endHead(line: Buffer): EndHead | undefined {
  const cut = line.indexOf(',"usage":{')
  const value = cut < 0 ? undefined : parse(`${line.toString("utf8", 0, cut)}}`)
  // An end line that carries stdin completes its begin line: rare, and worth a whole parse.
  if (!value || line.indexOf(',"stdin":{', cut) >= 0) return undefined
  const end = value as unknown as End
  const isOk = "code" in end.exit && end.exit.code === 0
  const { id, exit, durationMs, spawnMs } = end
  return {
    kind: "end",
    id,
    end: { exit, durationMs, spawnMs },
    summary: isOk ? resultHead(line, cut) : failureHead(line),
  }
}

/** The addresses of a result on stdout, which is JSON inside JSON: its quotes are escaped once. */
function resultHead(line: Buffer, from: number): CallSummary {
  const stdout = line.indexOf(',"stdout":{', from)
  const ips = stdout < 0 ? -1 : line.indexOf('\\"ips\\":', stdout)
  if (ips < 0) return {}
  const whole = parse(line.toString("utf8"))
  return whole ? summarize(callOfEnd(whole as unknown as End)) : {}
}

function failureHead(line: Buffer): CallSummary {
  const whole = parse(line.toString("utf8"))
  return whole ? summarize(callOfEnd(whole as unknown as End)) : {}
}

function callOfEnd(end: End): Call {
  return { exit: end.exit, stdout: end.stdout, stderr: end.stderr } as Call
}

const QUOTE = 34
const BACKSLASH = 92

/**
 * `name` and `cniVersion` of the configuration: keys of its outermost object, found without parsing what is nested.
 * The text is JSON inside a JSON string: an inner quote is `\"`, an inner backslash `\\`.
 */
function configHead(line: Buffer, from: number): { network?: string; cniVersion?: string } {
  const start = line.indexOf('"text":"', from)
  const head: { network?: string; cniVersion?: string } = {}
  if (start < 0) return head
  let depth = 0
  let key = ""
  for (let at = start + 8; at < line.length; at++) {
    const byte = line[at]
    if (byte === QUOTE) return head
    if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) depth--
    else if (byte === 44) key = ""
    else if (byte === BACKSLASH && line[at + 1] === QUOTE) {
      const to = innerStringEnd(line, at + 2)
      if (depth === 1) {
        const text = line.toString("utf8", at + 2, to)
        if (key === "") key = text
        else if (key === "name") head.network = unescaped(text)
        else if (key === "cniVersion") head.cniVersion = unescaped(text)
        if (head.network !== undefined && head.cniVersion !== undefined) return head
      }
      at = to + 1
    }
  }
  return head
}

/** Where the `\"` that closes an inner string starts. */
function innerStringEnd(line: Buffer, from: number): number {
  for (let at = from; at < line.length; at++) {
    if (line[at] !== BACKSLASH) continue
    if (line[at + 1] === QUOTE) return at
    // An inner backslash (`\\`) escapes the inner character after it, whose quote or backslash is two bytes here.
    if (line[at + 1] === BACKSLASH) at += line[at + 2] === BACKSLASH ? 3 : 1
    else at++
  }
  return line.length
}

function unescaped(text: string): string {
  if (!text.includes("\\")) return text
  try {
    return String(JSON.parse(`"${String(JSON.parse(`"${text}"`))}"`))
  } catch {
    return text
  }
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
