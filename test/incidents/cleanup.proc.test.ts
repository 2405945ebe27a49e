import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { IncidentNode } from "./incident-node.ts"
import { bridge, DEBIAN, later, PRINT_PREV_RESULT, pods } from "./lists.ts"

test("incident 9: DEL fails forever, because the network namespace is gone", async (t) => {
  const list = pods(bridge("10.89.0.0/24"), { type: "policy" })
  const error = "failed to open netns: no such file or directory"
  const policy = `input=$(cat)
if [ $CNI_COMMAND = ADD ]; then ${PRINT_PREV_RESULT}; exit 0; fi
[ -e "$CNI_NETNS" ] && exit 0
echo '{"code": 999, "msg": "${error}"}'; exit 1`
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts: { policy }, lists: [list] })
  const containerd = await node.runtime()
  await containerd.run("shop/a", list)
  await later(1500)
  await containerd.forget("shop/a")
  for (let attempt = 0; attempt < 6; attempt++)
    assert.equal(await containerd.stop("shop/a"), `plugin type="policy" failed (delete): ${error}`)
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "DEL shop/a failed T ago in policy, after T",
      `  first failure  policy: ${error} (code 999, exit 1)`,
      "  never ran  bridge",
      `  runtime error  plugin type="policy" failed (delete): ${error}`,
      "  left behind  10.89.0.2 held by bridge, host-local, policy: DEL (6 attempts) failed in policy; never reached bridge, host-local; its network namespace is gone",
      "  attempts  this is attempt 6 of 6 in T; 6 failed, and none has succeeded since",
      "  next step  cnitap show #1",
    ],
    ls: ["ADD ok", ...Array.from({ length: 6 }, () => "DEL failed")],
    lint: ["error del-needs-netns policy"],
    ledger: ["leaked shop/a 10.89.0.2"],
  })
})

test("incident 11: the second delegate of Multus fails, and its DEL keeps that of the first from being called", async (t) => {
  const storage = {
    name: "storage",
    type: "macvlan",
    master: "eth9",
    ipam: { type: "host-local", ranges: [[{ subnet: "10.93.0.0/24" }]] },
  }
  const list = pods({ type: "multus", delegates: [{ name: "default", ...bridge("10.92.0.0/24") }, storage] })
  const multus = readFileSync(join(import.meta.dirname, "../doubles/multus.cjs"), "utf8")
  const node = await IncidentNode.start(t, { plugins: [...DEBIAN, "macvlan"], scripts: { multus }, lists: [list] })
  const containerd = await node.runtime()
  const error = '[shop/a/:storage]: error adding container to network "storage": Link not found'
  assert.equal(await containerd.run("shop/a", list), `plugin type="multus" failed (add): ${error}`)
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a failed T ago in macvlan, called by multus, after T",
      "  first failure  macvlan, called by multus: Link not found (code 999, exit 1)",
      `  reported by  multus: ${error} (code 999, exit 1)`,
      `  runtime error  plugin type="multus" failed (add): ${error}`,
      "  since then  the DEL that cleans up failed too, in macvlan, called by multus: Link not found",
      "  left behind  whatever multus created: DEL failed in multus",
      "  left behind  10.92.0.2 held by bridge, host-local: DEL failed in multus; never called bridge, host-local",
      "  left behind  whatever macvlan created: DEL failed in macvlan",
      "  next step  cnitap show #1",
    ],
    ls: ["ADD failed", "DEL failed"],
    lint: [],
    ledger: ["stuck shop/a", "stuck shop/a 10.92.0.2", "stuck shop/a"],
  })
})
