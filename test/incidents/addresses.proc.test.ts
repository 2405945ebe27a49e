import assert from "node:assert/strict"
import { test } from "node:test"
import { IncidentNode } from "./incident-node.ts"
import { bridge, DEBIAN, PORTMAP, pods } from "./lists.ts"

const NO_ADDRESS = "failed to allocate for range 0: no IP addresses available in range set: 10.80.0.1-10.80.0.6"

test("incident 1: every address of a small subnet is in use", async (t) => {
  const list = pods(bridge("10.80.0.0/29"), PORTMAP)
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  const containerd = await node.runtime()
  for (const pod of ["a", "b", "c", "d", "e"]) assert.equal(await containerd.run(`shop/${pod}`, list), "")
  assert.equal(await containerd.run("shop/f", list), `plugin type="bridge" failed (add): ${NO_ADDRESS}`)
  assert.deepEqual(await node.answers("shop/f"), {
    explain: [
      "ADD shop/f failed T ago in host-local, called by bridge, after T",
      `  first failure  host-local, called by bridge: ${NO_ADDRESS} (code 999, exit 1)`,
      "  never ran  portmap",
      `  runtime error  plugin type="bridge" failed (add): ${NO_ADDRESS}`,
      "  addresses  5 attachments of the network have addresses now, and all of them seem to be in use",
      "  left behind  nothing: DEL #1 of the container succeeded",
      "  next step  cnitap ledger (who holds the addresses)",
    ],
    ls: ["ADD failed", "DEL ok"],
    lint: [],
    ledger: [
      "up shop/a 10.80.0.2",
      "up shop/b 10.80.0.3",
      "up shop/c 10.80.0.4",
      "up shop/d 10.80.0.5",
      "up shop/e 10.80.0.6",
    ],
  })
})

test("incident 2: the addresses leaked, because the node went down without a DEL", async (t) => {
  const list = pods(bridge("10.80.0.0/29"), PORTMAP)
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  const containerd = await node.runtime()
  for (const pod of ["a", "b", "c", "d", "e"]) await containerd.run(`shop/${pod}`, list)
  for (const pod of ["a", "b", "c"]) await containerd.forget(`shop/${pod}`)
  await containerd.run("shop/f", list)
  const { explain, ls, lint, ledger } = await node.answers("shop/f")
  assert.deepEqual(
    [explain[0], explain[4], ls, lint, ledger],
    [
      "ADD shop/f failed T ago in host-local, called by bridge, after T",
      "  addresses  3 of 5 attachments that have an address of the network were left behind: 10.80.0.2, 10.80.0.3, 10.80.0.4",
      ["ADD failed", "DEL ok"],
      [],
      [
        "leaked shop/a 10.80.0.2",
        "leaked shop/b 10.80.0.3",
        "leaked shop/c 10.80.0.4",
        "up shop/d 10.80.0.5",
        "up shop/e 10.80.0.6",
      ],
    ],
  )
})

test("incident 10: two runtimes give out addresses of one subnet", async (t) => {
  const list = pods(bridge("10.91.0.0/24"))
  const other = { ...pods(bridge("10.91.0.0/24", { dataDir: "/var/lib/cni/crio" })), name: "crio" }
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list, other] })
  const [containerd, crio] = [await node.runtime(), await node.runtime("crio")]
  assert.equal(await containerd.run("shop/a", list), "")
  assert.equal(await crio.run("build/b", other), "")
  const { explain, ls, lint, ledger } = await node.answers("build/b")
  assert.deepEqual(
    [explain, ls, lint, ledger],
    [
      [
        "ADD build/b ended T ago: every plugin exited with 0, but 10.91.0.2 is also the address of shop/a (network pods)",
        "  result  bridge exited with 0; assigned 10.91.0.2; slowest was bridge (T)",
        "  next step  cnitap who-owns 10.91.0.2",
      ],
      ["ADD ok"],
      ["warning subnet-of-two-networks bridge"],
      ["up shop/a 10.91.0.2", "up build/b 10.91.0.2"],
    ],
  )
})
