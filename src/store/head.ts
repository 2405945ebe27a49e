import { crc32 } from "node:zlib"
import { type Begin, type End, FORMAT } from "../capture/record.ts"
import { type Call, configOf, contextOf, toCall } from "../model/call.ts"
import { type CallSummary, lighten, summarize } from "../model/packed.ts"
import { type ConfigHead, NO_CONFIG, scanConfig } from "./config-scan.ts"
import { Cursor, isAt } from "./cursor.ts"

/** What a list needs of a begin line: everything but the streams and the environment. */
export type BeginHead = {
  kind: "begin"
  id: string
  call: Call
  /** where host-local keeps its store, where its configuration says so */
  dataDir?: string
}
/** What a list needs of an end line. */
export type EndHead = {
  kind: "end"
  id: string
  end: Pick<End, "exit" | "durationMs" | "spawnMs">
  summary: CallSummary
  /** where the end line carries stdin: what its configuration tells */
  config?: ConfigHead
}

const BEGIN = Buffer.from(`{"format":${FORMAT},"kind":"begin","id":"`)
const END = Buffer.from(`{"format":${FORMAT},"kind":"end","id":"`)
/**
 * The head of a line that our relay wrote, without parsing more of it than that: several times faster than the whole
 * line. Undefined where the line is anything else; the codec then tells what. Cutting at `,"name":{` is exact: inside
 * a JSON string every quote has a backslash before it.
 */
export function readHead(line: Buffer, withIps = false): BeginHead | EndHead | undefined {
  const isBegin = isAt(line, 0, BEGIN)
  if (!isBegin && !isAt(line, 0, END)) return undefined
  const bodyBytes = sealedBytes(line)
  if (bodyBytes === undefined) return undefined
  return isBegin ? beginHead(line, bodyBytes) : endHead(line, bodyBytes, withIps)
}

/** The same of a record that was parsed as a whole. */
export function toHead(record: Begin | End, withIps = false): BeginHead | EndHead {
  if (record.kind === "begin") {
    const { dataDir } = dataDirOf(record.plugin, record.stdin)
    return {
      kind: "begin",
      id: record.id,
      call: lighten(toCall(record, undefined)),
      ...(dataDir === undefined ? {} : { dataDir }),
    }
  }
  const { id, exit, durationMs, spawnMs, stdin } = record
  return {
    kind: "end",
    id,
    end: { exit, durationMs, spawnMs },
    summary: withIps ? summarize(record as unknown as Call) : reasonOf(record),
    ...(stdin ? { config: configHead(stdin) } : {}),
  }
}

const SEAL = Buffer.from(',"seal":{"sizeBytes":')
const CRC = Buffer.from(',"crc32":"')
const HEX_DIGITS = 8
const SEAL_END = Buffer.from('"}}')

/** How many bytes the seal covers; undefined where it does not fit them. */
function sealedBytes(line: Buffer): number | undefined {
  const hexAt = line.length - SEAL_END.length - HEX_DIGITS
  const crcAt = hexAt - CRC.length
  if (crcAt < BEGIN.length || !isAt(line, hexAt + HEX_DIGITS, SEAL_END) || !isAt(line, crcAt, CRC)) return undefined
  let from = crcAt
  let sizeBytes = 0
  for (let weight = 1; isDigit(line[from - 1]); weight *= 10) sizeBytes += weight * ((line[--from] ?? 0) - 48)
  if (line[from] === 48 || from - SEAL.length !== sizeBytes || !isAt(line, sizeBytes, SEAL)) return undefined
  return hexNumber(line, hexAt) === crc32(line.subarray(0, sizeBytes)) ? sizeBytes : undefined
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 48 && byte <= 57
}

/** Eight digits, small letters; NaN where they are none. */
function hexNumber(line: Buffer, at: number): number {
  let number = 0
  for (let index = at; index < at + HEX_DIGITS; index++) {
    const byte = line[index] ?? 0
    const digit = isDigit(byte) ? byte - 48 : byte >= 97 && byte <= 102 ? byte - 87 : Number.NaN
    number = number * 16 + digit
  }
  return number
}

const [PARENT, DEPTH, RELAY, PROBE, WALL, MONO, NODE, PID, PPID, PARENT_NAME, PLUGIN, PATH] = [
  ',"parent":"',
  ',"depth":',
  ',"as":"relay"',
  ',"as":"probe"',
  ',"wallMs":',
  ',"monoMs":',
  ',"node":"',
  ',"pid":',
  ',"ppid":',
  ',"parentName":"',
  ',"plugin":"',
  ',"path":"',
].map((text) => Buffer.from(text)) as Twelve
type Twelve = [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]
const ENV = Buffer.from(',"env":{')
const STDIN = Buffer.from(',"stdin":{')
const DATA_DIR = Buffer.from("dataDir")

const cursor = new Cursor()

/** Members in the order in which the relay writes them, without escapes; what does not fit is parsed as a whole. */
function beginHead(line: Buffer, bodyBytes: number): BeginHead | undefined {
  cursor.open(line, BEGIN.length)
  const id = cursor.id()
  const parent = cursor.skip(PARENT) ? (cursor.id() ?? NOT_PLAIN) : undefined
  const depth = cursor.skip(DEPTH) ? cursor.number() : Number.NaN
  const isProbe = !cursor.skip(RELAY)
  if (isProbe && !cursor.skip(PROBE)) return undefined
  const wallMs = cursor.skip(WALL) ? cursor.number() : Number.NaN
  const monoMs = cursor.skip(MONO) ? cursor.number() : Number.NaN
  const node = cursor.skip(NODE) ? (cursor.text() ?? NOT_PLAIN) : undefined
  const pid = cursor.skip(PID) ? cursor.number() : Number.NaN
  const ppid = cursor.skip(PPID) ? cursor.number() : Number.NaN
  const parentName = cursor.skip(PARENT_NAME) ? (cursor.text() ?? NOT_PLAIN) : undefined
  const plugin = cursor.skip(PLUGIN) ? cursor.text() : undefined
  // A text that is not plain leaves the cursor where nothing fits any more.
  if (id === undefined || plugin === undefined || !cursor.skip(PATH)) return undefined
  if (Number.isNaN(depth + wallMs + monoMs + pid + ppid)) return undefined
  const envAt = line.indexOf(ENV, cursor.at) + ENV.length - 1
  const env = envAt >= ENV.length ? envAfter(line, envAt) : undefined
  if (!env) return undefined
  const stdin = line.indexOf(STDIN, envAt + env.bytes.length)
  const { network, cniVersion } = stdin < 0 ? NO_CONFIG : scanConfig(line, stdin, plugin)
  const { command, containerId, netns, ifname, pod } = env.facts
  const call = {
    id,
    parent,
    depth,
    as: isProbe ? "probe" : "relay",
    node,
    pid,
    ppid,
    parentName,
    plugin,
    path: "",
    argv: NONE,
    env: NO_ENV,
    envNames: NONE,
    command,
    containerId,
    netns,
    ifname,
    pod,
    network,
    cniVersion,
    wallMs,
    monoMs,
    state: isProbe ? "ended" : "unknown",
    // Room for what the end line tells.
    exit: undefined,
    durationMs: undefined,
    spawnMs: undefined,
  } as unknown as Call
  if (plugin !== "host-local" || line.indexOf(DATA_DIR, stdin) < 0) return { kind: "begin", id, call }
  const payload = parse<Begin["stdin"]>(line.toString("utf8", stdin + 9, bodyBytes))
  return { kind: "begin", id, call, ...dataDirOf(plugin, payload) }
}

const NOT_PLAIN = ""
const NONE: string[] = []
const NO_ENV: Record<string, string> = {}
const RECENT = 8
const ENV_NAMES = Buffer.from(',"envNames":[')

type KnownEnv = {
  /** from its brace on to what follows it */
  bytes: Buffer
  facts: Pick<Call, "command" | "containerId" | "netns" | "ifname" | "pod">
}
/** Calls of one operation have the same environment: those read last are kept. */
const recent: KnownEnv[] = []
let oldest = 0

function envAfter(line: Buffer, at: number): KnownEnv | undefined {
  for (const known of recent) if (isSame(line, at, known.bytes)) return known
  const end = line.indexOf(ENV_NAMES, at)
  const env = end < 0 ? undefined : parse<Record<string, string>>(line.toString("utf8", at, end))
  if (!env) return undefined
  const known = { bytes: Buffer.from(line.subarray(at, end + ENV_NAMES.length)), facts: contextOf(env) }
  recent[oldest] = known
  oldest = (oldest + 1) % RECENT
  return known
}

/** Environments of one length differ in the container's id, which comes early. */
const ID_BYTE = 60

function isSame(line: Buffer, at: number, bytes: Buffer): boolean {
  const end = at + bytes.length
  return (
    end <= line.length &&
    line[end - 1] === bytes[bytes.length - 1] &&
    line[at + ID_BYTE] === bytes[ID_BYTE] &&
    line.compare(bytes, 0, bytes.length, at, end) === 0
  )
}

const [DURATION, SPAWN, CODE, SIGNAL, ERRNO, USAGE, STDOUT] = [
  ',"durationMs":',
  ',"spawnMs":',
  ',"exit":{"code":',
  ',"exit":{"signal":',
  ',"exit":{"errno":',
  '},"usage":{',
  '},"stdout":{',
].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer, Buffer, Buffer, Buffer, Buffer]
const BRACE = 125

function endHead(line: Buffer, bodyBytes: number, withIps: boolean): EndHead | undefined {
  cursor.open(line, END.length)
  const id = cursor.id()
  if (id === undefined || !cursor.skip(WALL) || Number.isNaN(cursor.number())) return undefined
  if (!cursor.skip(MONO) || Number.isNaN(cursor.number())) return undefined
  const durationMs = cursor.skip(DURATION) ? cursor.number() : Number.NaN
  const spawnMs = cursor.skip(SPAWN) ? cursor.number() : Number.NaN
  const kind = cursor.skip(CODE) ? "code" : cursor.skip(SIGNAL) ? "signal" : cursor.skip(ERRNO) ? "errno" : undefined
  const number = cursor.number()
  if (kind === undefined || Number.isNaN(durationMs + spawnMs + number) || !cursor.skip(USAGE)) return undefined
  while (cursor.at < bodyBytes && line[cursor.at] !== BRACE) cursor.at++
  // An end line that carries stdin completes its begin line: rare, and worth a whole parse.
  if (!isAt(line, cursor.at, STDOUT)) return undefined
  const cut = cursor.at + 1
  const exit = number === 0 && kind === "code" ? OK : exitOf(kind, number)
  const end = { exit, durationMs, spawnMs }
  if (exit === OK) {
    const ips = withIps ? scanIps(line.toString("latin1", cut, bodyBytes)) : []
    return { kind: "end", id, end, summary: ips.length > 0 ? { ips } : NO_SUMMARY }
  }
  const streams = parse<End>(`{${line.toString("utf8", cut + 1, bodyBytes)}}`)
  if (!streams) return undefined
  return { kind: "end", id, end, summary: reasonOf({ exit, stdout: streams.stdout, stderr: streams.stderr }) }
}

const OK: End["exit"] = { code: 0 }
const NO_SUMMARY: CallSummary = {}

/** `"ips":[...]` of a result, which is JSON inside a JSON string: what is nested in it are no arrays. */
const IPS = /\\"ips\\":\s*(?:\\[nt]|\s)*\[([^\]]*)\]/
const ADDRESS = /\\"address\\":(?:\\[nt]|\s)*\\"([0-9a-fA-F.:]+)/g

/** Addresses of a result without their prefix length, found without parsing it. */
function scanIps(streams: string): string[] {
  const [, list = ""] = IPS.exec(streams) ?? []
  return Array.from(list.matchAll(ADDRESS), ([, address = ""]) => Buffer.from(address).toString())
}

function exitOf(kind: "code" | "signal" | "errno", number: number): End["exit"] {
  return kind === "code" ? { code: number } : kind === "signal" ? { signal: number } : { errno: number }
}

/** Without the addresses: no index keeps them, and most of the bytes of a result would have to be parsed for them. */
function reasonOf({ exit, stdout, stderr }: Pick<End, "exit" | "stdout" | "stderr">): CallSummary {
  const { reason } = summarize({ exit, stdout, stderr } as Call)
  return reason === undefined ? {} : { reason }
}

function configHead(stdin: Begin["stdin"]): ConfigHead {
  const { name, cniVersion } = configOf(stdin) ?? {}
  return { ...(name ? { network: name } : {}), ...(cniVersion ? { cniVersion } : {}) }
}

function dataDirOf(plugin: string, stdin: Begin["stdin"]): { dataDir?: string } {
  if (plugin !== "host-local" || !stdin || !("text" in stdin) || !stdin.text.includes("dataDir")) return {}
  const config = parse<{ ipam?: { dataDir?: unknown } }>(stdin.text)
  const dataDir = config?.ipam?.dataDir
  return typeof dataDir === "string" ? { dataDir } : {}
}

function parse<Value>(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value
  } catch {
    return undefined
  }
}
