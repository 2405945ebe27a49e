import { createGzip } from "node:zlib"
import type { LossRecord } from "../../capture/record.ts"
import { type Base64, bundleLines, lossLines, manifestLine } from "../../export/bundle.ts"
import { ChromeTrace } from "../../export/chrome-trace.ts"
import { toOtlp } from "../../export/otlp.ts"
import { probeLog } from "../../export/probe-log.ts"
import { toRepro } from "../../export/repro.ts"
import { Fault } from "../../fault/fault.ts"
import type { CaptureName } from "../../model/capture-name.ts"
import type { Explanation } from "../../model/explain/statement.ts"
import { type Operation, walk } from "../../model/operation.ts"
import { pageFile } from "../../serve/page-file.ts"
import { checksum } from "../../store/capture/checksum.ts"
import { callOutput } from "../output/call-output.ts"
import { API_VERSION } from "../output/kinds.ts"
import type { Sink } from "./output-file.ts"

/** The input of an export; operations are in the order they began. */
export type ExportInput = {
  operations: AsyncIterable<Operation>
  name: CaptureName
  /** as text; empty for none */
  filter: string
  version: string
  nowMs: number
  /** what observers did not record in the time that was read so far */
  losses(): readonly LossRecord[]
  /** what `cnitap explain` says about an operation */
  explain(id: string): Promise<Explanation | undefined>
}

export type ExportFormat = {
  help: string
  /** the format is not text */
  isBinary?: true
  /** returns the number of operations */
  write(input: ExportInput, sink: Sink): Promise<number>
}

/** All formats, in the order of the help. */
export const EXPORT_FORMATS: Readonly<Record<string, ExportFormat>> = {
  jsonl: {
    help: "one call per line, as printed by `cnitap tail -o jsonl`, with the ID of its operation",
    write: writeJsonl,
  },
  "probe-log": {
    help: "lines as the two probes log them: CNI_COMMAND=ADD,CNI_CONTAINERID=...,input={...}",
    write: writeProbeLog,
  },
  "chrome-trace": { help: "trace events for Perfetto and chrome://tracing", write: writeChromeTrace },
  "otlp-json": { help: "OpenTelemetry traces in OTLP JSON, one message per line", write: writeOtlp },
  html: { help: "the web page with the calls in it: one file that opens without a server", write: writeHtml },
  bundle: {
    help: "one compressed, redacted file that every verb reads with --from",
    isBinary: true,
    write: writeBundle,
  },
  repro: { help: "a shell script that repeats the calls of one operation, with the exact stdin", write: writeRepro },
}

/** Former names, accepted but listed neither in help nor in completion. */
const FORMAT_ALIASES: Readonly<Record<string, string>> = { article: "probe-log" }

export function findExportFormat(name: string): ExportFormat | undefined {
  const current = Object.hasOwn(FORMAT_ALIASES, name) ? (FORMAT_ALIASES[name] ?? name) : name
  return Object.hasOwn(EXPORT_FORMATS, current) ? EXPORT_FORMATS[current] : undefined
}

async function writeJsonl({ operations }: ExportInput, sink: Sink): Promise<number> {
  return each(operations, async ({ id, calls }) => {
    const lines = walk(calls).map(({ call }) =>
      JSON.stringify({ apiVersion: API_VERSION, kind: "Call", operation: id, ...callOutput(call) }),
    )
    await sink.write(`${lines.join("\n")}\n`)
  })
}

async function writeProbeLog({ operations }: ExportInput, sink: Sink): Promise<number> {
  let count = 0
  const counted = async function* () {
    for await (const operation of operations) {
      count++
      yield operation
    }
  }
  for await (const line of probeLog(counted())) await sink.write(line)
  return count
}

async function writeChromeTrace({ operations, name, nowMs }: ExportInput, sink: Sink): Promise<number> {
  const trace = new ChromeTrace(nowMs)
  await sink.write('{"traceEvents":[')
  let separator = "\n"
  const count = await each(operations, async (operation) => {
    for (const event of trace.events(operation)) {
      await sink.write(separator + JSON.stringify(event))
      separator = ",\n"
    }
  })
  await sink.write(`\n],"displayTimeUnit":"ms","otherData":${JSON.stringify({ capture: name.path })}}\n`)
  return count
}

/** Collectors reject messages of several megabytes. */
const OPERATIONS_PER_MESSAGE = 100

async function writeOtlp({ operations, version, nowMs }: ExportInput, sink: Sink): Promise<number> {
  let batch: Operation[] = []
  const flush = async () => {
    if (batch.length > 0) await sink.write(`${JSON.stringify(toOtlp(batch, version, nowMs))}\n`)
    batch = []
  }
  const count = await each(operations, async (operation) => {
    if (batch.push(operation) >= OPERATIONS_PER_MESSAGE) await flush()
  })
  await flush()
  return count
}

async function writeHtml(
  { operations, name, filter, nowMs, losses, explain }: ExportInput,
  sink: Sink,
): Promise<number> {
  const { html, count } = await pageFile(operations, { name, filter, nowMs }, losses, explain)
  await sink.write(html)
  return count
}

const BASE64: Base64 = {
  decode: (base64) => Buffer.from(base64, "base64").toString("latin1"),
  encode: (latin1) => Buffer.from(latin1, "latin1").toString("base64"),
}

async function writeBundle(
  { operations, name, filter, version, nowMs, losses }: ExportInput,
  sink: Sink,
): Promise<number> {
  const gzip = createGzip()
  const written = (async () => {
    for await (const chunk of gzip) await sink.write(chunk as Buffer)
  })()
  const write = async (text: string) => {
    if (!gzip.write(text)) await new Promise<void>((done) => gzip.once("drain", done))
  }
  await write(manifestLine({ version, createdMs: nowMs, source: name.path, filter }))
  const count = await each(operations, (operation) => write(bundleLines(operation, checksum, BASE64)))
  await write(lossLines(losses(), checksum))
  gzip.end()
  await written
  return count
}

async function writeRepro({ operations }: ExportInput, sink: Sink): Promise<number> {
  let only: Operation | undefined
  for await (const operation of operations) {
    if (only) {
      throw new Fault(
        "USAGE",
        "a repro script repeats one operation, but several match",
        "Select one by its ID: cnitap export repro ID.",
      )
    }
    only = operation
  }
  if (!only) return 0
  await sink.write(toRepro(only.calls.map(({ call }) => call)))
  return 1
}

async function each(
  operations: AsyncIterable<Operation>,
  run: (operation: Operation) => Promise<void>,
): Promise<number> {
  let count = 0
  for await (const operation of operations) {
    await run(operation)
    count++
  }
  return count
}
