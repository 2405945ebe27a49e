import { readFileSync, statSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import { type FileFinding, lintConf } from "../../model/lint/conf/lint-conf.ts"
import { lintConfDir } from "../../model/lint/conf/lint-dir.ts"
import type { Finding, Severity } from "../../model/lint/finding.ts"
import { FindingGroups } from "../../model/lint/finding-groups.ts"
import { Linter } from "../../model/lint/linter.ts"
import { walk } from "../../model/operation.ts"
import { readConfDir } from "../../store/node/conf-dir.ts"
import { decodeSource } from "../../store/node/source-file.ts"
import { readOperations } from "../../store/query/operations.ts"
import { nodePath } from "../args/captures.ts"
import { namesOption } from "../args/option.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import { addSelection, isChoosing, type Selection, select } from "../args/selection.ts"
import type { Context } from "../context.ts"
import { repeatFlagsIn } from "../render/command-text.ts"
import { fileFindingTable, findingTable } from "../render/finding-table.ts"
import { addOutput, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"

export const lint: Verb = {
  description:
    "Checks recorded calls, or the configuration files or directories that are named. Exits 1 on an error or a warning.",
  examples: [
    ["cnitap lint --since 1h", "findings in calls of the last hour"],
    ["cnitap lint /etc/cni/net.d", "findings in configuration files, read as a runtime reads the directory"],
    ["cnitap help rules", "every rule, its source and its remedy"],
  ],
  isPaged: true,
  define(command) {
    addOutput(addSelection(command)).argument(
      "[files...]",
      "configuration files, or directories of them, to check instead of a capture",
    )
  },
  async run(context, [files], options) {
    const paths = namesOption(files) ?? []
    const counts = { error: 0, warning: 0, note: 0 }
    if (paths.length > 0 && isChoosing(options))
      throw new Fault(
        "USAGE",
        "flags that select calls cannot be combined with files",
        "Leave the flags out, or the files.",
      )
    if (paths.length > 0) await lintFiles(context, options, paths, counts)
    else await lintCapture(context, options, counts)
    // Notes make failures harder to diagnose; they are no reason to fail a build.
    if (counts.error + counts.warning > 0) context.exitCode = 1
  },
}

type SeverityCounts = Record<Severity, number>

async function lintFiles(
  context: Context,
  options: Record<string, unknown>,
  paths: string[],
  counts: SeverityCounts,
): Promise<void> {
  const found = paths.flatMap((path) => lintPath(path, nodePath(options, path)))
  for (const { severity } of found) counts[severity]++
  await printRows(context, options, fileFindingTable, repeatFlagsIn(found, "remedy", options))
}

async function lintCapture(context: Context, options: Record<string, unknown>, counts: SeverityCounts): Promise<void> {
  const nowMs = context.nowMs()
  const selection = await select(context, options)
  const groups = new FindingGroups()
  let operations = 0
  for await (const finding of findingsOf(selection, nowMs, () => operations++)) {
    counts[finding.severity]++
    groups.add(finding)
  }
  const found = await printRows(context, options, findingTable(nowMs), repeatFlagsIn(groups.list(), "remedy", options))
  if (context.stderr.isTTY && found > 0) {
    const words = Object.entries(counts).flatMap(([severity, count]) =>
      count ? [`${count} ${severity}${count === 1 ? "" : "s"}`] : [],
    )
    context.stderr.write(`cnitap: ${words.join(", ")} in ${operations} operations; -o wide shows remedies\n`)
  }
  await reportReadErrors(context, selection, operations)
}

/** Checks all operations, because a finding may depend on earlier ones, and returns the findings that were asked for. */
async function* findingsOf(
  { capture, readErrors, progress, matchesOperation }: Selection,
  nowMs: number,
  count: () => void,
): AsyncGenerator<Finding> {
  const linter = new Linter(nowMs)
  for await (const operation of readOperations(capture, readErrors, {}, { progress })) {
    count()
    const findings = linter.check(operation)
    if (findings.length === 0) continue
    const calls = walk(operation.calls).map(({ call }) => call)
    // A condition on a call applies to the call that the finding is about.
    yield* findings.filter(({ evidence }) =>
      matchesOperation({
        ...operation,
        calls: calls.filter(({ id }) => id === evidence.call).map((call) => ({ call, children: [] })),
      }),
    )
  }
}

/** `here`: where this process finds the path. */
function lintPath(path: string, here: string): FileFinding[] {
  try {
    if (statSync(here).isDirectory()) return lintConfDir(path, readConfDir(here))
    return lintConf(path, decodeSource(readFileSync(here)))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT") {
      const hint = "Name an existing configuration file or directory, or pass a filter with --filter."
      throw new Fault("FILE_MISSING", `${path} does not exist`, hint)
    }
    if (code === "EACCES" || code === "EPERM")
      throw new Fault("NOT_PERMITTED", `permission denied: cannot read ${path}`, "Run as root.")
    throw error
  }
}
