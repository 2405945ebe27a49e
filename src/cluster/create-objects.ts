import { setTimeout as sleep } from "node:timers/promises"
import { Fault } from "../fault/fault.ts"
import { type Kubectl, kubectlFault } from "./kubectl.ts"
import { NAMESPACE } from "./names.ts"
import { type ClusterObject, namespaceObject } from "./objects.ts"

/** The API server checks objects; a newer kubectl cannot read the schemas of an older server. */
const CREATE = ["create", "--validate=false", "-f", "-"]

const POLL_MS = 500
/** Deleting a namespace takes seconds, and as long as its pods need to end. */
const PATIENCE_MS = 120_000

/** Creates our namespace unless it exists, and returns whether it did. Without the right to do so it must exist already. */
export async function createNamespace(kubectl: Kubectl, version: string): Promise<boolean> {
  for (const endMs = Date.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    const result = await kubectl.run(CREATE, { stdin: JSON.stringify(namespaceObject(version)) })
    if (result.code === 0) return true
    if (/\bforbidden\b/i.test(result.stderr)) return false
    if (!result.stderr.includes("(AlreadyExists)")) throw kubectlFault(result)
    // One that was deleted a moment ago accepts no pods, or is gone by now.
    const { stdout, stderr } = await kubectl.run(["get", "namespace", NAMESPACE, "-o", "jsonpath={.status.phase}"])
    if (stdout !== "Terminating" && !stderr.includes("(NotFound)")) return false
    if (Date.now() > endMs)
      throw new Fault(
        "CLUSTER",
        `the namespace ${NAMESPACE} has been deleted and is not gone yet`,
        "Look for a pod that does not end: `kubectl get pods -n cnitap`.",
      )
  }
}

/** Creates pods in our namespace. Throws a Fault with the words of the API server if it does not accept them. */
export async function createPods(kubectl: Kubectl, pods: readonly ClusterObject[]): Promise<void> {
  if (pods.length === 0) return
  const result = await kubectl.run(CREATE, { stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items: pods }) })
  if (result.code === 0) return
  if (result.stderr.includes(`namespaces "${NAMESPACE}" not found`))
    throw new Fault(
      "NOT_PERMITTED",
      `the namespace ${NAMESPACE} does not exist, and you are not allowed to create it`,
      `Ask for it: kubectl apply -f deploy/rbac.yaml.`,
    )
  // If many pods are refused for one reason, the message about the first one suffices.
  throw kubectlFault({ ...result, stderr: result.stderr.trim().split("\n")[0] ?? "" })
}
