import { Fault } from "../../fault/fault.ts"
import { nearest } from "../../model/filter/nearest.ts"
import { filterText } from "../../model/filter/text.ts"
import type { Operation } from "../../model/operation.ts"
import { explainedOverCluster } from "../../model/over-cluster.ts"
import { explainById } from "../args/explain-by-id.ts"
import { nameCapture } from "../args/named-capture.ts"
import { textOption } from "../args/option.ts"
import { lossesIn, reportReadErrors } from "../args/report-read-errors.ts"
import { addSelection, filterWords, type Selection, select } from "../args/selection.ts"
import { findSubject } from "../args/subject.ts"
import type { Context } from "../context.ts"
import { EXPORT_FORMATS, type ExportFormat, findExportFormat } from "../export/export-formats.ts"
import { openSink } from "../export/output-file.ts"
import type { Verb } from "../verb.ts"
import { VERSION } from "../version.ts"

const NAMES = Object.keys(EXPORT_FORMATS)

// `export` is a reserved word.
export const exportVerb: Verb = {
  examples: [
    [
      "cnitap export html --failed --since 1h --out failed.html",
      "a web page with the failed operations of the last hour",
    ],
    ["cnitap export bundle --out node-1.cnitap", "one redacted file for a colleague, who reads it with --from"],
    ["cnitap export repro 8bb88 --out repro.sh", "a script that repeats one operation's calls"],
  ],
  define(command) {
    addSelection(command)
      .argument("<format>", NAMES.map((name) => `${name}: ${EXPORT_FORMATS[name]?.help}`).join("; "))
      .argument("[filter...]", "a filter, as for --filter; for repro also the ID of a call or operation")
      .option("--out <file>", "write a new file (mode 0600) instead of standard output, which is also -")
  },
  async run(context, [name, words], options) {
    const format = formatOf(String(name))
    const path = options.out === "-" ? undefined : textOption(options.out)
    if (format.isBinary && path === undefined && context.stdout.isTTY)
      throw new Fault(
        "USAGE",
        `${name} is a binary format and cannot be written to a terminal`,
        "Use --out FILE, or a pipe.",
      )
    const id = name === "repro" ? idIn(words) : undefined
    const selection = await select(context, options, id === undefined ? filterWords(words) : "")
    const operations = id === undefined ? selection.operations() : one(selection, id)
    const sink = openSink(context, path)
    const progress = { count: 0 }
    try {
      const exported = {
        operations: counted(operations, context, progress),
        name: nameCapture(selection.capture, options),
        filter: filterText(selection.filter),
        version: VERSION,
        nowMs: context.nowMs(),
        losses: () => lossesIn(selection),
        explain: async (id: string) =>
          progress.count > MOST_SEARCHED
            ? undefined
            : explainedOverCluster(await explainById(context, options, selection.capture, id), options),
      }
      const found = await format.write(exported, sink)
      // An empty list is an answer; an empty script is not.
      if (found === 0 && name === "repro") throw nothingToRepeat(selection)
      if (found === 0) context.stderr.write("no operation found\n")
      sink.end()
      if (found > 0 && path !== undefined && context.stderr.isTTY)
        context.stderr.write(`cnitap: ${found} ${found === 1 ? "operation" : "operations"} in ${path}\n`)
      await reportReadErrors(context, selection, found)
    } catch (error) {
      sink.abandon()
      throw error
    }
  },
}

function nothingToRepeat({ capture }: Selection): Fault {
  return new Fault("NOT_FOUND", `no operation in ${capture.path} matches`, "List operations with `cnitap ls`.")
}

function formatOf(name: string): ExportFormat {
  const format = findExportFormat(name)
  if (format) return format
  const near = nearest(name, NAMES)
  throw new Fault(
    "USAGE",
    `unknown export format: ${name}`,
    near ? `Did you mean ${near}?` : `Use one of ${NAMES.join(", ")}.`,
  )
}

/** The ID, if the only argument is one. */
function idIn(words: unknown): string | undefined {
  const [word, more] = Array.isArray(words) ? words.map(String) : []
  return word !== undefined && more === undefined && /^(?:(?:operation|call)\/)?[0-9a-f]{4,16}$/i.test(word)
    ? word
    : undefined
}

/** A nested call, or one named as `call/ID`, becomes an operation of one call. */
async function* one(selection: Selection, id: string): AsyncGenerator<Operation> {
  const { operation, call, related } = await findSubject(selection, id, undefined)
  if (!operation) yield* related()
  else yield call ? { ...operation, calls: [{ call, children: [] }] } : operation
}

const COUNT_EVERY = 1000
/** Each explanation reads the capture several times, and is not interrupted: of a large one, that would take minutes. */
const MOST_SEARCHED = 2000

async function* counted(
  operations: AsyncIterable<Operation>,
  { stderr }: Context,
  progress: { count: number },
): AsyncGenerator<Operation> {
  for await (const operation of operations) {
    progress.count++
    yield operation
    if (stderr.isTTY && progress.count % COUNT_EVERY === 0) stderr.write(`\rcnitap: ${progress.count} operations`)
  }
  if (stderr.isTTY && progress.count >= COUNT_EVERY) stderr.write("\r\u001b[K")
}
