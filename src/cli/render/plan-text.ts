import { existsSync, realpathSync } from "node:fs"
import { lintNetworks } from "../../doctor/lint-network.ts"
import type { NodeFacts } from "../../install/detect/node-facts.ts"
import { NodeFiles } from "../../install/detect/node-files.ts"
import { type PathSetting, runtimeLabel } from "../../install/detect/runtimes/runtime.ts"
import type { Disk } from "../../install/disk/disk.ts"
import { runProgram } from "../../install/disk/run-program.ts"
import type { InstallMode, InstallOptions } from "../../install/plan/install-options.ts"
import type { Plan } from "../../install/plan/plan.ts"
import { planOutput } from "../../install/plan/plan-output.ts"
import { type InstallStep, stepText } from "../../install/plan/step.ts"
import type { ObserverStatus } from "../../install/status/status.ts"
import type { FileFinding } from "../../model/lint/conf/lint-conf.ts"
import { lossTexts } from "../../model/losses.ts"
import { instant } from "../args/time.ts"
import type { Context } from "../context.ts"
import type { NodeView } from "../node/node.ts"
import { visible } from "../terminal/colour.ts"
import { installCommand, nodeCommand, readingCommand } from "./command-text.ts"
import { whatText } from "./finding-table.ts"
import { printOne } from "./output.ts"
import { planDiff } from "./plan-diff.ts"

const MODE_TEXT: Record<InstallMode, string> = {
  swap: "the relay replaces the files of the plugins",
  path: "relays in a directory that the runtime looks into first",
  chain: "cni_pre first and cni_post last in the list",
  observe: "plugins are followed from the kernel; no file of the node is changed",
}

/** Prints a plan as text, as a diff (--diff) or in the format of -o. */
export async function printPlan(
  context: Context,
  options: Record<string, unknown>,
  plan: Plan,
  { disk, facts }: Pick<NodeView, "disk" | "facts">,
): Promise<void> {
  const next = installCommand(plan.options, options, context.nowMs())
  const findings = lintNetworks(new NodeFiles(facts.root, runProgram), facts.networks)
  await printOne(context, options, {
    kind: "Plan",
    name: `plan/${plan.options.mode}`,
    value: { ...planOutput(plan, facts, realPathOn(disk)), findings },
    text: () => (options.diff === true ? planDiff(plan) : planText(plan, facts, findings, next)),
  })
}

/** Paths of the node without symlinks: `disk` has them below its root. */
export function realPathOn(disk: Disk): (path: string) => string {
  const root = disk.at("/").replace(/\/+$/, "")
  return (path) => {
    const below = disk.at(path).slice(root.length)
    return root === "" && existsSync(below) ? realpathSync(below) : below
  }
}

/**
 * A plan as text: what is wrong with the configuration, what is recorded, where, what is not, for how long, every step,
 * and the command that performs it.
 */
export function planText(plan: Plan, facts: NodeFacts, findings: readonly FileFinding[], next: string): string {
  const { options, targets, notRecorded, changes, warnings, refusals, otherModes } = plan
  const steps = changes.flatMap((work) => work.steps)
  return sections([
    [
      `MODE ${options.mode}: ${MODE_TEXT[options.mode]}`,
      [...(options.notObserved === undefined ? [] : [`not observed: ${options.notObserved}`]), ...nodeLines(facts)],
    ],
    ["REFUSED", refusals.flatMap(({ reason, hint }) => [reason, `  ${hint}`])],
    ["WARNING", warnings],
    ["CONFIGURATION", findings.flatMap(findingLines)],
    [
      "PLUGINS",
      aligned(
        targets.map(({ name, via, path, reason, installed }) => [
          name,
          via ?? "named by hand",
          path ?? "",
          reason === undefined ? (installed ? "recorded already" : "will be recorded") : `not recorded: ${reason}`,
        ]),
      ),
    ],
    ["NOT RECORDED", notRecorded.map(({ what, reason }) => `${what}: ${reason}`)],
    ["RECORDS", settingLines(options)],
    [
      steps.length > 0 ? "STEPS" : "",
      aligned(steps.map((step, at) => [String(at + 1).padStart(String(steps.length).length), stepText(step)])),
    ],
    ["STEPS", steps.length === 0 && refusals.length === 0 ? ["none: everything is already in place"] : []],
    ["TO BE SET BY YOU", operatorLines(plan)],
    [
      "OTHER MODES",
      [
        ...otherModes.map(
          ({ mode, refusals: [first] }) => `${mode}: ${first ? `refused, ${first.reason}` : possibleText(mode, facts)}`,
        ),
      ],
    ],
    ["NEXT", refusals.length === 0 && steps.length > 0 ? [next] : []],
  ])
}

function possibleText(mode: InstallMode, { observation }: NodeFacts): string {
  return mode === "observe" && observation
    ? "possible with the node executable; recommended, because it changes nothing on the node"
    : "possible"
}

function findingLines({ path, line, severity, rule, title, detail, remedy }: FileFinding): string[] {
  return [`${path}:${line}: ${severity}: ${whatText({ title, detail })} (${rule})`, `  ${remedy}`]
}

/** What the operator has to set: path mode only. */
function operatorLines({ options, pathSetting }: Plan): string[] {
  if (pathSetting) return pathSettingLines(pathSetting, options.shimDir)
  return options.mode === "path" ? unknownSetting(options.shimDir) : []
}

/** The summary after an install: which plugins are recorded, where, and until when. */
export function installedText(plan: Plan, options: Record<string, unknown>, observer?: ObserverStatus): string {
  const { targets, notRecorded, warnings, edit, changes } = plan
  const { mode, settings } = plan.options
  const isObserved = mode === "observe"
  const recorded = targets.filter(({ reason }) => reason === undefined).map(({ name }) => name)
  const left = targets.filter(({ reason }) => reason !== undefined)
  const what = mode === "chain" ? (edit?.path ?? "the active list, already edited") : recorded.join(", ")
  const head = changes.length > 0 ? "installed" : "nothing to do, already installed"
  return sections([
    [`${head}: mode ${mode}, ${what}`, [...settingLines(plan.options), ...(observer ? observerLines(observer) : [])]],
    ["TO BE SET BY YOU", operatorLines(plan)],
    [
      "NOT RECORDED",
      [
        ...left.map(({ name, reason }) => `${name}: ${reason}`),
        ...notRecorded.map(({ what, reason }) => `${what}: ${reason}`),
      ],
    ],
    ["WARNING", warnings],
    [
      "NEXT",
      aligned([
        [readingCommand("ls", options, settings.capture), "what was called"],
        [nodeCommand("status", options), "what is installed"],
        [nodeCommand("uninstall", options), isObserved ? "ends the observer" : "restores every file"],
      ]),
    ],
  ])
}

/** A step of an install as a progress line. */
export function progressText(step: InstallStep, at: number, count: number): string {
  return `cnitap: ${at}/${count} ${stepText(step)}`
}

function nodeLines({ runtime, platform, confDir, binDirs, networks, agents, root }: NodeFacts): string[] {
  const active = networks.find(({ isActive }) => isActive)
  return aligned([
    ...(root === "/" ? [] : [["root", root, ""]]),
    ["runtime", runtime ? runtimeLabel(runtime) : "none found", platform.name],
    ["plugins", binDirs.value.join(", "), binDirs.from],
    ["networks", confDir.value, confDir.from],
    ["active", active ? active.file : "none", active?.name ?? ""],
    ...(agents.length > 0 ? [["agents", agents.map(({ name }) => name).join(", "), ""]] : []),
  ])
}

const AT_THE_END: Record<InstallMode, string> = {
  swap: "the relays only pass calls on",
  path: "the relays only pass calls on",
  chain: "the probes record nothing",
  observe: "the observer ends",
}

export function settingLines({ mode, settings }: Pick<InstallOptions, "mode" | "settings">): string[] {
  const { capture, raw, onlyFailures, sampleOneIn, maxSizeBytes, untilMs, logFile } = settings
  return [
    `into ${capture}${logFile ? `, probe log into ${logFile}` : ""}`,
    untilMs === undefined ? "until cnitap uninstall" : `until ${instant(untilMs)}; afterwards ${AT_THE_END[mode]}`,
    ...(sampleOneIn === undefined ? [] : [`calls of one container in ${sampleOneIn}`]),
    ...(maxSizeBytes === undefined ? [] : [`at most ${maxSizeBytes} bytes`]),
    ...(onlyFailures ? ["failed calls only, without those in flight"] : []),
    ...(raw ? ["secrets too (--raw)"] : []),
  ]
}

/** The observer of mode observe, and what it has lost. */
export function observerLines({
  isRunning,
  reason,
  pid,
  startedMs,
  seenMs,
  plugins,
  losses,
}: ObserverStatus): string[] {
  const since = startedMs === 0 ? "" : `, started at ${instant(startedMs)}`
  return [
    isRunning
      ? `process ${pid} follows ${plugins} files${since}`
      : `it does not run: ${reason}${since}${seenMs === 0 ? "" : `, last seen at ${instant(seenMs)}`}`,
    ...lossTexts(losses),
  ]
}

/** The setting for the runtime. If it accepts a single directory, it gets ours, which has every plugin. */
export function pathSettingLines({ file, key, value, kind, restart, note }: PathSetting, shimDir: string): string[] {
  const all = [shimDir, ...value.filter((directory) => directory !== shimDir)]
  const written = {
    list: `${key} = ${JSON.stringify(all)}`,
    single: `${key} = ${JSON.stringify(shimDir)}`,
    flag: `${key}=${all.join(",")}`,
  }
  return [
    `in ${file}: ${written[kind]}`,
    ...(note === undefined ? [] : [`note: ${note}`]),
    `then: ${restart}`,
    "cnitap restarts nothing; nothing is recorded until then",
  ]
}

function unknownSetting(shimDir: string): string[] {
  return [`put ${shimDir} first in the plugin path of your runtime and restart it; nothing is recorded until then`]
}

/** Titled sections; all but the first are left out if they are empty. */
export function sections(parts: [string, string[]][]): string {
  return parts
    .filter(([, lines], at) => at === 0 || lines.length > 0)
    .map(([title, lines]) => `${title}\n${lines.map((line) => `  ${visible(line)}\n`).join("")}`)
    .join("\n")
}

export function aligned(rows: string[][]): string[] {
  const widths: number[] = []
  for (const row of rows) for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  )
}
