import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { deletePods } from "../../src/cluster/delete-objects.ts"
import { Kubectl } from "../../src/cluster/kubectl.ts"

test("kubectl prints nothing while it waits for pods to be gone, and is left as much time as it was given", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-delete-"))
  const { PATH } = process.env
  t.after(() => {
    process.env.PATH = PATH
    rmSync(directory, { recursive: true })
  })
  const gone = join(directory, "gone")
  execFileSync("mkfifo", [gone])
  writeFileSync(join(directory, "kubectl"), `#!/bin/sh\nread _ < ${gone}\n`, { mode: 0o755 })
  process.env.PATH = `${directory}:${PATH}`
  t.mock.timers.enable({ apis: ["setTimeout"] })
  const deleting = deletePods(new Kubectl({}), ["cnitap-look-node-1"])
  const pods = await open(gone, "w")
  t.mock.timers.tick(90_000)
  await pods.write("\n")
  await pods.close()
  await deleting
})
