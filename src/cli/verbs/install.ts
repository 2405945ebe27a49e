import { FAULTS, Fault } from "../../fault/fault.ts"
import { apply, installRecord, type MissingAttributes, recordOptions } from "../../install/apply/apply.ts"
import { OBSERVER_DIR } from "../../install/disk/layout.ts"
import { readRelay } from "../../install/disk/relay-file.ts"
import { takeInventory } from "../../install/plan/inventory.ts"
import { type Plan, planInstall } from "../../install/plan/plan.ts"
import { planOutput } from "../../install/plan/plan-output.ts"
import { readStatus } from "../../install/status/status.ts"
import { addInstallOptions, installOptionsOf } from "../args/install-options.ts"
import type { Context } from "../context.ts"
import { endSignal } from "../end-signal.ts"
import { addNode, assertWritable, endExpired, openNode } from "../node/node.ts"
import { addOutput, printOne } from "../render/output.ts"
import { installedText, printPlan, progressText, realPathOn } from "../render/plan-text.ts"
import type { Verb } from "../verb.ts"

export const install: Verb = {
  description:
    "Replaces each plugin by the relay, which runs the original and records the call. No pod is restarted; `cnitap uninstall` restores every file byte for byte.",
  examples: [
    ["cnitap install --for 2h", "record every plugin that the active network uses, for two hours"],
    ["cnitap install --mode observe --for 2h", "follow the plugins from the kernel; no file of the node is changed"],
    ["cnitap install --mode chain --log-file /var/log/cni.log", "cni_pre and cni_post in the list, and the probe log"],
  ],
  define(command) {
    addOutput(addInstallOptions(addNode(command)))
      .option("--dry-run", "show every step and change nothing, as plan does")
      .option("--diff", "with --dry-run: show changed files as a diff")
      .option("--stay", "stay in the foreground, reinstall relays, and uninstall on Ctrl-C, SIGTERM or after --for")
      .option("--purge", "with --stay: also delete the capture at the end")
  },
  async run(context, _args, options) {
    const wanted = installOptionsOf(context, options)
    if (options.purge === true && options.stay !== true)
      throw new Fault("USAGE", "--purge requires --stay", "Leave it out, or use `cnitap uninstall --purge` later.")
    // From here on a signal must not end the process in the middle of an install.
    const end = options.stay === true ? endSignal() : undefined
    const relay = readRelay()
    const node = openNode(options)
    const { disk, facts, undoContext } = node
    if (options.dryRun !== true) endExpired(context, node)
    const planNow = () => planInstall(takeInventory(disk, facts, wanted), wanted, relay.sha256)
    const planned = planNow()
    if (options.dryRun === true) {
      await printPlan(context, options, planned, node)
      if (planned.refusals.length > 0) context.exitCode = FAULTS.REFUSED
      return
    }
    refuse(planned)
    assertWritable(disk, [
      ...planned.changes.map(({ binDir }) => binDir),
      ...(planned.edit ? [facts.confDir.value] : []),
    ])
    const begin = installRecord(wanted, facts, context.nowMs())
    let bare: MissingAttributes[]
    try {
      bare = apply(
        disk,
        relay,
        begin,
        planned.changes,
        () => planNow().changes,
        undoContext,
        progress(context, planned),
      )
      recordOptions(disk, begin, node.installDirs)
    } finally {
      if (context.stderr.isTTY) context.stderr.write("\r\u001b[K")
    }
    const done = { ...planned, warnings: [...planned.warnings, ...attributeWarnings(bare)] }
    await printOne(context, options, {
      kind: "Install",
      name: `install/${wanted.mode}`,
      value: planOutput(done, facts, realPathOn(disk)),
      text: () => installedText(done, options, readStatus(disk, OBSERVER_DIR, undoContext)?.observer),
    })
    if (end) await (await import("../stay.ts")).stay(context, options, begin, end)
  },
}

/** One sentence for all of them. */
function attributeWarnings(bare: readonly MissingAttributes[]): string[] {
  const [first] = bare
  if (!first) return []
  const files = bare.map(({ path }) => path).join(", ")
  return [`without the extended attributes of the original, such as its SELinux label: ${files} (${first.why})`]
}

function refuse({ refusals }: Plan): void {
  const [first] = refusals
  if (!first) return
  const why = refusals.map((refusal) => refusal.reason).join("; and ")
  throw new Fault(
    "REFUSED",
    why,
    refusals.every(({ isForceable }) => isForceable) ? `${first.hint} Or use --force.` : first.hint,
  )
}

function progress({ stderr }: Context, { changes }: Plan): Parameters<typeof apply>[6] {
  if (!stderr.isTTY) return undefined
  const count = changes.reduce((sum, { steps }) => sum + steps.length, 0)
  let at = 0
  return (step) => {
    at++
    // At most one line of an 80-column terminal: a longer one could not be erased.
    stderr.write(`\r\u001b[K${progressText(step, at, count).slice(0, 79)}`)
  }
}
