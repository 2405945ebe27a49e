import { createInterface } from "node:readline"
import { type DecodedLine, type DecodedPart, decodeLine } from "../../model/decode/decode.ts"
import type { Context } from "../context.ts"
import { shown } from "../render/colour.ts"
import { addFormat, outputFormat, printRows } from "../render/output.ts"
import type { Table } from "../render/table.ts"
import { writer } from "../render/writer.ts"
import type { Verb } from "../verb.ts"

export const decode: Verb = {
  description: "Decodes [123 34 99 ...], 0x7b, \\x22, quoted and base64 JSON, as found in logs and Events.",
  examples: [
    ["kubectl get events | cnitap decode", "Events with readable configurations"],
    ["cnitap decode '[123 34 99 110 105 86 34 58 49 125]'", "one pasted list of bytes"],
  ],
  define(command) {
    addFormat(command).argument("[text...]", "text to decode (default: lines from stdin)")
  },
  async run(context, [words], options) {
    const text = Array.isArray(words) ? words.map(String).join(" ") : ""
    const lines = wholeLists(text ? text.split("\n") : stdinLines(context))
    const format = outputFormat(options).kind
    let found = 0
    if (format === "table" || format === "wide") {
      const out = writer(context)
      for await (const line of lines) {
        const decoded = decodeLine(line)
        found += decoded.parts.length
        await out(`${shown(context, lineText(decoded))}\n`)
      }
      if (found === 0 && context.stderr.isTTY) context.stderr.write("cnitap: no encoded JSON found\n")
    } else await printRows(context, options, decodedTable, decodedIn(lines))
  },
}

type DecodedPartAt = DecodedPart & { line: number }

/** For programs: every decoded part of the input. */
const decodedTable: Table<DecodedPartAt, "Decoded"> = {
  kind: "Decoded",
  name: ({ line, from }) => `decoded/${line}/${from}`,
  value: ({ text, ...row }) => ({ ...row, text, ...jsonOf(text) }),
  empty: "no encoded JSON found",
  columns: [],
}

async function* decodedIn(lines: AsyncIterable<string>): AsyncGenerator<DecodedPartAt> {
  let number = 0
  for await (const line of lines) {
    number++
    for (const stretch of decodeLine(line).parts) yield { line: number, ...stretch }
  }
}

/** A line that is one JSON document is indented; JSON within other text stays on its line. */
function lineText({ text, parts }: DecodedLine): string {
  const json = parts.length > 0 ? jsonOf(text) : {}
  return "value" in json && typeof json.value === "object" ? JSON.stringify(json.value, null, 2) : text
}

function jsonOf(text: string): { value?: unknown } {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return {}
  }
}

async function* stdinLines(context: Context): AsyncGenerator<string> {
  if (context.stdin.isTTY) context.stderr.write("cnitap: paste the text, then Ctrl-D\n")
  yield* createInterface({ input: context.stdin, crlfDelay: Number.POSITIVE_INFINITY })
}

/** Joins lists of numbers that a terminal or a mail has broken into several lines. */
async function* wholeLists(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<string> {
  let open: string[] = []
  for await (const line of lines) {
    const isContinued = open.length > 0 && /^\s*[\d\]]/.test(line)
    if (!isContinued && open.length > 0) {
      yield open.join(" ")
      open = []
    }
    const opening = line.lastIndexOf("[")
    if (isContinued || (opening >= 0 && NUMBERS.test(line.slice(opening + 1))))
      open.push(isContinued ? line.trim() : line)
    else yield line
    if (isContinued && !NUMBERS.test(line)) {
      yield open.join(" ")
      open = []
    }
  }
  if (open.length > 0) yield open.join(" ")
}

const NUMBERS = /^\s*\d[\d\s,]*$/
