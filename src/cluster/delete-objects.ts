import { type Kubectl, kubectlFault } from "./kubectl.ts"
import { NAMESPACE } from "./names.ts"

const AT_A_TIME = 200
/** An older kubelet takes more than a minute to remove a pod whose image it could not pull. */
const WAIT_SECONDS = 90
/** kubectl prints nothing while it waits. */
const SILENCE_MS = (WAIT_SECONDS + 30) * 1000

/** Deletes pods. A recorder uninstalls then; without `isWaiting` it may still be doing so. */
export async function deletePods(kubectl: Kubectl, names: readonly string[], { isWaiting = true } = {}): Promise<void> {
  for (let at = 0; at < names.length; at += AT_A_TIME) {
    const some = names.slice(at, at + AT_A_TIME)
    const flags = ["-n", NAMESPACE, "--ignore-not-found", `--wait=${isWaiting}`, `--timeout=${WAIT_SECONDS}s`]
    const result = await kubectl.run(["delete", "pods", ...flags, ...some], { silenceMs: SILENCE_MS })
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
