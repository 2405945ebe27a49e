import { isObject, parseJson } from "../cni/json.ts"
import { awaitPods } from "./await-pods.ts"
import { createPods } from "./create-objects.ts"
import { deletePods } from "./delete-objects.ts"
import type { Kubectl } from "./kubectl.ts"
import { podName } from "./names.ts"
import { undoPod } from "./objects.ts"
import { readLog } from "./read-log.ts"
import type { Recorder } from "./recorder.ts"

/** What `cnitap uninstall -o json` printed on the node, or why it could not be run there. */
export type Undone = { printed: Record<string, unknown> } | { reason: string }

/** Uninstalls on the node of a recorder that was killed, in a pod of its own, which is removed again. */
export async function undo(kubectl: Kubectl, { node, spec }: Recorder, version: string): Promise<Undone> {
  const pod = podName("undo", node)
  try {
    await createPods(kubectl, [undoPod(node, spec, version)])
    const [outcome] = await awaitPods(
      kubectl,
      "undo",
      [node],
      ({ status }) => status?.phase === "Succeeded",
      () => {},
    )
    const log = await readLog(kubectl, pod)
    const printed = parseJson(log)
    // If nothing was left, it reports that too and exits with 6.
    if (isObject(printed) && printed.kind === "Uninstall") return { printed }
    return {
      reason: log.trim().replace(/^cnitap: /, "") || (outcome?.kind === "failed" ? outcome.reason : "no answer"),
    }
  } finally {
    await deletePods(kubectl.withoutSignal(), [pod])
  }
}
