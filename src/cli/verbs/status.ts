import { FAULTS } from "../../fault/fault.ts"
import type { NodeFacts } from "../../install/detect/node-facts.ts"
import { tidyTombstones } from "../../install/undo/removal.ts"
import { type InstallStatus, isWhole, readStatus } from "../../install/watch/status.ts"
import { addNode, endExpired, instant, openNode, patient } from "../args/node.ts"
import { age } from "../args/time.ts"
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
    const { disk, homes, shimDir, facts, surroundings } = node
    endExpired(context, node)
    for (const path of tidyTombstones(disk, homes, shimDir, patient(context, surroundings)))
      context.stderr.write(`cnitap: ${path} is gone: nothing names it any more\n`)
    const installs = homes.flatMap((binDir) => readStatus(disk, binDir, surroundings) ?? [])
    await printOne(context, options, {
      kind: "Status",
      name: "status/node",
      value: {
        installs: installs.map((install) => ({ ...install, isWhole: isWhole(install) })),
        agents: facts.agents,
      },
      text: () => statusText(context, installs, facts, homes),
    })
    if (installs.length === 0) context.exitCode = FAULTS.NOT_FOUND
    else if (!installs.every(isWhole)) context.exitCode = 1
  },
}

const STATES = {
  recorded: "recorded",
  replaced: "replaced by somebody else: recording ended there",
  missing: "missing: removed by somebody else",
  broken: "broken: the original is gone",
  waiting: "waiting: the runtime does not look there yet",
}

function statusText(
  { nowMs }: Context,
  installs: readonly InstallStatus[],
  { agents }: NodeFacts,
  homes: readonly string[],
): string {
  if (installs.length === 0) return `nothing is installed in ${homes.join(", ")}\n`
  const texts = installs.map(
    ({ binDir, mode, state, sinceMs, changedMs, settings, plugins, list, tombstones, capture }) =>
      sections([
        [
          `MODE ${mode} in ${binDir}: ${state}`,
          [
            `since ${instant(sinceMs)} (${age(sinceMs, nowMs())})`,
            ...(changedMs > sinceMs ? [`changed ${instant(changedMs)} (${age(changedMs, nowMs())})`] : []),
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
  const agentTexts = agents.map(({ name, does }) => `${name}: ${does}`)
  return [...texts, ...(agentTexts.length > 0 ? [sections([["AGENTS", agentTexts]])] : [])].join("\n")
}

function captureText({ path, isThere, sizeBytes, segments }: InstallStatus["capture"]): string {
  return isThere
    ? `${path}: ${(sizeBytes / 2 ** 20).toFixed(1)} MiB in ${segments} segments`
    : `${path} is not there: nothing is recorded`
}
