import { crc32 } from "node:zlib"
import { type Begin, type End, FORMAT } from "../capture/record.ts"
import { type Call, configOf, contextOf, toCall } from "../model/call.ts"
import { type CallSummary, lighten, summarize } from "../model/packed.ts"

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

type ConfigHead = { network?: string | undefined; cniVersion?: string | undefined }

const BEGIN = Buffer.from(`{"format":${FORMAT},"kind":"begin","id":"`)
const END = Buffer.from(`{"format":${FORMAT},"kind":"end","id":"`)
/**
 * The head of a line that our relay wrote, without parsing more of it than that: several times faster than the whole
 * line. Undefined where the line is anything else; the codec then tells what. Cutting at `,"name":{` is exact: inside
 * a JSON string every quote has a backslash before it.
 */
export function readHead(line: Buffer, withIps = false): BeginHead | EndHead | undefined {
  if (line.length < BEGIN.length) return undefined
  const isBegin = line.compare(BEGIN, 0, BEGIN.length, 0, BEGIN.length) === 0
  if (!isBegin && line.compare(END, 0, END.length, 0, END.length) !== 0) return undefined
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

const SEAL_BYTES = ',"seal":{"sizeBytes":,"crc32":"01234567"}}'.length

/** How many bytes the seal covers; undefined where it does not fit them. */
function sealedBytes(line: Buffer): number | undefined {
  // The seal tells the length of what it covers, whose digits are part of its own.
  let sizeBytes = line.length - SEAL_BYTES - 1
  while (sizeBytes > 0 && sizeBytes + SEAL_BYTES + digits(sizeBytes) > line.length) sizeBytes--
  if (sizeBytes < BEGIN.length) return undefined
  const crc = crc32(line.subarray(0, sizeBytes)).toString(16).padStart(8, "0")
  return line.toString("latin1", sizeBytes) === `,"seal":{"sizeBytes":${sizeBytes},"crc32":"${crc}"}}`
    ? sizeBytes
    : undefined
}

function digits(number: number): number {
  let count = 1
  for (let rest = number; rest >= 10; rest /= 10) count++
  return count
}

/** As the relay writes it, without escapes; what does not fit is parsed as a whole. */
const BEGIN_HEAD =
  /^\{"format":\d+,"kind":"begin","id":"([!#-[\]-~]+)"(?:,"parent":"([!#-[\]-~]+)")?,"depth":(\d+),"as":"(relay|probe)","wallMs":([\d.]+),"monoMs":([\d.]+)(?:,"node":"([ !#-[\]-~]*)")?,"pid":(\d+),"ppid":(\d+)(?:,"parentName":"([ !#-[\]-~]*)")?,"plugin":"([ !#-[\]-~]*)","path":"/
/** Enough for all that comes before the streams, of nearly every line. */
const HEAD_BYTES = 2048

function beginHead(line: Buffer, bodyBytes: number): BeginHead | undefined {
  // One character a byte, so that places in the text are places in the line.
  const text = line.toString("latin1", 0, Math.min(bodyBytes, HEAD_BYTES))
  const found = BEGIN_HEAD.exec(text)
  const envEnd = text.indexOf(',"envNames":[')
  const env = found && envEnd >= 0 ? envFacts(text.slice(text.indexOf(',"env":{') + 7, envEnd)) : undefined
  if (!found || !env) return undefined
  const [, id = "", parent, depth, as, wallMs, monoMs, node, pid, ppid, parentName, plugin = ""] = found
  const inText = text.indexOf(',"stdin":{', envEnd)
  const stdin = inText >= 0 || bodyBytes <= HEAD_BYTES ? inText : line.indexOf(',"stdin":{', envEnd)
  const { network, cniVersion } = stdin < 0 ? NO_CONFIG : scanConfig(line, stdin)
  const call = {
    id,
    parent,
    depth: Number(depth),
    as: as as Call["as"],
    node,
    pid: Number(pid),
    ppid: Number(ppid),
    parentName,
    plugin,
    path: "",
    argv: NONE,
    env: NO_ENV,
    envNames: NONE,
    command: env.command,
    containerId: env.containerId,
    netns: env.netns,
    ifname: env.ifname,
    pod: env.pod,
    network,
    cniVersion,
    wallMs: Number(wallMs),
    monoMs: Number(monoMs),
    state: as === "probe" ? "ended" : "unknown",
  } as unknown as Call
  if (plugin !== "host-local" || line.indexOf("dataDir", stdin) < 0) return { kind: "begin", id, call }
  const payload = parse<Begin["stdin"]>(line.toString("utf8", stdin + 9, bodyBytes))
  return { kind: "begin", id, call, ...dataDirOf(plugin, payload) }
}

const NO_CONFIG: ConfigHead = {}
const NONE: string[] = []
const NO_ENV: Record<string, string> = {}
const RECENT = 8

/** Calls of one operation have the same environment: those read last are kept. */
const recent: { text: string; facts: Pick<Call, "command" | "containerId" | "netns" | "ifname" | "pod"> }[] = []
let oldest = 0

function envFacts(text: string): (typeof recent)[number]["facts"] | undefined {
  for (const known of recent) if (known.text === text) return known.facts
  const env = parse<Record<string, string>>(Buffer.from(text, "latin1").toString("utf8"))
  if (!env) return undefined
  const facts = contextOf(env)
  recent[oldest] = { text, facts }
  oldest = (oldest + 1) % RECENT
  return facts
}

const END_HEAD_BYTES = 400
const END_HEAD =
  /^\{"format":\d+,"kind":"end","id":"([!#-[\]-~]+)","wallMs":[\d.]+,"monoMs":[\d.]+,"durationMs":([\d.]+),"spawnMs":([\d.]+),"exit":\{"(code|signal|errno)":(\d+)\},"usage":\{[^}]*\}(?=,"stdout":\{)/

function endHead(line: Buffer, bodyBytes: number, withIps: boolean): EndHead | undefined {
  // An end line that carries stdin completes its begin line: rare, and worth a whole parse.
  const found = END_HEAD.exec(line.toString("latin1", 0, Math.min(bodyBytes, END_HEAD_BYTES)))
  if (!found) return undefined
  const [{ length: cut }, id = "", durationMs, spawnMs, kind, number] = found
  const exit = exitOf(kind, Number(number))
  const end = { exit, durationMs: Number(durationMs), spawnMs: Number(spawnMs) }
  if (number === "0" && kind === "code") {
    const ips = withIps ? scanIps(line.toString("latin1", cut, bodyBytes)) : []
    return { kind: "end", id, end, summary: ips.length > 0 ? { ips } : NO_SUMMARY }
  }
  const streams = parse<End>(`{${line.toString("utf8", cut + 1, bodyBytes)}}`)
  if (!streams) return undefined
  return { kind: "end", id, end, summary: reasonOf({ exit, stdout: streams.stdout, stderr: streams.stderr }) }
}

const NO_SUMMARY: CallSummary = {}

/** `"ips":[...]` of a result, which is JSON inside a JSON string: what is nested in it are no arrays. */
const IPS = /\\"ips\\":\s*(?:\\[nt]|\s)*\[([^\]]*)\]/
const ADDRESS = /\\"address\\":(?:\\[nt]|\s)*\\"([0-9a-fA-F.:]+)/g

/** Addresses of a result without their prefix length, found without parsing it. */
function scanIps(streams: string): string[] {
  const [, list = ""] = IPS.exec(streams) ?? []
  return Array.from(list.matchAll(ADDRESS), ([, address = ""]) => Buffer.from(address).toString())
}

function exitOf(kind: string | undefined, number: number): End["exit"] {
  return kind === "code" ? { code: number } : kind === "signal" ? { signal: number } : { errno: number }
}

/** Without the addresses: no index keeps them, and most of the bytes of a result would have to be parsed for them. */
function reasonOf({ exit, stdout, stderr }: Pick<End, "exit" | "stdout" | "stderr">): CallSummary {
  const { reason } = summarize({ exit, stdout, stderr } as Call)
  return reason === undefined ? {} : { reason }
}

const QUOTE = 34
const BACKSLASH = 92

/**
 * `name` and `cniVersion` of the configuration: keys of its outermost object, found without parsing what is nested.
 * The text is JSON inside a JSON string: an inner quote is `\"`, an inner backslash `\\`. A configuration that breaks
 * off after them still tells them.
 */
function scanConfig(line: Buffer, from: number): ConfigHead {
  const start = line.indexOf(',"text":"', from)
  if (start < 0) return NO_CONFIG
  let network: string | undefined
  let cniVersion: string | undefined
  let depth = 0
  let key = ""
  for (let at = start + 9; at < line.length; at++) {
    const byte = line[at]
    if (byte === BACKSLASH && line[at + 1] === QUOTE) {
      const to = innerStringEnd(line, at + 2)
      if (depth === 1) {
        if (key === "") key = line.toString("latin1", at + 2, to)
        else if (key === "name") network = unescaped(line.toString("utf8", at + 2, to))
        else if (key === "cniVersion") cniVersion = unescaped(line.toString("utf8", at + 2, to))
        if (network !== undefined && cniVersion !== undefined) break
      }
      at = to + 1
    } else if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) depth--
    else if (byte === 44) key = ""
    else if (byte === QUOTE) break
  }
  // An empty name is none.
  return { network: network || undefined, cniVersion: cniVersion || undefined }
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
  return text.includes("\\") ? (parse<string>(`"${parse<string>(`"${text}"`)}"`) ?? text) : text
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
