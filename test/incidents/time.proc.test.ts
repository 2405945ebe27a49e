import assert from "node:assert/strict"
import { test } from "node:test"
import { IncidentNode } from "./incident-node.ts"
import { ADD_ONLY, bridge, DEBIAN, later, PORTMAP, PRINT_PREV_RESULT, pods } from "./lists.ts"

test("incident 4: host-local waits for the lock of its store, until the runtime gives up", async (t) => {
  const list = pods(bridge("10.84.0.0/24"), PORTMAP)
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  const containerd = await node.runtime()
  await containerd.run("shop/a", list)
  const lock = "/var/lib/cni/networks/pods/lock"
  node.background("sh", "-c", `exec 9>${lock}; flock 9; echo $$ >/run/holder; exec tail -f /dev/null`)
  while (node.read("/run/holder") === undefined) await later(20)
  const killed = containerd.run("shop/b", list, { timeoutMs: 12_000, isLeftAlone: true })
  while ((await node.cnitap("ps", "-o", "name", "--plugin", "host-local"))[0]?.startsWith("call/") !== true)
    await later(20)
  assert.deepEqual(await node.cnitap("explain", "shop/b"), [
    "ADD shop/b is still running after T in host-local, called by bridge",
    `  in flight  host-local, called by bridge: started but has not ended (pid N); it waits for flock of ${lock}, held by pid N (tail); the kubelet gives up in T`,
    "  never ran  portmap (so far)",
    "  next step  ps -fp N (it holds the lock)",
  ])
  const error = await killed
  assert.equal(error, 'plugin type="bridge" failed (add): netplugin failed with no error message: signal: killed')
  assert.deepEqual(await node.cnitap("explain", "shop/b"), [
    "ADD shop/b was killed before it ended in host-local, called by bridge (began T ago)",
    `  first failure  host-local, called by bridge: had not ended when the runtime killed bridge, and still runs (pid N); it waits for flock of ${lock}, held by pid N (tail)`,
    "  never ran  portmap",
    `  runtime error  would have been: ${error}`,
    "  next step  ps -fp N (it holds the lock)",
  ])
  await node.exec("kill", String(node.read("/run/holder")).trim())
  while ((await node.cnitap("ps", "-o", "name"))[0]?.startsWith("call/") === true) await later(20)
  const { explain, ls, lint, ledger } = await node.answers("shop/b")
  assert.deepEqual(
    [explain.slice(0, 2), ls, lint, ledger],
    [
      [
        "ADD shop/b was killed before it ended in host-local, called by bridge (began T ago)",
        "  first failure  host-local, called by bridge: had not ended when the runtime killed bridge, and ended after T; it waited for the lock of its store, which another process held",
      ],
      ["ADD killed"],
      ["error killed-by-runtime bridge", "error killed-by-signal host-local"],
      ["up shop/a 10.84.0.2", "failed shop/b"],
    ],
  )
})

test("incident 13: a DEL succeeds after a long time", async (t) => {
  const list = pods(bridge("10.95.0.0/24"), { type: "slowcni" })
  const slowcni = `input=$(cat)\nif [ $CNI_COMMAND = DEL ]; then sleep 6; else ${PRINT_PREV_RESULT}; fi`
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts: { slowcni }, lists: [list] })
  const containerd = await node.runtime()
  await containerd.run("shop/a", list)
  await later(1500)
  assert.equal(await containerd.stop("shop/a"), "")
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "DEL shop/a succeeded T ago, but took T: T of it in slowcni",
      "  result  slowcni, bridge exited with 0; slowest was slowcni (T)",
      "  next step  cnitap show #1",
    ],
    ls: ["ADD ok", "DEL ok"],
    lint: [],
    ledger: [],
  })
})

test("incident 16: a plugin states its problem on stderr, hangs, and the runtime kills it", async (t) => {
  const list = pods(bridge("10.98.0.0/24"), { type: "slowcni" })
  const problem = "E1128 cannot reach API server 10.96.0.1:443, retrying"
  const slowcni = `${ADD_ONLY}echo "${problem}" >&2; exec sleep 300`
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts: { slowcni }, lists: [list] })
  const containerd = await node.runtime()
  const error = await containerd.run("shop/hung", list, { timeoutMs: 4000, isLeftAlone: true })
  assert.deepEqual(await node.answers("shop/hung"), {
    explain: [
      "ADD shop/hung was killed before it ended in slowcni (began T ago)",
      `  first failure  slowcni: never ended and its process is gone; the runtime's timeout killed it, or the node went down; it wrote to stderr: ${problem}`,
      `  runtime error  would have been: ${error}`,
      "  left behind  10.98.0.2 held by bridge, host-local, slowcni: ADD killed in slowcni, no DEL followed",
      "  next step  check the log of the service that slowcni calls, at TIME",
    ],
    ls: ["ADD killed"],
    lint: ["error killed-by-runtime slowcni"],
    ledger: ["failed shop/hung 10.98.0.2"],
  })
})

test("the runtime is killed while three plugins work for it: none of them is at fault", async (t) => {
  const list = pods(bridge("10.70.0.0/24"), { type: "slowcni" })
  const slowcni = `${ADD_ONLY}sleep 15; ${PRINT_PREV_RESULT}`
  const node = await IncidentNode.start(t, { plugins: DEBIAN, scripts: { slowcni }, lists: [list] })
  const containerd = await node.runtime()
  for (const pod of ["a", "b", "c"]) void containerd.run(`shop/${pod}`, list)
  const inFlight = async () =>
    (await node.cnitap("ps", "-o", "name", "--plugin", "slowcni")).filter((line) => line.startsWith("call/"))
  while ((await inFlight()).length < 3) await later(20)
  containerd.kill()
  while ((await inFlight()).length > 0) await later(20)
  const explain = (await node.cnitap("explain", "shop/a")).map((line) => line.replace(/10\.70\.0\.\d/, "IP"))
  assert.deepEqual(explain, [
    "ADD shop/a was abandoned T ago: containerd ended before it read the answer of slowcni, and that of 2 other operations at that time",
    "  first failure  slowcni wrote its answer after T, and nobody read it (SIGPIPE)",
    "  left behind  IP held by bridge, host-local, slowcni: ADD failed in slowcni, no DEL followed",
    '  next step  journalctl -u containerd --since "TIME"',
  ])
})

test("the network is made, and the runtime gives the sandbox up at once, three times", async (t) => {
  const list = pods(bridge("10.71.0.0/24"), PORTMAP)
  const node = await IncidentNode.start(t, { plugins: DEBIAN, lists: [list] })
  const containerd = await node.runtime()
  for (let attempt = 0; attempt < 3; attempt++) {
    await containerd.run("shop/a", list)
    await containerd.stop("shop/a")
  }
  assert.deepEqual(await node.answers("shop/a"), {
    explain: [
      "ADD shop/a: CNI succeeded T ago, but containerd gave up the sandbox T later",
      "  result  bridge, portmap exited with 0; assigned 10.71.0.4; slowest was bridge (T)",
      "  since then  DEL T ago: ok",
      "  attempts  this is attempt 3 of 3 in T; 3 were given up as soon as they had a network; they used 3 addresses",
      '  next step  journalctl -u containerd --since "TIME"',
    ],
    ls: ["ADD ok", "DEL ok", "ADD ok", "DEL ok", "ADD ok", "DEL ok"],
    lint: [],
    ledger: [],
  })
})
