import type { Begin, CaptureRecord, End, Exit } from "../../capture/record.ts"
import { type Call, contextOf } from "../../model/call.ts"
import { type CallSummary, summarize } from "../../model/packed-operations.ts"
import { payloadAddresses } from "./address-scan.ts"
import { ByteSlice } from "./byte-slice.ts"
import { type ConfigFields, configFields, dataDirOf, NO_CONFIG } from "./config-scan.ts"
import { EnvSlices } from "./env-scan.ts"

/** What a list shows of an end record, as an object of its own: for calls whose two records are read apart. */
export type EndHeader = {
  id: string
  end: Pick<End, "exit" | "durationMs" | "spawnMs">
  summary: CallSummary
  /** fields of the configuration, if the end record carries stdin */
  config?: ConfigFields
}

export const EXIT_OK: Exit = { code: 0 }

/**
 * What a list shows of a record: everything except streams and environment. One object is filled line after line, because
 * a million objects are noticeable. `kind` determines which fields have a meaning; texts are empty if they are missing.
 */
export class RecordHeader {
  kind: CaptureRecord["kind"] = "begin"
  readonly id = new ByteSlice()

  readonly parent = new ByteSlice()
  depth = 0
  as: Begin["as"] = "relay"
  wallMs = 0
  monoMs = 0
  readonly node = new ByteSlice()
  pid = 0
  ppid = 0
  readonly parentName = new ByteSlice()
  plugin = new ByteSlice()
  context = new EnvSlices()
  network = NO_CONFIG.network
  cniVersion = NO_CONFIG.cniVersion
  /** host-local's store, if its configuration sets one */
  dataDir: string | undefined
  /** numbers of the addresses in the result of an end or progress record, or in the one that a probe was given */
  readonly addresses: number[] = []

  exit: Exit = EXIT_OK
  durationMs = 0
  spawnMs = 0
  maxRssBytes = 0
  /** members `stdout` and `stderr` of an end record with exit status 0, as JSON without the braces around them */
  readonly streams = new ByteSlice()
  /** of a probe's record, as JSON */
  readonly probeStdin = new ByteSlice()
  summary: CallSummary = {}
  /** of an end record that carries stdin */
  lateConfig: ConfigFields | undefined

  readonly #context = new EnvSlices()

  get isProbe(): boolean {
    return this.as === "probe"
  }

  /** Fills the fields from a decoded record. */
  load(record: CaptureRecord): void {
    this.kind = record.kind
    this.id.set(record.id)
    this.monoMs = record.monoMs
    this.addresses.length = 0
    if (record.kind !== "begin") payloadAddresses(record.stdout, this.addresses)
    if (record.kind === "progress") return
    if (record.kind === "end") {
      const { exit, durationMs, spawnMs, usage, stdin } = record
      this.exit = "code" in exit && exit.code === 0 ? EXIT_OK : exit
      this.durationMs = durationMs
      this.spawnMs = spawnMs
      this.maxRssBytes = usage.maxRssBytes
      this.lateConfig = stdin && configFields(stdin)
      this.summary = summaryOf(record)
      this.streams.set(JSON.stringify({ stdout: record.stdout, stderr: record.stderr }).slice(1, -1))
      return
    }
    const { plugin, stdin } = record
    this.parent.set(record.parent)
    this.depth = record.depth
    this.as = record.as
    this.probeStdin.set(this.isProbe && stdin ? JSON.stringify(stdin) : undefined)
    if (this.isProbe) payloadAddresses(stdin, this.addresses, "prevResult")
    this.wallMs = record.wallMs
    this.monoMs = record.monoMs
    this.node.set(record.node)
    this.pid = record.pid
    this.ppid = record.ppid
    this.parentName.set(record.parentName)
    this.plugin = ByteSlice.of(plugin)
    this.context = this.#context
    this.context.load(contextOf(record.env))
    const { network, cniVersion } = stdin ? configFields(stdin) : {}
    this.network = ByteSlice.of(network)
    this.cniVersion = ByteSlice.of(cniVersion)
    this.dataDir = plugin === "host-local" ? dataDirOf(stdin) : undefined
  }

  /** Of an end record. */
  end(): EndHeader {
    const { exit, durationMs, spawnMs, summary, lateConfig: config } = this
    return { id: this.id.text() ?? "", end: { exit, durationMs, spawnMs }, summary, ...(config ? { config } : {}) }
  }
}

/** The same of a record that was decoded as a whole. */
export function endHeader(record: End): EndHeader {
  const header = new RecordHeader()
  header.load(record)
  return header.end()
}

/** Adds what the end record says to a call that was made of its begin record. */
export function complete(call: Call, { end, config }: EndHeader): void {
  call.exit = end.exit
  call.durationMs = end.durationMs
  call.spawnMs = end.spawnMs
  call.state = "ended"
  if (config) Object.assign(call, config)
}

/** Without addresses: an index has them by line. */
export function summaryOf({ exit, stdout, stderr }: Pick<End, "exit" | "stdout" | "stderr">): CallSummary {
  const { reason } = summarize({ exit, stdout, stderr } as Call)
  return reason ? { reason } : {}
}
