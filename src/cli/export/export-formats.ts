import { hostname } from "node:os"
import { createGzip } from "node:zlib"
import { type Base64, bundleLines, manifestLine } from "../../export/bundle.ts"
import { ChromeTrace } from "../../export/chrome-trace.ts"
import { toHtml } from "../../export/html.ts"
import { toOtlp } from "../../export/otlp.ts"
import { toProbeLog } from "../../export/probe-log.ts"
import { toRepro } from "../../export/repro.ts"
import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import { type Operation, walk } from "../../model/operation.ts"
import { readPage } from "../../serve/page.ts"
import { checksum } from "../../store/capture/checksum.ts"
import { API_VERSION } from "../render/output.ts"
import type { Sink } from "./output-file.ts"

/** What an export is made of; operations come in the order they began. */
export type Exported = {
  operations: AsyncIterable<Operation>
  /** the capture, as it was named, and the filter in words */
  path: string
  filter: string
  version: string
  nowMs: number
}

export type ExportFormat = {
  help: string
  /** bytes that a terminal cannot show */
  isBinary?: true
  /** returns how many operations there were */
  write(exported: Exported, sink: Sink): Promise<number>
}

/** Every format, in the order of the help. */
export const EXPORT_FORMATS: Readonly<Record<string, ExportFormat>> = {
  jsonl: { help: "one call a line, as `-o jsonl` of tail gives it, with the id of its operation", write: writeJsonl },
  article: { help: "the article's log lines: CNI_COMMAND=ADD,CNI_CONTAINERID=...,input={...}", write: writeArticle },
  "chrome-trace": { help: "trace events for Perfetto and chrome://tracing", write: writeChromeTrace },
  "otlp-json": { help: "OpenTelemetry traces in OTLP's JSON, one message a line", write: writeOtlp },
  html: { help: "the page with the calls in it: one file that opens without a server", write: writeHtml },
  bundle: {
    help: "one compressed, redacted file; every verb reads it with --from",
    isBinary: true,
    write: writeBundle,
  },
  repro: { help: "a shell script that makes one operation's calls again, with the exact stdin", write: writeRepro },
}

async function writeJsonl({ operations }: Exported, sink: Sink): Promise<number> {
  return each(operations, async ({ id, calls }) => {
    const lines = [...walk(calls)].map(({ call }) =>
      JSON.stringify({ apiVersion: API_VERSION, kind: "Call", operation: id, ...call }),
    )
    await sink.write(`${lines.join("\n")}\n`)
  })
}

async function writeArticle({ operations }: Exported, sink: Sink): Promise<number> {
  return each(operations, (operation) => sink.write(toProbeLog(operation)))
}

async function writeChromeTrace({ operations, path, nowMs }: Exported, sink: Sink): Promise<number> {
  const trace = new ChromeTrace(nowMs)
  await sink.write('{"traceEvents":[')
  let separator = "\n"
  const count = await each(operations, async (operation) => {
    for (const event of trace.events(operation)) {
      await sink.write(separator + JSON.stringify(event))
      separator = ",\n"
    }
  })
  await sink.write(`\n],"displayTimeUnit":"ms","otherData":${JSON.stringify({ capture: path })}}\n`)
  return count
}

/** Collectors take messages of some megabytes: one holds so many operations. */
const OPERATIONS_A_MESSAGE = 100

async function writeOtlp({ operations, version, nowMs }: Exported, sink: Sink): Promise<number> {
  let held: Operation[] = []
  const flush = async () => {
    if (held.length > 0) await sink.write(`${JSON.stringify(toOtlp(held, version, nowMs))}\n`)
    held = []
  }
  const count = await each(operations, async (operation) => {
    if (held.push(operation) >= OPERATIONS_A_MESSAGE) await flush()
  })
  await flush()
  return count
}

async function writeHtml({ operations, path, filter }: Exported, sink: Sink): Promise<number> {
  const { html } = readPage()
  const calls: Call[] = []
  const count = await each(operations, async (operation) => {
    for (const { call } of walk(operation.calls)) calls.push(call)
  })
  await sink.write(toHtml(html, { path, host: hostname(), calls, ...(filter ? { note: `only ${filter}` } : {}) }))
  return count
}

const BASE64: Base64 = {
  decode: (base64) => Buffer.from(base64, "base64").toString("latin1"),
  encode: (latin1) => Buffer.from(latin1, "latin1").toString("base64"),
}

async function writeBundle({ operations, path, filter, version, nowMs }: Exported, sink: Sink): Promise<number> {
  const gzip = createGzip()
  const written = (async () => {
    for await (const chunk of gzip) await sink.write(chunk as Buffer)
  })()
  const write = async (text: string) => {
    if (!gzip.write(text)) await new Promise<void>((done) => gzip.once("drain", done))
  }
  await write(manifestLine({ version, createdMs: nowMs, source: path, filter }))
  const count = await each(operations, (operation) => write(bundleLines(operation, checksum, BASE64)))
  gzip.end()
  await written
  return count
}

async function writeRepro({ operations }: Exported, sink: Sink): Promise<number> {
  let only: Operation | undefined
  for await (const operation of operations) {
    if (only) {
      throw new Fault(
        "USAGE",
        "a script makes one operation's calls again, and several match",
        "Name one by its id: cnitap export repro ID.",
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
