import { parseJson } from "../../cni/json.ts"
import type { DecodedPart } from "../../model/decode/decode.ts"
import { decodeLines, type NumberedLine } from "../../model/decode/decode-lines.ts"
import type { Context } from "../context.ts"
import { addFormat, outputFormat, printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import { shown } from "../terminal/colour.ts"
import { writer } from "../terminal/writer.ts"
import type { Verb } from "../verb.ts"

export const decode: Verb = {
  description:
    "Decodes byte lists, hex, quoted and base64 JSON, and Go-printed addresses, as found in logs and Events.",
  examples: [
    ["kubectl get events | cnitap decode", "Events with readable configurations"],
    ["cnitap decode '[123 34 99 110 105 86 34 58 49 125]'", "one pasted list of bytes"],
    ["journalctl -u kubelet | cnitap decode", "{IP:10.0.0.1 Mask:ffffff00} becomes 10.0.0.1/24"],
  ],
  define(command) {
    addFormat(command).argument("[text...]", "text to decode (default: lines from stdin)")
  },
  async run(context, [words], options) {
    const text = Array.isArray(words) ? words.map(String).join(" ") : ""
    const lines = decodeLines(text ? text.split("\n") : stdinLines(context))
    const format = outputFormat(options).kind
    let found = 0
    if (format === "table" || format === "wide") {
      const out = writer(context)
      for await (const decoded of lines) {
        found += decoded.parts.length
        await out(`${shown(context, lineText(decoded))}\n`)
      }
      if (found === 0 && context.stderr.isTTY) context.stderr.write(`cnitap: ${decodedTable.empty}\n`)
    } else await printRows(context, options, decodedTable, partsOf(lines))
  },
}

type DecodedPartAt = DecodedPart & { line: number }

/** For programs: every decoded part of the input. */
const decodedTable: Table<DecodedPartAt, "Decoded"> = {
  kind: "Decoded",
  name: ({ line, from }) => `decoded/${line}/${from}`,
  value: ({ text, ...row }) => ({ ...row, text, ...jsonOf(text) }),
  empty: "nothing to decode found",
  columns: [],
}

async function* partsOf(lines: AsyncIterable<NumberedLine>): AsyncGenerator<DecodedPartAt> {
  for await (const { line, parts } of lines) for (const part of parts) yield { line, ...part }
}

/** A line that is one JSON document is indented; JSON within other text stays on its line. */
function lineText({ text, parts }: NumberedLine): string {
  const json = parts.length > 0 ? jsonOf(text) : {}
  return "value" in json && typeof json.value === "object" ? JSON.stringify(json.value, null, 2) : text
}

function jsonOf(text: string): { value?: unknown } {
  const value = parseJson(text)
  return value === undefined ? {} : { value }
}

/** A line without an end must not fill the memory; the next character begins another line. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024

async function* stdinLines({ stdin, stderr }: Context): AsyncGenerator<string> {
  if (stdin.isTTY) stderr.write("cnitap: paste the text, then Ctrl-D\n")
  let line = ""
  stdin.setEncoding("utf8")
  for await (const chunk of stdin) {
    const [end = "", ...others] = String(chunk).split("\n")
    line += end
    for (const next of others) {
      yield withoutReturn(line)
      line = next
    }
    if (line.length < MAX_LINE_CHARACTERS) continue
    yield line
    line = ""
  }
  if (line !== "") yield withoutReturn(line)
}

function withoutReturn(line: string): string {
  return line.endsWith("\r") ? line.slice(0, -1) : line
}
