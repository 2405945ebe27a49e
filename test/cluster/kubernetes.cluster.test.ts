import { execFileSync } from "node:child_process"
import { symlinkSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { NODE_EXECUTABLE } from "../engine/node-executable.ts"
import { accessSteps } from "./kubernetes/access-steps.ts"
import { endingSteps } from "./kubernetes/ending-steps.ts"
import { Kubernetes } from "./kubernetes/kubernetes.ts"
import { observeSteps } from "./kubernetes/observe-steps.ts"
import { readingSteps } from "./kubernetes/reading-steps.ts"
import { explained, Session } from "./kubernetes/session.ts"

const BUILD_IMAGE = join(import.meta.dirname, "../../scripts/build/build-image.ts")
/** Nothing ends earlier what takes long on a slow machine: each step waits for its own condition. */
const LIMIT = { timeout: 2_700_000 }

let cluster: Kubernetes

before(async () => {
  cluster = new Kubernetes()
  await explained(cluster, () => cluster.start())
  // kubectl finds the client, which is the node executable too, under the name of a plugin.
  symlinkSync(NODE_EXECUTABLE, join(cluster.directory, "bin/kubectl-cnitap"))
  const image = join(cluster.directory, "image.tar")
  execFileSync(process.execPath, ["--import", "tsx", BUILD_IMAGE, image])
  for (const node of cluster.nodes) await cluster.importImage(node, image)
}, LIMIT)
after(() => cluster?.stop())
// Its nodes would go on without this process.
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    cluster?.stop()
    process.exit(1)
  })

test("from install to the first calls of both nodes, every verb, and back without a trace", LIMIT, async (t) => {
  const session = await Session.start(t, cluster)
  await readingSteps(session)
  await endingSteps(session)
  await accessSteps(session)
})

test(
  "followed from the kernel: calls of both nodes, of agents, what was lost, and nothing changed",
  LIMIT,
  async (t) => {
    await observeSteps(await Session.start(t, cluster))
  },
)
