import { FAULTS } from "../../fault/fault.ts"
import type { InstallOptions } from "../../install/plan/install-options.ts"
import { gapText } from "../../install/status/recording-gap.ts"
import { optionsOf } from "../../install/status/recording-gaps.ts"
import type { InstallStatus } from "../../install/status/status.ts"
import { type StatusOutput, statusOutput } from "../../install/status/status-output.ts"
import { tidyTombstones } from "../../install/undo/uninstall.ts"
import { age } from "../../model/format.ts"
import { instant } from "../args/time.ts"
import type { Context } from "../context.ts"
import { addNode, endExpired, gapsOf, installsOf, openNode, withWaitNotice } from "../node/node.ts"
import { installCommand, nodeCommand } from "../render/command-text.ts"
import { addOutput, printOne } from "../render/output.ts"
import { aligned, observerLines, sections, settingLines } from "../render/plan-text.ts"
import type { Verb } from "../verb.ts"

export const status: Verb = {
  description:
    "Exits 0 if every plugin of the active list is recorded, 1 if some are not or the capture cannot be written, 6 if nothing is installed.",
  examples: [
    ["cnitap status", "what is recorded, until when, and what was replaced"],
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
    const installs = installsOf(node)
    const output = statusOutput(installs, facts, gapsOf(node, installs), context.nowMs())
    await printOne(context, options, {
      kind: "Status",
      name: "status/node",
      value: output,
      text: () =>
        statusText(context, output, installDirs, nextLines(output, optionsOf(installs, shimDir), options, context)),
    })
    if (installs.length === 0) context.exitCode = FAULTS.NOT_FOUND
    else if (!output.isComplete) context.exitCode = 1
  },
}

const STATES = {
  recorded: "recorded",
  replaced: "replaced by another process: no longer recorded",
  missing: "missing: removed by another process",
  broken: "broken: the original is missing",
  waiting: "waiting: the runtime does not look there yet",
}

/** The commands after which everything is recorded again. */
function nextLines(
  { installs, gaps }: StatusOutput,
  wanted: InstallOptions | undefined,
  options: Record<string, unknown>,
  { nowMs }: Context,
): string[] {
  const isMissing = gaps.some(({ cause }) => cause === "missing")
  const isInstallable =
    !installs.every(({ isComplete }) => isComplete) || gaps.some(({ cause }) => cause === "not-installed")
  return [
    ...(isMissing ? [nodeCommand("doctor", options)] : []),
    ...(isInstallable && wanted ? [installCommand(wanted, options, nowMs())] : []),
    ...(installs.some(({ state }) => state === "unfinished") ? [nodeCommand("uninstall", options)] : []),
  ]
}

function statusText(
  { nowMs }: Context,
  { installs, activeLists, gaps, agents }: StatusOutput,
  installDirs: readonly string[],
  next: string[],
): string {
  if (installs.length === 0) return `nothing is installed in ${installDirs.join(", ")}\n`
  const texts = installs.map(
    ({
      binDir,
      mode,
      state,
      installedMs,
      changedMs,
      settings,
      onlyPlugins,
      plugins,
      list,
      observer,
      tombstones,
      capture,
    }) =>
      sections([
        [
          `MODE ${mode} in ${binDir}: ${state}`,
          [
            `since ${instant(installedMs)} (${age(installedMs, nowMs())})`,
            ...(changedMs > installedMs ? [`changed ${instant(changedMs)} (${age(changedMs, nowMs())})`] : []),
            ...(state === "retired" ? [] : settingLines({ mode, settings })),
            ...(onlyPlugins ? [`only ${onlyPlugins.join(", ")} (--plugins)`] : []),
            ...(state === "unfinished" ? ["it was interrupted: install again, or uninstall"] : []),
          ],
        ],
        ["OBSERVER", observer ? observerLines(observer) : []],
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
  const node = sections([
    ["ACTIVE LIST", listLines(installs, activeLists)],
    ["NOT RECORDED", gaps.map(gapText)],
    ["AGENTS", agents.map(({ name, behaviour }) => `${name}: ${behaviour}`)],
    ["NEXT", next],
  ])
  return [...texts, node].join("\n")
}

/** Several networks are active only if containers name theirs, or the runtime attaches several. */
function listLines(installs: StatusOutput["installs"], activeLists: readonly string[]): string[] {
  const before = [...new Set(installs.filter(({ state }) => state === "installed").flatMap(({ lists }) => lists))]
  const isChanged = before.length > 0 && activeLists.join() !== before.join()
  return [
    ...(activeLists.length > 0 ? activeLists : ["none: the runtime has no network"]),
    ...(isChanged ? [`at the install it was ${before.join(", ")}`] : []),
  ]
}

function captureText({ path, problem, sizeBytes, segments }: InstallStatus["capture"]): string {
  return problem === undefined
    ? `${path}: ${(sizeBytes / 2 ** 20).toFixed(1)} MiB in ${segments} segments`
    : `${path} ${problem}: nothing is recorded`
}
