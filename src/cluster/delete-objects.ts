import { type Kubectl, kubectlFault } from "./kubectl.ts"
import { NAMESPACE } from "./names.ts"

const AT_A_TIME = 200

/** Deletes pods. A recorder uninstalls then; without `isWaiting` it may still be doing so. */
export async function deletePods(kubectl: Kubectl, names: readonly string[], { isWaiting = true } = {}): Promise<void> {
  for (let at = 0; at < names.length; at += AT_A_TIME) {
    const some = names.slice(at, at + AT_A_TIME)
    const result = await kubectl.run([
      ...["delete", "pods", "-n", NAMESPACE, "--ignore-not-found", `--wait=${isWaiting}`, "--timeout=90s"],
      ...some,
    ])
    if (result.code !== 0 && !/timed out waiting/.test(result.stderr)) throw kubectlFault(result)
  }
}

/** Without the right to delete the namespace it stays: it is empty. Returns whether it is gone, or will be. */
export async function deleteNamespace(kubectl: Kubectl): Promise<boolean> {
  const result = await kubectl.run(["delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false"])
  if (result.code === 0) return true
  if (/\bforbidden\b/i.test(result.stderr)) return false
  throw kubectlFault(result)
}
