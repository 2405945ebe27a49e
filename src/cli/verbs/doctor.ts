import { statSync } from "node:fs"
import { resolve } from "node:path"
import { examine } from "../../doctor/examine.ts"
import { Fault } from "../../fault/fault.ts"
import { detect } from "../../install/detect.ts"
import type { NodeFacts } from "../../install/facts.ts"
import type { Context } from "../context.ts"
import { nodeFindingTable } from "../finding-table.ts"
import { addRoot } from "../ledger.ts"
import { addOutput, printRows } from "../output.ts"
import type { Verb } from "../verb.ts"

export const doctor: Verb = {
  name: "doctor",
  summary: "find what keeps this node from making pods, and what to do about it; exit 1 if there is any error",
  define(command) {
    addRoot(addOutput(command))
      .option("--conf-dir <directory>", "directory of network configurations, instead of the runtime's")
      .option("--bin-dir <directories>", "plugin directories, instead of the runtime's: A,B")
      .option("--execute", "run VERSION of the plugins below --root too, in a chroot")
  },
  async run(context, _args, options) {
    const root = resolve(String(options.root))
    const stat = statSync(root, { throwIfNoEntry: false })
    if (!stat?.isDirectory())
      throw new Fault(
        "NOT_FOUND",
        `${root} ${stat ? "is no directory" : "does not exist"}`,
        "Name another with --root.",
      )
    const binDirs = typeof options.binDir === "string" ? options.binDir.split(",").filter(Boolean) : []
    const facts = detect(root, {
      ...(typeof options.confDir === "string" ? { confDir: options.confDir } : {}),
      ...(binDirs.length > 0 ? { binDirs } : {}),
    })
    const findings = await examine(facts, {
      mayExecute: root === "/" || options.execute === true,
      nowMs: context.nowMs(),
      onAsk: progressOf(context),
    })
    await printRows(context, options, nodeFindingTable(`nothing found: ${healthText(facts)}`), findings)
    if (findings.some(({ severity }) => severity === "error")) context.exitCode = 1
  },
}

/** A plugin may take its time to answer, up to 20 s when it hangs. */
function progressOf({ stderr }: Context): (plugin: string, at: number, count: number) => void {
  return (plugin, at, count) => {
    if (!stderr.isTTY) return
    stderr.write(`\r\x1b[Kcnitap: asking ${plugin} for its versions (${at + 1} of ${count})`)
    if (at + 1 === count) stderr.write("\r\x1b[K")
  }
}

function healthText({ runtime, networks, plugins }: NodeFacts): string {
  const active = networks.filter(({ isActive }) => isActive)
  const name = runtime ? [runtime.name, runtime.version].filter(Boolean).join(" ") : "a runtime"
  return `${name} works with ${active.map(({ file }) => file).join(", ") || "no network"} and ${plugins.length} plugins`
}
