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

type ConfigHead = { network?: string; cniVersion?: string }

const BEGIN = Buffer.from(`{"format":${FORMAT},"kind":"begin","id":"`)
const END = Buffer.from(`{"format":${FORMAT},"kind":"end","id":"`)
const SEAL = ',"seal":{"sizeBytes":'
const SEAL_BYTES_AT_MOST = 64

/**
 * The head of a line that our relay wrote, without parsing more of it than that: several times faster than the whole
 * line. Undefined where the line is anything else; the codec then tells what. Cutting at `,"name":{` is exact: inside
 * a JSON string every quote has a backslash before it.
 */
export function readHead(line: Buffer): BeginHead | EndHead | undefined {
  const isBegin = line.compare(BEGIN, 0, BEGIN.length, 0, BEGIN.length) === 0
  if (!isBegin && line.compare(END, 0, END.length, 0, END.length) !== 0) return undefined
  const bodyBytes = sealedBytes(line)
  if (bodyBytes === undefined) return undefined
  return isBegin ? beginHead(line, bodyBytes) : endHead(line, bodyBytes)
}

/** The same of a record that was parsed as a whole. */
export function toHead(record: Begin | End): BeginHead | EndHead {
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
    summary: reasonOf(record),
    ...(stdin ? { config: configHead(stdin) } : {}),
  }
}

/** How many bytes the seal covers; undefined where it does not fit them. */
function sealedBytes(line: Buffer): number | undefined {
  const from = Math.max(0, line.length - SEAL_BYTES_AT_MOST)
  const tail = line.toString("latin1", from, line.length)
  const at = tail.lastIndexOf(SEAL)
  const found = at < 0 ? undefined : /^(\d+),"crc32":"([0-9a-f]{8})"\}\}$/.exec(tail.slice(at + SEAL.length))
  if (!found) return undefined
  const sizeBytes = from + at
  const isWhole =
    Number(found[1]) === sizeBytes && Number.parseInt(found[2] ?? "", 16) === crc32(line.subarray(0, sizeBytes))
  return isWhole ? sizeBytes : undefined
}

/** As the relay writes it, without escapes; what does not fit is parsed as a whole. */
const BEGIN_HEAD =
  /^\{"format":\d+,"kind":"begin","id":"([!#-[\]-~]+)"(?:,"parent":"([!#-[\]-~]+)")?,"depth":(\d+),"as":"(relay|probe)","wallMs":([\d.]+),"monoMs":([\d.]+)(?:,"node":"([ !#-[\]-~]*)")?,"pid":(\d+),"ppid":(\d+)(?:,"parentName":"([ !#-[\]-~]*)")?,"plugin":"([ !#-[\]-~]*)","path":"/

function beginHead(line: Buffer, bodyBytes: number): BeginHead | undefined {
  const envEnd = line.indexOf(',"envNames":[')
  const text = envEnd < 0 ? "" : line.toString("latin1", 0, envEnd)
  const found = BEGIN_HEAD.exec(text)
  const env = found ? envFacts(text.slice(text.indexOf(',"env":{') + 7)) : undefined
  if (!found || !env) return undefined
  const [, id = "", parent, depth, as, wallMs, monoMs, node, pid, ppid, parentName, plugin = ""] = found
  const stdin = line.indexOf(',"stdin":{', envEnd)
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
    ...NOTHING,
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
const NOTHING: Pick<Call, "path" | "argv" | "env" | "envNames"> = { path: "", argv: [], env: {}, envNames: [] }
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

const END_HEAD =
  /^\{"format":\d+,"kind":"end","id":"([!#-[\]-~]+)","wallMs":[\d.]+,"monoMs":[\d.]+,"durationMs":([\d.]+),"spawnMs":([\d.]+),"exit":\{"(code|signal|errno)":(\d+)\}$/

function endHead(line: Buffer, bodyBytes: number): EndHead | undefined {
  const cut = line.indexOf(',"usage":{')
  const found = cut < 0 ? undefined : END_HEAD.exec(line.toString("latin1", 0, cut))
  if (!found) return undefined
  const [, id = "", durationMs, spawnMs, kind, number] = found
  const stdout = line.indexOf(',"stdout":{', cut)
  // An end line that carries stdin completes its begin line: rare, and worth a whole parse.
  const usageEnd = line.indexOf("}", cut)
  if (stdout !== usageEnd + 1) return undefined
  const exit = { [kind as "code"]: Number(number) }
  const head = { kind: "end", id, end: { exit, durationMs: Number(durationMs), spawnMs: Number(spawnMs) } } as const
  if (kind === "code" && number === "0") return { ...head, summary: {} }
  const streams = parse<End>(`{${line.toString("utf8", stdout + 1, bodyBytes)}}`)
  return streams && { ...head, summary: reasonOf({ exit, stdout: streams.stdout, stderr: streams.stderr }) }
}

/** Addresses are not kept: no list shows them, and most of the bytes of a result would have to be parsed for them. */
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
  const head: ConfigHead = {}
  if (start < 0) return head
  let depth = 0
  let key = ""
  for (let at = start + 9; at < line.length; at++) {
    const byte = line[at]
    if (byte === QUOTE) return head
    if (byte === 123 || byte === 91) depth++
    else if (byte === 125 || byte === 93) depth--
    else if (byte === 44) key = ""
    else if (byte === BACKSLASH && line[at + 1] === QUOTE) {
      const to = innerStringEnd(line, at + 2)
      if (depth === 1) {
        if (key === "") key = line.toString("latin1", at + 2, to)
        else if (key === "name") head.network = unescaped(line.toString("utf8", at + 2, to))
        else if (key === "cniVersion") head.cniVersion = unescaped(line.toString("utf8", at + 2, to))
        if (head.network !== undefined && head.cniVersion !== undefined) return filled(head)
      }
      at = to + 1
    }
  }
  return filled(head)
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

/** An empty name is none. */
function filled({ network, cniVersion }: ConfigHead): ConfigHead {
  return { ...(network ? { network } : {}), ...(cniVersion ? { cniVersion } : {}) }
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
