import { runChecks } from "../../doctor/run-checks.ts"
import { Fault } from "../../fault/fault.ts"
import type { NodeFacts } from "../../install/detect/node-facts.ts"
import { NodeFiles } from "../../install/detect/node-files.ts"
import { runtimeLabel } from "../../install/detect/runtimes/runtime.ts"
import { runProgram } from "../../install/disk/run-program.ts"
import type { InstallStatus } from "../../install/status/status.ts"
import type { Context } from "../context.ts"
import { addNode, gapsOf, installsOf, type NodeView, openNode } from "../node/node.ts"
import { repeatFlagsIn } from "../render/command-text.ts"
import { nodeFindingTable } from "../render/finding-table.ts"
import { addOutput, printRows } from "../render/output.ts"
import type { Verb } from "../verb.ts"

export const doctor: Verb = {
  description:
    "Checks the runtime, the network list, plugin files, address pools and leftovers. Prints a remedy for each finding and exits 1 if there is an error.",
  examples: [
    ["cnitap doctor", "findings on this node, and what to do about them"],
    ["cnitap doctor --root /host -o json", "findings on a node that is mounted at /host, as JSON"],
  ],
  define(command) {
    addNode(addOutput(command)).option("--execute", "also run VERSION of the plugins below --root, in a chroot")
  },
  async run(context, _args, options) {
    const node = openNode(options)
    const { facts, installDirs } = node
    const installs = readableInstalls(node)
    const progress = progressOf(context)
    const findings = await runChecks(facts, {
      files: new NodeFiles(facts.root, runProgram),
      mayExecute: facts.root === "/" || options.execute === true,
      installDirs,
      installs,
      gaps: gapsOf(node, installs),
      nowMs: context.nowMs(),
      onExecute: progress.onAsk,
    })
    progress.end()
    const table = nodeFindingTable(`no problems found: ${healthText(facts)}`)
    await printRows(context, options, table, repeatFlagsIn(findings, "remedy", options))
    if (findings.some(({ severity }) => severity === "error")) context.exitCode = 1
  },
}

/** A journal that cannot be read is reported by status; the checks of the node do not need it. */
function readableInstalls(node: NodeView): InstallStatus[] {
  try {
    return installsOf(node)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return []
  }
}

const ERASE_LINE = "\r\x1b[K"

/** A plugin that hangs delays its VERSION reply by up to 20 s. */
function progressOf({ stderr }: Context) {
  if (!stderr.isTTY) return { onAsk() {}, end() {} }
  return {
    onAsk(plugin: string, at: number, count: number) {
      stderr.write(`${ERASE_LINE}cnitap: running VERSION of ${plugin} (${at + 1} of ${count})`)
    },
    end() {
      stderr.write(ERASE_LINE)
    },
  }
}

function healthText({ runtime, networks, plugins }: NodeFacts): string {
  const active = networks.filter(({ isActive }) => isActive)
  const name = runtime ? runtimeLabel(runtime) : "a runtime"
  return `${name} uses ${active.map(({ file }) => file).join(", ") || "no network"} and ${plugins.length} plugins`
}
