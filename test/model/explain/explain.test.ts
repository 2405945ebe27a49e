import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import { explain, operationToExplain } from "../../../src/model/explain/explain.ts"
import { PluginLists } from "../../../src/model/explain/plugin-lists.ts"
import type { ExplainContext } from "../../../src/model/explain/statement.ts"
import { Ledger } from "../../../src/model/ledger/ledger.ts"
import { conclude } from "../../../src/model/ledger/left-behind.ts"
import { Linter } from "../../../src/model/lint/linter.ts"
import { type Operation, toOperations } from "../../../src/model/operation.ts"
import { type CallProps, call, payload, probe, T0 } from "../calls.ts"

const RESULT = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "eth0", sandbox: "/var/run/netns/cni-1" }],
  ips: [{ address: "10.1.2.3/24", interface: 0 }],
}
/** What a runtime always sets. */
const ENV = {
  CNI_COMMAND: "ADD",
  CNI_CONTAINERID: "c0ffee",
  CNI_NETNS: "/var/run/netns/cni-1",
  CNI_IFNAME: "eth0",
  CNI_PATH: "/opt/cni/bin",
}
const FULL = { cniVersion: "1.0.0", code: 999, msg: "no IP addresses available in range set" }

/** An hour before, bridge and portmap succeeded for another pod: the list is known from it. */
const GOOD = [
  call("good", {
    plugin: "bridge",
    at: -3_600_000,
    containerId: "other",
    stdout: RESULT,
    pod: { namespace: "shop", name: "other" },
  }),
  call("good2", {
    plugin: "portmap",
    at: -3_599_900,
    containerId: "other",
    stdout: RESULT,
    pod: { namespace: "shop", name: "other" },
  }),
]

/** The output of `cnitap explain shop/web-1` a minute after T0. */
function explained(...calls: Call[]): string[] {
  const nowMs = T0 + 60_000
  const lists = new PluginLists()
  const ledger = new Ledger()
  const linter = new Linter(nowMs)
  const operations = toOperations(calls.map((one) => withEnvironment(one)))
  for (const operation of operations) lists.add(operation)
  const related = operations.filter(({ pod }) => pod?.name === "web-1")
  for (const operation of related) ledger.add(operation)
  const findings = new Map(related.map((one) => [one.id, linter.check(one)]))
  const contextOf = (one: Operation): ExplainContext => ({
    related,
    attachments: conclude(ledger, undefined),
    sharingAddress: [],
    worked: undefined,
    network: [],
    unread: 0,
    abandoned: 0,
    findings: findings.get(one.id) ?? [],
    list: lists.of(one, related),
    node: undefined,
    losses: [],
    nowMs,
  })
  const operation = operationToExplain(related, contextOf)
  assert.ok(operation)
  const { headline, statements } = explain(operation, contextOf(operation))
  return [headline, ...statements.map(({ topic, text }) => `${topic}: ${text}`)]
}

/** What libcni gives every plugin: the environment, and the result of the plugin before it. */
function withEnvironment(one: Call): Call {
  const isChained = ["portmap", "tuning", "antrea"].includes(one.plugin)
  const config = { cniVersion: "1.0.0", name: one.network, type: one.plugin, prevResult: RESULT }
  // An IPAM plugin gets the configuration of its caller.
  const calling = { cniVersion: "1.0.0", name: one.network, type: "bridge", ipam: { type: one.plugin } }
  const stdin = isChained ? config : one.parent ? calling : undefined
  return { ...one, env: ENV, ...(stdin ? { stdin: payload(stdin) } : {}) }
}

function del(plugin: string, props: CallProps = {}): Call {
  return call(`del-${plugin}`, { plugin, command: "DEL", at: 20_000, ...props })
}

// Pains 12 and 14: which plugin failed and why, when the sandbox no longer exists.
test("a failed ADD: IPAM failed first, the list stopped, libcni dropped the log, DEL cleaned up", () => {
  assert.deepEqual(
    explained(
      ...GOOD,
      call("bridge", { exit: { code: 1 }, stdout: FULL, durationMs: 20 }),
      call("host-local", {
        parent: "bridge",
        at: 5,
        exit: { code: 1 },
        stdout: FULL,
        stderr: "lock taken\n254 of 254 taken\n",
      }),
      del("portmap"),
      del("bridge", { at: 20_010 }),
      del("host-local", { at: 20_012, parent: "del-bridge", durationMs: 2 }),
    ),
    [
      "ADD shop/web-1 failed 60s ago in host-local, called by bridge, after 20.0ms",
      "first failure: host-local, called by bridge: no IP addresses available in range set (code 999, exit 1)",
      "never ran: portmap",
      'runtime error: plugin type="bridge" failed (add): no IP addresses available in range set',
      "discarded: stderr of host-local (1 of 2 lines): 254 of 254 taken",
      "left behind: nothing: DEL del-portmap of the container succeeded",
      "next step: cnitap ledger (who holds the addresses)",
    ],
  )
})

// Pain 13: errors that are wrapped once.
test("a plugin that rewords its delegate's error is quoted too; without another operation the list is unknown", () => {
  assert.deepEqual(
    explained(
      call("calico", { exit: { code: 1 }, stdout: { code: 100, msg: "error adding pod", details: "ipam failed" } }),
      call("calico-ipam", {
        parent: "calico",
        exit: { code: 1 },
        stdout: { code: 11, msg: "dial tcp 10.0.0.1:443: connection refused" },
      }),
    ),
    [
      "ADD shop/web-1 failed 60s ago in calico-ipam, called by calico, after 10.0ms",
      "first failure: calico-ipam, called by calico: dial tcp 10.0.0.1:443: connection refused (code 11, exit 1)",
      "reported by: calico: error adding pod; ipam failed (code 100, exit 1)",
      "never ran: any plugins after calico in the list, which is not known",
      'runtime error: plugin type="calico" failed (add): error adding pod; ipam failed',
      "left behind: whatever calico, calico-ipam created: ADD failed in calico, no DEL followed",
      "next step: curl -k https://10.0.0.1:443/livez (this node does not reach the API server; a Service address needs kube-proxy or its replacement)",
    ],
  )
})

test("ADD failed and so did the following DEL: the ADD is explained, and what the DEL left behind", () => {
  const busy = { exit: { code: 1 }, stdout: { code: 999, msg: "iptables: resource temporarily unavailable" } }
  assert.deepEqual(
    explained(
      call("bridge", { stdout: RESULT }),
      call("portmap", { at: 20, ...busy, durationMs: 5 }),
      del("portmap", busy),
    ),
    [
      "ADD shop/web-1 failed 60s ago in portmap, after 25.0ms",
      "first failure: portmap: iptables: resource temporarily unavailable (code 999, exit 1)",
      "never ran: any plugins after portmap in the list, which is not known",
      'runtime error: plugin type="portmap" failed (add): iptables: resource temporarily unavailable',
      "since then: the DEL that cleans up failed too, in portmap: iptables: resource temporarily unavailable",
      "left behind: 10.1.2.3 held by bridge, portmap: DEL failed in portmap; never reached bridge",
      "next step: cnitap ls killed (a killed call may have left its lock behind)",
    ],
  )
})

test("two DELs of a pod at once: the one that failed was not needed", () => {
  const missing = { exit: { code: 1 }, stdout: { code: 999, msg: 'failed to delete "eth0": no such device' } }
  assert.deepEqual(
    explained(
      call("bridge", { stdout: RESULT }),
      call("del-first", { plugin: "bridge", command: "DEL", at: 20_000, durationMs: 40 }),
      call("del-second", { plugin: "bridge", command: "DEL", at: 20_010, durationMs: 8, ...missing }),
    ),
    [
      "DEL shop/web-1 failed 39s ago in bridge, after 8.00ms",
      'first failure: bridge: failed to delete "eth0": no such device (code 999, exit 1)',
      "at the same time: DEL del-first of the same interface: ok; what one of them removes, the other misses",
      'runtime error: plugin type="bridge" failed (delete): failed to delete "eth0": no such device',
      "left behind: nothing: DEL del-first of the container succeeded",
      "next step: none: the other DEL has removed it",
    ],
  )
})

test("a failed DEL: the plugins before it in the list keep what they hold", () => {
  assert.deepEqual(
    explained(
      call("bridge", { stdout: RESULT }),
      call("portmap", { at: 20, stdout: RESULT }),
      del("portmap", { exit: { code: 1 }, stdout: { code: 999, msg: "iptables: resource temporarily unavailable" } }),
      call("del-again", {
        plugin: "portmap",
        command: "DEL",
        at: 30_000,
        exit: { code: 1 },
        stdout: { code: 999, msg: "iptables: busy" },
      }),
    ),
    [
      "DEL shop/web-1 failed 30s ago in portmap, after 10.0ms",
      "first failure: portmap: iptables: busy (code 999, exit 1)",
      "never ran: bridge",
      'runtime error: plugin type="portmap" failed (delete): iptables: busy',
      "left behind: 10.1.2.3 held by bridge, portmap: DEL (2 attempts) failed in portmap; never reached bridge",
      "attempts: this is attempt 2 of 2 in 10.0s; 2 failed, and none has succeeded since",
      "attempts: attempt 1 had another error, in portmap: iptables: resource temporarily unavailable",
      "next step: cnitap show del-again",
    ],
  )
})

// Pains 37 and 41.
test("a hang: which plugin is in flight, and which have not run yet", () => {
  assert.deepEqual(
    explained(
      ...GOOD,
      call("bridge", { state: "running" }),
      call("host-local", { parent: "bridge", at: 5, state: "running", pid: 4711 }),
    ),
    [
      "ADD shop/web-1 is still running after 60.0s in host-local, called by bridge",
      "in flight: host-local, called by bridge: started but has not ended (pid 4711); the kubelet gives up in 3m",
      "never ran: portmap (so far)",
      "next step: cat /proc/$(pgrep -P 4711)/stack, and the log of the service it waits for",
    ],
  )
})

test("an observed plugin that hangs is the recorded process itself, and one that was killed may be so by its runtime", () => {
  const observed = { as: "observer", pid: 4711 } as const
  assert.equal(
    explained(call("bridge", { ...observed, state: "running" })).at(-1),
    "next step: cat /proc/4711/stack, and the log of the service it waits for",
  )
  const killed = explained(call("bridge", { ...observed, exit: { signal: 9 }, durationMs: 220_000, stdout: "" }))
  assert.deepEqual(
    [killed[1], killed.at(-1)],
    [
      "first failure: bridge: killed by SIGKILL after 3m40s, perhaps by containerd after its deadline, or out of memory",
      "next step: dmesg -T | grep -i oom (at 03:00:00Z), and the log of the service that bridge calls",
    ],
  )
})

// Pains 23 and 40.
test("killed at the runtime's timeout: libcni reports only the signal", () => {
  assert.deepEqual(explained(call("cilium-cni", { state: "killed" })), [
    "ADD shop/web-1 was killed before it ended in cilium-cni (began 60s ago)",
    "first failure: cilium-cni: never ended and its process is gone; the runtime's timeout killed it, or the node went down",
    "never ran: any plugins after cilium-cni in the list, which is not known",
    'runtime error: would have been: plugin type="cilium-cni" failed (add): netplugin failed with no error message: signal: killed',
    "left behind: whatever cilium-cni created: ADD killed in cilium-cni, no DEL followed",
    "next step: check the log of the service that cilium-cni calls, at 03:00:00Z",
  ])
})

// Pain 1.
test("a crash: libcni reports stderr if stdout is empty", () => {
  assert.deepEqual(
    explained(
      ...GOOD,
      call("bridge", { exit: { signal: 11 }, stderr: "panic: nil map\n" }),
      del("portmap"),
      del("bridge", { at: 20_010 }),
    ),
    [
      "ADD shop/web-1 failed 60s ago in bridge, after 10.0ms",
      "first failure: bridge: panic: nil map (killed by SIGSEGV)",
      "never ran: portmap",
      'runtime error: plugin type="bridge" failed (add): netplugin failed: "panic: nil map\\n"',
      "left behind: nothing: DEL del-portmap of the container succeeded",
      "next step: cnitap show bridge, or compare with one that worked: cnitap diff bridge good",
    ],
  )
})

test("a plugin that could not be started", () => {
  assert.deepEqual(explained(...GOOD, call("bridge", { exit: { errno: 13 } })).slice(0, 4), [
    "ADD shop/web-1 failed 60s ago in bridge, after 10.0ms",
    "first failure: bridge: /opt/cni/bin/bridge could not be started: permission denied",
    "never ran: portmap",
    'runtime error: plugin type="bridge" failed (add): netplugin failed with no error message: fork/exec /opt/cni/bin/bridge: permission denied',
  ])
})

// Pains 2 to 5.
test("two documents, text before the result, no output: exit 0, but the runtime cannot parse it", () => {
  const saying = (stdout: unknown) => explained(...GOOD, call("bridge", { stdout })).slice(0, 4)
  assert.deepEqual(saying(`${JSON.stringify(RESULT)}\n{"code":7}`), [
    "ADD shop/web-1 failed 60s ago: every plugin exited with 0, but the runtime cannot parse the output of bridge",
    `first failure: bridge: exit 0, but stdout is not one JSON result: ${JSON.stringify(RESULT)} {"code":7}`,
    "never ran: portmap",
    `runtime error: plugin type="bridge" failed (add): failed to unmarshal raw result: invalid character '{' after top-level value`,
  ])
  assert.equal(
    saying(`2026/09/21 03:00:00 adding\n${JSON.stringify(RESULT)}`)[3],
    `runtime error: plugin type="bridge" failed (add): failed to unmarshal raw result: invalid character '/' after top-level value`,
  )
  assert.equal(
    saying("time=03:00 level=info")[3],
    `runtime error: plugin type="bridge" failed (add): failed to unmarshal raw result: invalid character 'i' in literal true (expecting 'r')`,
  )
  assert.deepEqual(saying("").slice(1), [
    "first failure: bridge: exit 0, but stdout is empty",
    "never ran: portmap",
    'runtime error: plugin type="bridge" failed (add): failed to unmarshal raw result: unexpected end of JSON input',
  ])
})

test("an error with exit 0: from the last plugin the runtime gets no network; from any other it is ignored", () => {
  assert.deepEqual(explained(...GOOD, call("bridge", { stdout: RESULT }), call("portmap", { at: 20, stdout: FULL })), [
    "ADD shop/web-1 failed 60s ago: every plugin exited with 0, but portmap answered with an error",
    "first failure: portmap: exit 0 with an error on stdout (no IP addresses available in range set), which libcni accepts as a result",
    "left behind: 10.1.2.3 held by bridge, portmap: ADD failed in portmap, no DEL followed",
    "next step: cnitap ledger (who holds the addresses)",
  ])
  assert.deepEqual(explained(...GOOD, call("bridge", { stdout: FULL }), call("portmap", { at: 20, stdout: RESULT })), [
    "ADD shop/web-1 ended 60s ago: every plugin exited with 0, but bridge's answer is wrong: error object on stdout, but exit status 0 (no IP addresses available in range set)",
    "result: bridge, portmap exited with 0; assigned 10.1.2.3; slowest was bridge (10.0ms)",
    "next step: bridge: Exit with a non-zero status: the runtime treats this call as a success with an empty result.",
  ])
})

// Pains 22 and 31.
test("the next plugin's executable is missing: no call failed, and the first plugin keeps what it holds", () => {
  assert.deepEqual(explained(...GOOD, call("bridge", { stdout: RESULT })), [
    "ADD shop/web-1 stopped early 60s ago: no plugin failed, but not every plugin of the list was called",
    "never ran: portmap; no call failed: the runtime did not find a plugin's executable, or the list was changed",
    "left behind: 10.1.2.3 held by bridge: no DEL recorded",
    "next step: cnitap doctor",
  ])
})

// Pain 22 (containerd#12130) from the first pod on: no operation ever ran the whole list.
test("a plugin's executable has always been missing: the list is joined from ADD and DEL", () => {
  const del = (id: string, at: number) => call(id, { plugin: "portmap", command: "DEL", at })
  assert.deepEqual(explained(call("aws-cni", { stdout: RESULT }), del("del", 1000), del("again", 20_000)), [
    "ADD shop/web-1 stopped early 60s ago: no plugin failed, but not every plugin of the list was called",
    "never ran: portmap; no call failed: the runtime did not find a plugin's executable, or the list was changed",
    "left behind: 10.1.2.3 held by aws-cni: DEL (2 attempts) never reached aws-cni",
    "next step: cnitap doctor",
  ])
})

// Pain 31: an agent rewrote the list, and NetworkPolicies are no longer enforced.
test("a list that was edited: operations after the change report the removed plugin", () => {
  const added = (pod: string, at: number, ...plugins: string[]) =>
    plugins.map((plugin, index) =>
      call(`${pod}-${plugin}`, {
        plugin,
        at: at + index * 20,
        containerId: pod,
        pod: { namespace: "shop", name: pod },
        stdout: RESULT,
      }),
    )
  const succeeded = "ADD shop/web-1 succeeded 60s ago, in 30.0ms"
  const first = added("web-1", 0, "bridge", "portmap")
  assert.deepEqual(explained(...first, ...added("later", 20_000, "bridge", "portmap", "antrea")).slice(0, 1), [
    succeeded,
  ])
  const short = ["web-1", "b", "c"].flatMap((pod, index) => added(pod, index * 10_000, "bridge", "portmap"))
  assert.deepEqual(explained(...added("a", -60_000, "bridge", "portmap", "antrea"), ...short), [
    succeeded,
    "result: bridge, portmap exited with 0; assigned 10.1.2.3; slowest was bridge (10.0ms)",
    "list changed: antrea not called since 60s ago",
    "next step: CNI succeeded: check routes, network policy, DNS and the pod itself",
  ])
})

test("probes: a plugin between them failed, and they do not record which", () => {
  const added = [
    probe("pre", { plugin: "cni_pre", at: -60_000, containerId: "other" }),
    probe("post", { plugin: "cni_post", at: -59_000, containerId: "other", prevResult: RESULT }),
  ]
  assert.deepEqual(explained(...added, probe("cni_pre")).slice(0, 3), [
    "ADD shop/web-1 did not complete (began 60s ago)",
    "never ran: cni_post; a plugin between the probes failed or was not found; only the relay records which one (cnitap install)",
    "left behind: whatever its plugins created: no DEL recorded",
  ])
})

test("a plugin in the middle of the list was not called although those after it were", () => {
  const pod = { namespace: "shop", name: "other" }
  const list = ["bridge", "tuning", "portmap"].map((plugin, index) =>
    call(`good-${plugin}`, { plugin, at: -60_000 + index * 20, containerId: "other", pod, stdout: RESULT }),
  )
  assert.equal(
    explained(...list, call("bridge", { stdout: RESULT }), call("portmap", { at: 40, stdout: RESULT }))[1],
    "never ran: tuning; no call failed: the list was changed, or its calls are no longer recorded (cnitap status)",
  )
})

test("the most relevant line: a panic, an error in a log, an error after a result, bytes as JSON", () => {
  const first = (props: CallProps) => explained(call("bridge", { exit: { code: 2 }, ...props }))[1]
  const trace =
    "panic: nil map\n\ngoroutine 1 [running, locked to thread]:\nmain.cmdAdd(0xc0000b2000)\n\t/src/main.go:142 +0x31\n"
  assert.equal(first({ stderr: trace }), "first failure: bridge: panic: nil map (exit 2)")
  assert.equal(explained(call("bridge", { exit: { code: 2 }, stderr: trace })).at(-1), "next step: cnitap show bridge")
  assert.equal(
    first({ stderr: "starting\n[ERROR] cannot reach the datastore\n[INFO] cleaning up\n" }),
    "first failure: bridge: [ERROR] cannot reach the datastore (exit 2)",
  )
  assert.equal(
    first({ stdout: `${JSON.stringify(RESULT)}\n{"code":100,"msg":"failed to setup"}` }),
    "first failure: bridge: failed to setup (code 100, exit 2)",
  )
  assert.equal(first({ stdout: RESULT }), "first failure: bridge: exit 2, with a result on stdout instead of an error")
  assert.equal(
    first({ stdout: { code: 999, msg: "StdinData: [123 34 97 34 58 49 125]" } }),
    'first failure: bridge: StdinData: {"a":1} (code 999, exit 2)',
  )
})

// Pains 27 and 42.
test("repeated sandboxes: the last failure is explained, and the later success is reported", () => {
  const failing = (id: string, at: number) =>
    call(id, { plugin: "bridge", at, containerId: id, exit: { code: 1 }, stdout: { code: 999, msg: "lock timeout" } })
  const third = call("third", { plugin: "bridge", at: 30_000, containerId: "third", stdout: RESULT })
  assert.deepEqual(
    explained(
      ...GOOD,
      failing("first", 0),
      failing("second", 10_000),
      third,
      call("third2", { plugin: "portmap", containerId: "third", at: 30_020, stdout: RESULT }),
    ),
    [
      "ADD shop/web-1 failed 50s ago in bridge, after 10.0ms",
      "first failure: bridge: lock timeout (code 999, exit 1)",
      "never ran: portmap",
      'runtime error: plugin type="bridge" failed (add): lock timeout',
      "left behind: whatever bridge created: ADD failed in bridge, no DEL followed",
      "since then: ADD in another sandbox succeeded 30s ago (third, 10.1.2.3)",
      "attempts: this is attempt 2 of 3 in 30.0s; 2 failed",
      "next step: cnitap ls killed (a killed call may have left its lock behind)",
    ],
  )
})

// Pain 27: cilium#39370.
test("attempts that failed for two reasons: the other one is reported, and the same one with another address is not", () => {
  const failing = (at: number, msg: string) =>
    call(`add-${at}`, {
      plugin: "macvlan",
      at,
      containerId: `c${at}`,
      exit: { code: 1 },
      stdout: { cniVersion: "1.0.0", code: 999, msg },
    })
  const lines = explained(
    failing(0, 'failed to lookup master "eth9": Link not found'),
    failing(10_000, "no IP addresses available in range set: 10.5.0.1-10.5.0.9"),
    failing(20_000, "no IP addresses available in range set: 10.6.0.1-10.6.0.9"),
  )
  assert.deepEqual(
    lines.filter((line) => line.startsWith("attempts")),
    [
      "attempts: this is attempt 3 of 3 in 20.0s; 3 failed, and none has succeeded since",
      'attempts: attempt 1 had another error, in macvlan: failed to lookup master "eth9": Link not found',
    ],
  )
})

test("a pod that is up in its second sandbox: the first was never deleted", () => {
  const old = call("old", { plugin: "bridge", containerId: "0123456789abcdef", at: -30_000, stdout: RESULT })
  assert.deepEqual(
    explained(old, call("bridge", { stdout: { ...RESULT, ips: [{ address: "10.1.2.9/24" }] } })).slice(0, 3),
    [
      "ADD shop/web-1 succeeded 60s ago, in 10.0ms",
      "result: bridge exited with 0; assigned 10.1.2.9; slowest was bridge (10.0ms)",
      "left behind: 10.1.2.3 held by bridge: no DEL recorded (sandbox 0123456789abc, added 90s ago)",
    ],
  )
})

test("a successful ADD: its addresses, its slowest plugin, its findings", () => {
  const versionless = { ips: [{ address: "10.1.2.3/24" }] }
  assert.deepEqual(
    explained(
      call("bridge", { stdout: versionless, durationMs: 48 }),
      call("portmap", { at: 50, stdout: versionless, durationMs: 3 }),
    ).slice(0, 2),
    [
      "ADD shop/web-1 succeeded 60s ago, in 53.0ms",
      "result: bridge, portmap exited with 0; assigned 10.1.2.3; slowest was bridge (48.0ms)",
    ],
  )
  assert.deepEqual(explained(call("bridge", { stdout: { ips: [{ address: "10.1.2.3/24" }] } })).slice(2), [
    "findings: bridge: result without cniVersion (cniVersion is missing)",
    "next step: CNI succeeded: check routes, network policy, DNS and the pod itself",
  ])
})

test("at most ten lines", () => {
  const broken = Array.from({ length: 12 }, (_, at) => call(`p${at}`, { at: at * 20, stdout: "", parent: "" }))
  assert.equal(explained(...broken).length <= 10, true)
})
