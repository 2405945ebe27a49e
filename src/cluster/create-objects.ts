import { Fault } from "../fault/fault.ts"
import type { Kubectl } from "./kubectl.ts"
import { kubectlFault } from "./kubectl.ts"
import { NAMESPACE } from "./names.ts"
import { type ClusterObject, namespaceObject } from "./objects.ts"

/** The API server checks objects; a newer kubectl cannot read the schemas of an older server. */
const CREATE = ["create", "--validate=false", "-f", "-"]

/** Creates our namespace unless it exists, and returns whether it did. Without the right to do so it must exist already. */
export async function createNamespace(kubectl: Kubectl, version: string): Promise<boolean> {
  const result = await kubectl.run(CREATE, { stdin: JSON.stringify(namespaceObject(version)) })
  if (result.code === 0) return true
  if (/\(AlreadyExists\)|\bforbidden\b/i.test(result.stderr)) return false
  throw kubectlFault(result)
}

/** Creates pods in our namespace. Throws a Fault with the words of the API server if it does not accept them. */
export async function createPods(kubectl: Kubectl, pods: readonly ClusterObject[]): Promise<void> {
  if (pods.length === 0) return
  const result = await kubectl.run(CREATE, { stdin: JSON.stringify({ apiVersion: "v1", kind: "List", items: pods }) })
  if (result.code === 0) return
  if (result.stderr.includes(`namespaces "${NAMESPACE}" not found`))
    throw new Fault(
      "NOT_PERMITTED",
      `there is no namespace ${NAMESPACE}, and it cannot be created with your rights`,
      `Ask for it: kubectl apply -f deploy/rbac.yaml.`,
    )
  // Of many pods that are refused for one reason, the first says it.
  throw kubectlFault({ ...result, stderr: result.stderr.trim().split("\n")[0] ?? "" })
}
