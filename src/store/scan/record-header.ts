import { type Begin, type End, type Exit, FORMAT } from "../../capture/record.ts"
import { type Call, configOf, contextOf } from "../../model/call.ts"
import { type CallSummary, summarize } from "../../model/packed-operations.ts"
import { ByteScanner, Literal } from "./byte-scanner.ts"
import { ByteSlice } from "./byte-slice.ts"
import { type ConfigHead, KnownConfig, NO_CONFIG, scanConfig } from "./config-scan.ts"
import { Context } from "./env-scan.ts"
import { scanIps } from "./ips-scan.ts"
import { RecentEnvs, RecentPlugins, RecentTexts } from "./prefix-cache.ts"

/** What a list needs of an end line. */
export type EndHeader = {
  id: string
  end: Pick<End, "exit" | "durationMs" | "spawnMs">
  summary: CallSummary
  /** where the end line carries stdin: what its configuration tells */
  config?: ConfigHead
}

const BEGIN = new Literal(`{"format":${FORMAT},"kind":"begin","id":"`)
const END = new Literal(`{"format":${FORMAT},"kind":"end","id":"`)
const OK: Exit = { code: 0 }
const NO_SUMMARY: CallSummary = {}
const NO_BYTES = Buffer.alloc(0)
const NO_SPAN = new ByteSlice()

/**
 * What a list needs of a line, everything but the streams and the environment, without parsing more of it than that:
 * many times faster than the whole line. It goes into the same fields line after line, because a million objects are
 * felt. `kind` tells which fields have a meaning.
 */
export class RecordHeaderReader {
  kind: "begin" | "end" = "begin"
  readonly id = new ByteSlice()

  /** empty where there is none, as the other texts */
  readonly parent = new ByteSlice()
  depth = 0
  isProbe = false
  wallMs = 0
  monoMs = 0
  node = new ByteSlice()
  pid = 0
  ppid = 0
  parentName = new ByteSlice()
  plugin = new ByteSlice()
  context = new Context()
  network = NO_CONFIG.network
  cniVersion = NO_CONFIG.cniVersion
  /** where host-local keeps its store, where its configuration says so */
  dataDir: string | undefined

  exit: Exit = OK
  durationMs = 0
  spawnMs = 0
  maxRssBytes = 0
  summary = NO_SUMMARY
  /** of an end line that carries stdin */
  lateConfig: ConfigHead | undefined

  readonly #withIps: boolean
  readonly #cursor = new ByteScanner()
  readonly #loaded = new Context()
  readonly #nodes = new RecentTexts()
  readonly #parentNames = new RecentTexts()
  readonly #plugin = new ByteSlice()
  readonly #envs = new RecentEnvs()
  readonly #plugins = new RecentPlugins()

  constructor(withIps = false) {
    this.#withIps = withIps
  }

  /**
   * Reads a line that our relay wrote, from its start to where what its seal covers ends. False where it is anything
   * else; the codec then tells what. Cutting at `,"name":{` is exact: inside a JSON string every quote has a backslash
   * before it.
   */
  read(bytes: Buffer, from: number, sealedEnd: number): boolean {
    this.#cursor.open(bytes, from)
    const isBegin = this.#cursor.skip(BEGIN)
    if (!isBegin && !this.#cursor.skip(END)) return false
    this.kind = isBegin ? "begin" : "end"
    return isBegin ? this.#readBegin(bytes, sealedEnd) : this.#readEnd(bytes, sealedEnd)
  }

  /** The same of a record that was parsed as a whole. */
  load(record: Begin | End): void {
    this.kind = record.kind
    this.id.set(record.id)
    if (record.kind === "end") {
      const { exit, durationMs, spawnMs, stdin } = record
      this.exit = exit
      this.durationMs = durationMs
      this.spawnMs = spawnMs
      this.maxRssBytes = record.usage.maxRssBytes
      this.lateConfig = stdin && configHead(stdin)
      this.summary = this.#summaryOf(record)
      return
    }
    const { plugin, stdin } = record
    this.parent.set(record.parent)
    this.depth = record.depth
    this.isProbe = record.as === "probe"
    this.wallMs = record.wallMs
    this.monoMs = record.monoMs
    this.node = ByteSlice.of(record.node)
    this.pid = record.pid
    this.ppid = record.ppid
    this.parentName = ByteSlice.of(record.parentName)
    this.plugin = ByteSlice.of(plugin)
    this.context = this.#loaded
    this.context.load(contextOf(record.env))
    const config = stdin ? new KnownConfig(NO_BYTES, configHead(stdin)) : NO_CONFIG
    this.network = config.network
    this.cniVersion = config.cniVersion
    this.dataDir = plugin === "host-local" ? dataDirOf(stdin) : undefined
  }

  /** What an end line tells. */
  end(): EndHeader {
    const { exit, durationMs, spawnMs, summary, lateConfig: config } = this
    return { id: this.id.text() ?? "", end: { exit, durationMs, spawnMs }, summary, ...(config ? { config } : {}) }
  }

  /** Members in the order in which the relay writes them, without escapes; what does not fit is parsed as a whole. */
  #readBegin(bytes: Buffer, bodyEnd: number): boolean {
    const cursor = this.#cursor
    if (!cursor.text(this.id) || !this.#readParent()) return false
    this.depth = cursor.skip(DEPTH) ? cursor.number() : Number.NaN
    this.isProbe = !cursor.skip(RELAY)
    if (this.isProbe && !cursor.skip(PROBE)) return false
    this.wallMs = cursor.skip(WALL) ? cursor.number() : Number.NaN
    this.monoMs = cursor.skip(MONO) ? cursor.number() : Number.NaN
    const node = cursor.skip(NODE) ? this.#nodes.next(cursor, bytes) : NO_SPAN
    this.pid = cursor.skip(PID) ? cursor.number() : Number.NaN
    this.ppid = cursor.skip(PPID) ? cursor.number() : Number.NaN
    const parentName = cursor.skip(PARENT_NAME) ? this.#parentNames.next(cursor, bytes) : NO_SPAN
    if (!node || !parentName || !cursor.skip(PLUGIN) || !cursor.text(this.#plugin)) return false
    this.node = node
    this.parentName = parentName
    if (Number.isNaN(this.depth + this.wallMs + this.monoMs + this.pid + this.ppid)) return false
    const recent = this.#plugins.of(this.#plugin)
    this.plugin = recent.plugin
    if (!recent.toEnv.skip(cursor, bytes, bodyEnd)) return false
    const context = this.#envs.next(cursor, bytes, bodyEnd)
    if (!context) return false
    this.context = context
    this.dataDir = undefined
    const hasStdin = recent.toStdin.skip(cursor, bytes, bodyEnd)
    const stdin = cursor.at
    const config = hasStdin ? scanConfig(bytes, cursor, bodyEnd, recent.configs) : NO_CONFIG
    this.network = config.network
    this.cniVersion = config.cniVersion
    if (hasStdin && recent.isHostLocal && bytes.subarray(stdin, bodyEnd).includes(DATA_DIR))
      this.dataDir = dataDirOf(parse<Begin["stdin"]>(`{${bytes.toString("utf8", stdin, bodyEnd)}`))
    return true
  }

  #readParent(): boolean {
    if (this.#cursor.skip(PARENT)) return this.#cursor.text(this.parent)
    this.parent.set("")
    return true
  }

  #readEnd(bytes: Buffer, bodyEnd: number): boolean {
    const cursor = this.#cursor
    if (!cursor.text(this.id) || !cursor.skip(WALL) || !cursor.skipNumber()) return false
    if (!cursor.skip(MONO) || !cursor.skipNumber()) return false
    this.durationMs = cursor.skip(DURATION) ? cursor.number() : Number.NaN
    this.spawnMs = cursor.skip(SPAWN) ? cursor.number() : Number.NaN
    const kind = cursor.skip(CODE) ? "code" : cursor.skip(SIGNAL) ? "signal" : cursor.skip(ERRNO) ? "errno" : undefined
    const number = cursor.number()
    if (kind === undefined || Number.isNaN(this.durationMs + this.spawnMs + number) || !cursor.skip(USAGE)) return false
    this.maxRssBytes = cursor.number()
    while (cursor.at < bodyEnd && bytes[cursor.at] !== BRACE) cursor.at++
    if (Number.isNaN(this.maxRssBytes)) return false
    // An end line that carries stdin completes its begin line: rare, and worth a whole parse.
    if (!cursor.isAt(cursor.at, STDOUT)) return false
    const cut = cursor.at + 1
    this.lateConfig = undefined
    this.summary = NO_SUMMARY
    this.exit = number === 0 && kind === "code" ? OK : exitOf(kind, number)
    if (this.exit === OK) {
      const ips = this.#withIps ? scanIps(bytes.toString("latin1", cut, bodyEnd)) : []
      if (ips.length > 0) this.summary = { ips }
      return true
    }
    const streams = parse<End>(`{${bytes.toString("utf8", cut + 1, bodyEnd)}}`)
    if (!streams) return false
    this.summary = this.#summaryOf({ exit: this.exit, stdout: streams.stdout, stderr: streams.stderr })
    return true
  }

  /** No index keeps addresses, and most of the bytes of a result would have to be parsed for them. */
  #summaryOf({ exit, stdout, stderr }: Pick<End, "exit" | "stdout" | "stderr">): CallSummary {
    const { reason, ips } = summarize({ exit, stdout, stderr } as Call)
    return { ...(reason ? { reason } : {}), ...(ips && this.#withIps ? { ips } : {}) }
  }
}

/** Joins an end line to what its begin line told. */
export function complete(call: Call, { end, config }: EndHeader): void {
  call.exit = end.exit
  call.durationMs = end.durationMs
  call.spawnMs = end.spawnMs
  call.state = "ended"
  if (config) Object.assign(call, config)
}

const PARENT = new Literal(',"parent":"')
const DEPTH = new Literal(',"depth":')
const RELAY = new Literal(',"as":"relay"')
const PROBE = new Literal(',"as":"probe"')
const WALL = new Literal(',"wallMs":')
const MONO = new Literal(',"monoMs":')
const NODE = new Literal(',"node":"')
const PID = new Literal(',"pid":')
const PPID = new Literal(',"ppid":')
const PARENT_NAME = new Literal(',"parentName":"')
const PLUGIN = new Literal(',"plugin":"')
const DATA_DIR = Buffer.from("dataDir")
const DURATION = new Literal(',"durationMs":')
const SPAWN = new Literal(',"spawnMs":')
const CODE = new Literal(',"exit":{"code":')
const SIGNAL = new Literal(',"exit":{"signal":')
const ERRNO = new Literal(',"exit":{"errno":')
const USAGE = new Literal('},"usage":{"maxRssBytes":')
const STDOUT = new Literal('},"stdout":{')
const BRACE = 125

function exitOf(kind: "code" | "signal" | "errno", number: number): Exit {
  return kind === "code" ? { code: number } : kind === "signal" ? { signal: number } : { errno: number }
}

function configHead(stdin: Begin["stdin"]): ConfigHead {
  const { name, cniVersion } = configOf(stdin) ?? {}
  return { ...(name ? { network: name } : {}), ...(cniVersion ? { cniVersion } : {}) }
}

function dataDirOf(stdin: Begin["stdin"]): string | undefined {
  if (!stdin || !("text" in stdin) || !stdin.text.includes("dataDir")) return undefined
  const dataDir = parse<{ ipam?: { dataDir?: unknown } }>(stdin.text)?.ipam?.dataDir
  return typeof dataDir === "string" ? dataDir : undefined
}

function parse<Value>(text: string): Value | undefined {
  try {
    return JSON.parse(text) as Value
  } catch {
    return undefined
  }
}
