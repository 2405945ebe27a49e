import { setTimeout as sleep } from "node:timers/promises"
import type { Kubectl } from "./kubectl.ts"
import type { Component } from "./names.ts"
import { type PodObject, podProblem, UNKNOWN_CAPABILITY } from "./pod-object.ts"
import { readPods } from "./recorder.ts"

/** How waiting for the pod of a node ended. `reason` is in the words of Kubernetes. */
export type PodOutcome = { node: string; pod: string } & ({ kind: "done" } | { kind: "failed"; reason: string })

const POLL_MS = 1000
/** Pulling a small image and starting it takes seconds; a registry may be slow. */
const PATIENCE_MS = 120_000
/** Reasons that waiting does not remove. */
const HOPELESS =
  /^(?:ImagePullBackOff|InvalidImageName|ErrImageNeverPull|CreateContainerConfigError|CrashLoopBackOff)\b/

/**
 * Waits until `isDone` is true of the pod of every node, or it is clear that it will not be. `report` gets each change of
 * what a pod waits for.
 */
export async function awaitPods(
  kubectl: Kubectl,
  component: Component,
  nodes: readonly string[],
  isDone: (pod: PodObject) => boolean,
  report: (node: string, text: string) => void,
): Promise<PodOutcome[]> {
  const outcomes = new Map<string, PodOutcome>()
  const reasons = new Map<string, string>()
  const startMs = Date.now()
  while (outcomes.size < nodes.length) {
    const pods = new Map<string, PodObject>()
    for (const pod of await readPods(kubectl, component)) pods.set(pod.spec.nodeName ?? "", pod)
    const isLate = Date.now() - startMs > PATIENCE_MS
    for (const node of nodes) {
      if (outcomes.has(node)) continue
      const pod = pods.get(node)
      const name = pod?.metadata.name ?? ""
      if (pod && isDone(pod)) {
        outcomes.set(node, { node, pod: name, kind: "done" })
        continue
      }
      const before = reasons.get(node)
      const reason = pod ? (podProblem(pod) ?? "it runs, but is not ready") : "its pod was deleted by another process"
      // "Back-off pulling image" hides why the pull failed.
      const known = reason.startsWith("ImagePullBackOff") && before?.startsWith("ErrImagePull") ? before : reason
      if (known !== before) report(node, known)
      reasons.set(node, known)
      const isEnded = pod?.status?.phase === "Failed" || pod?.status?.phase === "Succeeded"
      if (isLate || !pod || isEnded || HOPELESS.test(reason) || UNKNOWN_CAPABILITY.test(reason))
        outcomes.set(node, { node, pod: name, kind: "failed", reason: known })
    }
    if (outcomes.size < nodes.length) await sleep(POLL_MS)
  }
  return [...outcomes.values()]
}
