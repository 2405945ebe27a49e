import type { Kubectl } from "./kubectl.ts"
import { CONTAINER, NAMESPACE } from "./names.ts"

/** What the program in a pod printed; empty if it printed nothing or cannot be asked. */
export async function readLog(kubectl: Kubectl, pod: string): Promise<string> {
  const { code, stdout } = await kubectl.run(["logs", "-n", NAMESPACE, pod, "-c", CONTAINER])
  return code === 0 ? stdout : ""
}
