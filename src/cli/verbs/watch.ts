import { Fault } from "../../fault/fault.ts"
import { readRelay } from "../../install/disk/relay-file.ts"
import { readStatus } from "../../install/status/status.ts"
import { Watch } from "../../install/watch/watch.ts"
import { endSignal } from "../end-signal.ts"
import { addNode, assertWritable, endExpired, openNode } from "../node/node.ts"
import type { Verb } from "../verb.ts"

export const watch: Verb = {
  description:
    "Runs until Ctrl-C, or until nothing is installed any more: it also ends an install whose time (--for) is over, and starts an observer again that was killed.",
  examples: [
    ["cnitap install --for 2h && cnitap watch", "record for two hours, even if the network agent restarts"],
    ["cnitap watch --root /host", "the same from a container that has the node mounted at /host"],
  ],
  define: addNode,
  async run(context, _args, options) {
    const node = openNode(options)
    const { disk, installDirs, shimDir, undoContext } = node
    endExpired(context, node)
    const installed = installDirs.filter((binDir) => readStatus(disk, binDir, undoContext))
    if (installed.length === 0) {
      throw new Fault("NOT_FOUND", `nothing is installed in ${installDirs.join(", ")}`, "Run cnitap install first.")
    }
    assertWritable(disk, installed)
    const report = (text: string) => {
      context.stdout.write(`${new Date(context.nowMs()).toISOString()} ${text}\n`)
    }
    const end = endSignal()
    report(`watching ${installed.join(", ")}`)
    const detect = () => openNode(options)
    const watched = { disk, relay: readRelay(), installDirs, shimDir, detect, nowMs: context.nowMs }
    await new Watch(watched, report).run(end)
    report(end.aborted ? "stopped watching; what is installed stays" : "nothing is installed any more")
  },
}
