import { FAULTS } from "../../fault/fault.ts"
import type { NodeFacts } from "../../install/detect/node-facts.ts"
import { type InstallStatus, isComplete, readStatus } from "../../install/status/status.ts"
import { statusOutput } from "../../install/status/status-output.ts"
import { tidyTombstones } from "../../install/undo/uninstall.ts"
import { age } from "../../model/format.ts"
import { addNode, endExpired, instant, openNode, withWaitNotice } from "../args/node.ts"
import type { Context } from "../context.ts"
import { addOutput, printOne } from "../render/output.ts"
import { aligned, sections, settingLines } from "../render/plan-text.ts"
import type { Verb } from "../verb.ts"

export const status: Verb = {
  description: "Exits 0 if every plugin is recorded, 1 if some are not, 6 if nothing is installed.",
  examples: [
    ["cnitap status", "what is recorded, since and until when, and what another process has replaced"],
    ["cnitap status -o jsonpath='{.installs[*].capture.sizeBytes}'", "the size of the capture in bytes"],
  ],
  define(command) {
    addOutput(addNode(command))
  },
  async run(context, _args, options) {
    const node = openNode(options)
    const { disk, installDirs, shimDir, facts, undoContext } = node
    endExpired(context, node)
    for (const path of tidyTombstones(disk, installDirs, shimDir, withWaitNotice(context, undoContext)))
      context.stderr.write(`cnitap: removed ${path}, which nothing names any more\n`)
    const installs = installDirs.flatMap((binDir) => readStatus(disk, binDir, undoContext) ?? [])
    await printOne(context, options, {
      kind: "Status",
      name: "status/node",
      value: statusOutput(installs, facts.agents),
      text: () => statusText(context, installs, facts, installDirs),
    })
    if (installs.length === 0) context.exitCode = FAULTS.NOT_FOUND
    else if (!installs.every(isComplete)) context.exitCode = 1
  },
}

const STATES = {
  recorded: "recorded",
  replaced: "replaced by another process: no longer recorded",
  missing: "missing: removed by another process",
  broken: "broken: the original is missing",
  waiting: "waiting: the runtime does not look there yet",
}

function statusText(
  { nowMs }: Context,
  installs: readonly InstallStatus[],
  { agents }: NodeFacts,
  installDirs: readonly string[],
): string {
  if (installs.length === 0) return `nothing is installed in ${installDirs.join(", ")}\n`
  const texts = installs.map(
    ({ binDir, mode, state, installedMs, changedMs, settings, plugins, list, tombstones, capture }) =>
      sections([
        [
          `MODE ${mode} in ${binDir}: ${state}`,
          [
            `since ${instant(installedMs)} (${age(installedMs, nowMs())})`,
            ...(changedMs > installedMs ? [`changed ${instant(changedMs)} (${age(changedMs, nowMs())})`] : []),
            ...(state === "retired" ? [] : settingLines(settings)),
            ...(state === "unfinished" ? ["it was cut off: run cnitap install again, or cnitap uninstall"] : []),
          ],
        ],
        ["PLUGINS", aligned(plugins.map(({ name, path, state: of }) => [name, path, STATES[of]]))],
        [
          "LIST",
          list
            ? [
                `${list.path} ${list.state === "edited" ? "has our entries" : `is ${list.state}: recording ended there`}`,
              ]
            : [],
        ],
        [
          "STAYS FOR NOW, recording nothing",
          tombstones.map(({ path, namedBy }) => `${path}, named by ${namedBy.join(", ")}`),
        ],
        ["CAPTURE", [captureText(capture)]],
      ]),
  )
  const agentTexts = agents.map(({ name, behaviour }) => `${name}: ${behaviour}`)
  return [...texts, ...(agentTexts.length > 0 ? [sections([["AGENTS", agentTexts]])] : [])].join("\n")
}

function captureText({ path, exists, sizeBytes, segments }: InstallStatus["capture"]): string {
  return exists
    ? `${path}: ${(sizeBytes / 2 ** 20).toFixed(1)} MiB in ${segments} segments`
    : `${path} is not there: nothing is recorded`
}
