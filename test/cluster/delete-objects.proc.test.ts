import { execFileSync } from "node:child_process"
import { open } from "node:fs/promises"
import { join } from "node:path"
import { test } from "node:test"
import { deletePods } from "../../src/cluster/delete-objects.ts"
import { Kubectl } from "../../src/cluster/kubectl.ts"
import { kubectlScript } from "./kubectl-script.ts"

test("kubectl prints nothing while it waits for pods to be gone, and is left as much time as it was given", async (t) => {
  const gone = join(kubectlScript(t, "read _ < gone"), "gone")
  execFileSync("mkfifo", [gone])
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const deleting = deletePods(new Kubectl({}), ["cnitap-look-node-1"])
  const pods = await open(gone, "w")
  t.mock.timers.tick(90_000)
  await pods.write("\n")
  await pods.close()
  await deleting
})
