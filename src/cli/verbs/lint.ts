import { readFile } from "node:fs/promises"
import { Fault } from "../../fault/fault.ts"
import { type FileFinding, lintConflist } from "../../model/finding/conflist.ts"
import type { Finding } from "../../model/finding/finding.ts"
import { Linter } from "../../model/finding/linter.ts"
import { readOperations } from "../../store/operations.ts"
import type { Context } from "../context.ts"
import { fileFindingTable, findingTable } from "../finding-table.ts"
import { addOutput, printRows } from "../output.ts"
import { addSelection, reportDamage, type Selection, select } from "../select.ts"
import type { Verb } from "../verb.ts"

export const lint: Verb = {
  name: "lint",
  summary:
    "find what breaks the CNI specification: in recorded calls, or in configuration files; exit 1 if there is any",
  examples: [
    ["cnitap lint --since 1h", "findings in recorded calls"],
    ["cnitap lint /etc/cni/net.d/*", "findings in configuration files"],
    ["cnitap help rules", "every rule, where it is written, what to do"],
  ],
  isPaged: true,
  define(command) {
    addOutput(addSelection(command)).argument("[files...]", "configuration files to check instead of a capture")
  },
  async run(context, [files], options) {
    const paths = Array.isArray(files) ? files.map(String) : []
    const found = paths.length > 0 ? await lintFiles(context, options, paths) : await lintCapture(context, options)
    if (found > 0) context.exitCode = 1
  },
}

async function lintFiles(context: Context, options: Record<string, unknown>, paths: string[]): Promise<number> {
  const findings: FileFinding[] = []
  for (const path of paths) findings.push(...lintConflist(path, await readConf(path)))
  return printRows(context, options, fileFindingTable, findings)
}

async function lintCapture(context: Context, options: Record<string, unknown>): Promise<number> {
  const selection = await select(context, options)
  let operations = 0
  const counts = { error: 0, warning: 0, note: 0 }
  const counted = async function* () {
    for await (const finding of findingsOf(selection, context.nowMs(), () => operations++)) {
      counts[finding.severity]++
      yield finding
    }
  }
  const found = await printRows(context, options, findingTable, counted())
  if (context.stderr.isTTY && found > 0) {
    const words = Object.entries(counts).flatMap(([severity, count]) => (count ? [`${count} ${severity}s`] : []))
    context.stderr.write(`cnitap: ${words.join(", ")} in ${operations} operations; -o wide tells what to do\n`)
  }
  reportDamage(context, selection, operations)
  return found
}

/** All operations are looked at, because what is wrong with one may need another; those that were asked for are told. */
async function* findingsOf(
  { capture, damage, range, progress, matchesOperation }: Selection,
  nowMs: number,
  count: () => void,
): AsyncGenerator<Finding> {
  const linter = new Linter(nowMs)
  for await (const operation of readOperations(capture, damage, {}, { progress })) {
    count()
    const findings = linter.check(operation)
    if (findings.length === 0 || !matchesOperation(operation)) continue
    const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = range
    if (operation.wallMs >= sinceMs && operation.wallMs <= untilMs) yield* findings
  }
}

async function readConf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8")
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT") throw new Fault("NOT_FOUND", `${path} does not exist`, "Name a configuration file.")
    if (code === "EISDIR") throw new Fault("USAGE", `${path} is a directory`, `Name its files: cnitap lint ${path}/*.`)
    if (code === "EACCES" || code === "EPERM")
      throw new Fault("NOT_PERMITTED", `${path} may not be read`, "Run as root.")
    throw error
  }
}
