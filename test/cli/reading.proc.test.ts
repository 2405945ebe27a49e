import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { makeNode, type Node } from "../web/recording.ts"
import { Transcripts } from "./transcript.ts"

let node: Node
let transcripts: Transcripts

before(async () => {
  node = makeNode()
  transcripts = new Transcripts(node.capture)
  const pod = (name: string, sandbox = 1) => ({ namespace: "shop", name, sandbox })
  node.operation("ADD", pod("web-1"))
  node.operation("ADD", pod("orders-0"), { env: { CNITAP_TEST_FULL: "1" } })
  node.operation("DEL", pod("orders-0"))
  node.operation("ADD", pod("orders-0", 2))
  const hanging = node.begin("sleeper", "ADD", pod("stuck-0"))
  while ((await transcripts.of("ps", "-o", "name")).out.length === 0) assert.equal(hanging.exitCode, null)
})
after(() => node.remove())

test("ls", async () => {
  assert.deepEqual(await transcripts.of("ls"), {
    out: [
      "ID  AGE  COMMAND  POD  DURATION  OUTCOME  PLUGINS",
      "#2  T  ADD  shop/web-1  T  ok  bridge T (host-local T), portmap T, bandwidth T",
      "#3  T  ADD  shop/orders-0  T  failed  bridge! T (host-local! T)",
      "#4  T  DEL  shop/orders-0  T  ok  bandwidth T, portmap T, bridge T (host-local T)",
      "#5  T  ADD  shop/orders-0  T  ok  bridge T (host-local T), portmap T, bandwidth T",
      "#1  T  ADD  shop/stuck-0  -  running  sleeper running",
    ],
    err: [],
    code: 0,
  })
})

test("ls with flags, with a filter, with nothing that matches, for programs", async () => {
  const lines = async (...args: string[]) => {
    const { out, err, code } = await transcripts.of("ls", ...args)
    return [...out, ...err, String(code)]
  }
  const del = "#4  T  DEL  shop/orders-0  T  ok  bandwidth T, portmap T, bridge T (host-local T)"
  assert.deepEqual(await lines("--failed", "-o", "name"), ["operation/#3", "0"])
  assert.deepEqual(await lines("plugin=portmap", "and", "command=DEL", "--no-headers"), [del, "0"])
  assert.deepEqual(await lines("-n", "shop", "--pod", "orders-0", "--command", "DEL", "--no-headers"), [del, "0"])
  assert.deepEqual(await lines("-n", "nowhere"), [
    "no operation found",
    "cnitap: no call in DIR has namespace nowhere. It has shop.",
    "0",
  ])
  assert.deepEqual(await lines("-n=nowhere", "-A", "-o=name", "--command", "DEL,GC"), ["operation/#4", "0"])
  assert.deepEqual(await lines("-o", "jsonpath={.items[*].command}"), ["ADD ADD DEL ADD ADD", "0"])
  const { out } = await transcripts.of("ls", "-o", "jsonl", "--failed")
  const { apiVersion, kind, id, outcome } = JSON.parse(out.join("\n")) as Record<string, unknown>
  assert.deepEqual(
    { apiVersion, kind, id, outcome },
    { apiVersion: "cnitap/v1", kind: "Operation", id: "#3", outcome: "failed" },
  )
})

test("tail", async () => {
  assert.deepEqual(await transcripts.of("tail", "--last", "2", "--plugin", "bandwidth", "--plugin", "sleeper"), {
    out: [
      "STARTED  COMMAND  POD  PLUGIN  DURATION  OUTCOME  ID",
      "DATE  ADD  shop/orders-0  bandwidth  T  exit 0  #7",
      "DATE  ADD  shop/stuck-0  sleeper  -  still running  #1",
    ],
    err: [],
    code: 0,
  })
})

// On a busy machine it hangs for more than ten seconds by now.
test("tail filters by time", async () => {
  const nothing = { out: [], err: ["no call found"], code: 0 }
  assert.deepEqual(await transcripts.of("tail", "--until", "1h"), nothing)
  assert.deepEqual(await transcripts.of("tail", "--since", "2100-01-01T00:00"), nothing)
  assert.deepEqual((await transcripts.of("tail", "--since", "1h", "--last", "1", "-o", "name")).out, ["call/#1"])
})

test("ps", async () => {
  const { out, err, code } = await transcripts.of("ps")
  assert.deepEqual(
    [out.map((line) => line.replace(/\d+ {2}\d+$/, "N  N").replace("HANG", "running")), err, code],
    [
      ["ID  RUNNING  STATE  COMMAND  PLUGIN  POD  PID  PLUGIN PID", "#1  T  running  ADD  sleeper  shop/stuck-0  N  N"],
      [],
      0,
    ],
  )
})

test("explain", async () => {
  const full = "failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.254"
  assert.deepEqual(await transcripts.of("explain", "orders-0"), {
    out: [
      "ADD shop/orders-0 failed T ago in host-local, called by bridge, after T",
      `  first failure  host-local, called by bridge: ${full} (code 999, exit 1)`,
      "  never ran  portmap, bandwidth",
      `  runtime error  plugin type="bridge" failed (add): ${full}`,
      "  discarded  stderr of host-local: host-local: lock /var/lib/cni/networks/k8s-pod-network/lock taken, 254 of 254 addresses reserved",
      "  addresses  2 attachments of the network have addresses now, and all of them seem to be in use",
      "  left behind  nothing: DEL #4 of the container succeeded",
      "  since then  ADD in another sandbox succeeded T ago (#5, 10.244.1.218)",
      "  attempts  this is attempt 1 of 2 in T; 1 failed",
      "  next step  cnitap ledger (who holds the addresses)",
    ],
    err: [],
    code: 0,
  })
  const { out } = await transcripts.of("explain", "stuck")
  assert.deepEqual(
    out.map((line) => line.replace(/\b\d{2,}\b/g, "N")),
    [
      "ADD shop/stuck-0 is still running after T in sleeper",
      "  in flight  sleeper: started but has not ended (pid N); the kubelet gives up in T",
      "  next step  cat /proc/$(pgrep -P N)/stack, and the log of the service it waits for",
    ],
  )
  assert.deepEqual((await transcripts.of("explain", "web-1")).out, [
    "ADD shop/web-1 succeeded T ago, in T",
    "  result  bridge, portmap, bandwidth exited with 0; assigned 10.244.1.91; slowest was bridge (T)",
    "  next step  CNI succeeded: check routes, network policy, DNS and the pod itself",
  ])
})

test("explain accepts a pod, ID, call or container; unknown and ambiguous names are reported", async () => {
  const headline = async (...args: string[]) => {
    const { out, err, code } = await transcripts.of("explain", ...args)
    return code === 0 ? out[0] : [...err, String(code)].join(" ")
  }
  const failed = "ADD shop/orders-0 failed T ago in host-local, called by bridge, after T"
  for (const name of [
    "shop/orders-0",
    "pod/orders-0",
    "ord",
    transcripts.id(3).slice(0, 6),
    `call/${transcripts.id(6)}`,
  ])
    assert.equal(await headline(name), failed)
  assert.equal(
    await headline("orders-0", "-n", "other"),
    "cnitap: no pod, operation or container orders-0 in DIR. Did you mean shop/orders-0? 6",
  )
  assert.equal(
    await headline("oders-0"),
    "cnitap: no pod, operation or container oders-0 in DIR. Did you mean orders-0? 6",
  )
  assert.equal(
    await headline("shop/"),
    "cnitap: shop/ matches several pods (shop/web-1, shop/orders-0, shop/stuck-0). Write NAMESPACE/NAME in full. 2",
  )
})

test("diff: along a chain", async () => {
  assert.deepEqual(await transcripts.of("diff", "web-1"), {
    out: [
      "ADD shop/web-1  #2  ok  T ago",
      "  bridge  T",
      "    + cniVersion 1.0.0",
      "    + interface cni0 on the node  mac ee:6d:1c:20:4f:5a",
      "    + interface vethd1a2b3c4 on the node  mac 7a:0e:30:11:9c:aa",
      "    + interface eth0 in the pod  mac 02:42:ac:11:00:02, sandbox /var/run/netns/cni-de071d73",
      "    + ip 10.244.1.91/24  gateway 10.244.1.1, on eth0",
      "    + route 0.0.0.0/0 via 10.244.1.1",
      "    host-local  T",
      "      + cniVersion 1.0.0",
      "      + ip 10.244.1.91/24  gateway 10.244.1.1",
      "      + route 0.0.0.0/0",
      "  portmap  T  changed nothing",
      "  bandwidth  T",
      '    + bandwidth {"ingressRate":10000000}',
    ],
    err: [],
    code: 0,
  })
})

test("diff: two pods with the same calls do not differ; --volatile shows the values that always differ", async () => {
  const [a, b] = [transcripts.id(2), transcripts.id(5)]
  const { out, code } = await transcripts.of("diff", a, b)
  assert.deepEqual(
    [out, code],
    [
      [
        "a ADD shop/web-1  #2  ok  T ago",
        "b ADD shop/orders-0  #5  ok  T ago",
        "  bridge  alike",
        "    host-local  alike",
        "  portmap  alike",
        "  bandwidth  alike",
        "28 more values differ, as between any two pods; --volatile shows them",
      ],
      0,
    ],
  )
  const own = (await transcripts.of("diff", a, b, "--volatile")).out
  assert.equal(own.includes("    env CNI_ARGS K8S_POD_NAME  (differs between any two pods)"), true)
})

test("diff: a successful and a failed operation, exit 1", async () => {
  const { out, err, code } = await transcripts.of("diff", transcripts.id(2), transcripts.id(3))
  assert.deepEqual(
    [out.slice(0, 6), out.at(-1), err, code],
    [
      [
        "a ADD shop/web-1  #2  ok  T ago",
        "b ADD shop/orders-0  #3  failed  T ago",
        "  bridge",
        "    exit",
        "    - exit 0",
        "    + exit 1",
      ],
      "8 more values differ, as between any two pods; --volatile shows them",
      [],
      1,
    ],
  )
})

test("diff: a capture does not differ from itself", async () => {
  assert.deepEqual(await transcripts.of("diff", node.capture, node.capture), {
    out: ["no difference between DIR (5 operations) and DIR (5)"],
    err: [],
    code: 0,
  })
})

test("stats", async () => {
  const { out, err, code } = await transcripts.of("stats", "--slowest", "1")
  const table = out.slice(2, out.indexOf(""))
  assert.deepEqual(
    [out.slice(0, 2), table.sort(), err, code],
    [
      ["15 calls over T, 2 failed, 1 in flight", "PLUGIN  COMMAND  CALLS  FAILED  P50  P95  P99  MAX"],
      [
        "bandwidth  ADD  2  0  T  T  T  T",
        "bandwidth  DEL  1  0  T  T  T  T",
        "bridge  ADD  3  1  T  T  T  T",
        "bridge  DEL  1  0  T  T  T  T",
        "host-local  ADD  3  1  T  T  T  T",
        "host-local  DEL  1  0  T  T  T  T",
        "portmap  ADD  2  0  T  T  T  T",
        "portmap  DEL  1  0  T  T  T  T",
        "sleeper  ADD  1  0  -  -  -  -",
      ],
      [],
      0,
    ],
  )
  assert.deepEqual(out.filter((line) => /^[a-z]/.test(line)).slice(9), [
    "how long calls took",
    "most calls in flight at one time; ! where one failed",
    "slowest",
  ])
})

test("lint and ledger and who-owns", async () => {
  const linted = await transcripts.of("lint", "--pod", "orders-0")
  assert.deepEqual(
    { ...linted, out: linted.out.map((line) => line.replace(/#\d+/, "#")) },
    {
      out: [
        "SEVERITY  RULE  TIMES  LAST  PLUGIN  COMMAND  POD  WHERE  WHAT",
        "note  stderr-discarded  1  T  bridge  ADD  shop/orders-0  #:stderr:0  stderr of a failed call is discarded by the runtime: 97 bytes of stderr",
        "note  stderr-discarded  1  T  host-local  ADD  shop/orders-0  #:stderr:0  stderr of a failed call is discarded by the runtime: 97 bytes of stderr",
      ],
      err: [],
      code: 0,
    },
  )
  const rules = async (...args: string[]) =>
    (await transcripts.of("lint", "-o", "jsonpath={.items[*].plugin}", ...args)).out
  assert.deepEqual(await rules("--plugin", "host-local"), ["host-local"])
  assert.deepEqual(await rules("--failed", "--pod", "orders-0,web-1"), ["bridge host-local"])
  const nowhere = ["--root", node.root, "--capture", "/capture"]
  assert.deepEqual(
    (await transcripts.of("ledger", "-n", "shop", ...nowhere)).out.map((line) =>
      line
        .split("  ")
        .slice(0, line.startsWith("starting") ? 3 : 6)
        .join(" "),
    ),
    [
      "STATE AGE POD NETWORK IFNAME IPS",
      "up T shop/web-1 k8s-pod-network eth0 10.244.1.91",
      "up T shop/orders-0 k8s-pod-network eth0 10.244.1.218",
      "starting T shop/stuck-0",
    ],
  )
  assert.deepEqual(await transcripts.of("who-owns", "10.244.1.9", ...nowhere), {
    out: [],
    err: ["10.244.1.9 has no owner in DIR"],
    code: 1,
  })
})

test("invalid filters are reported with the position; filters that can never match are rejected", async () => {
  assert.deepEqual(await transcripts.of("ls", "outcome=nope"), {
    out: [],
    err: [
      "cnitap: filter: outcome is never nope; expected ok, failed, running, killed or unknown",
      "  outcome=nope",
      "        ^^^^",
      "See `cnitap help filter` for the grammar.",
    ],
    code: 2,
  })
  const { err, code } = await transcripts.of("ls", "command=ADD", "and", "command=DEL")
  assert.equal(code, 2)
  assert.match(err.join("\n"), /^cnitap: nothing can match: .*\. Change or remove that condition\.$/)
})

test("explain without a name explains the latest failure or hang", async () => {
  const headline = async (...args: string[]) => {
    const { out, err } = await transcripts.of("explain", ...args)
    return out[0] ?? err[0]
  }
  assert.equal(await headline(), "ADD shop/stuck-0 is still running after T in sleeper")
  assert.equal(
    await headline("-n", "nowhere"),
    "cnitap: no operation in DIR. Is anything recorded? Run `cnitap status`.",
  )
})
