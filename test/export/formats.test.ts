import assert from "node:assert/strict"
import { test } from "node:test"
import { decode } from "../../src/capture/decode.ts"
import { bundleLines } from "../../src/export/bundle.ts"
import { ChromeTrace } from "../../src/export/chrome-trace.ts"
import { issueReport } from "../../src/export/issue-report.ts"
import { toOtlp } from "../../src/export/otlp.ts"
import { probeLog } from "../../src/export/probe-log.ts"
import { toCall } from "../../src/model/call.ts"
import type { Operation } from "../../src/model/operation.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { call, operation, payload, probe, T0 } from "../model/calls.ts"

const BRIDGE = call("00000000000000b1", {
  plugin: "bridge",
  durationMs: 30,
  env: { CNI_COMMAND: "ADD" },
  stdin: { name: "pods", type: "bridge" },
  stdout: '{"cniVersion":"1.0.0",\n "ips":[{"address":"10.1.2.3/24"}]}',
  stderr: "veth made\n",
  node: "n1",
})
const IPAM = call("00000000000000a1", {
  plugin: "host-local",
  parent: "00000000000000b1",
  at: 5,
  durationMs: 8.25,
  exit: { code: 1 },
  stdout: { code: 11, msg: "full" },
  ppid: 100,
  node: "n1",
})
const ADD = operation(BRIDGE, IPAM)

async function loggedBy(...operations: Operation[]): Promise<string[]> {
  const lines: string[] = []
  for await (const line of probeLog(operations)) lines.push(line.trimEnd())
  return lines
}

test("probe-log of a relayed list: the first input and the last output of an ADD, the first input of a DEL", async () => {
  const [bridge, portmap] = [
    { plugin: "bridge", stdin: { type: "bridge" }, stdout: '{"ips":[],\n"x":1.0}', durationMs: 10 },
    { plugin: "portmap", at: 12, stdin: { type: "portmap" }, stdout: '{"ips":[], "dns":{}}', durationMs: 10 },
  ]
  const head = "CNI_CONTAINERID=c0ffee,"
  assert.deepEqual(await loggedBy(operation(call("b1", bridge), call("b2", portmap))), [
    `CNI_COMMAND=ADD,${head}input={"type": "bridge"}`,
    `CNI_COMMAND=ADD,${head}output={"ips": [], "dns": {}}`,
  ])
  const del = { command: "DEL", stdout: "" } as const
  assert.deepEqual(
    await loggedBy(operation(call("b1", { ...portmap, ...del, at: 0 }), call("b2", { ...bridge, ...del, at: 12 }))),
    [`CNI_COMMAND=DEL,${head}input={"type": "portmap"}`],
  )
})

test("probe-log of an ADD that failed has no output, because no probe behind the plugin would have run", async () => {
  const failed = call("b1", { plugin: "bridge", stdin: { type: "bridge" }, stdout: { code: 11 }, exit: { code: 1 } })
  assert.deepEqual(await loggedBy(operation(failed)), [
    'CNI_COMMAND=ADD,CNI_CONTAINERID=c0ffee,input={"type": "bridge"}',
  ])
})

test("probe-log of recorded probes: the lines that they logged", async () => {
  const env = (command: string) => ({ CNI_COMMAND: command, CNI_CONTAINERID: "c0ffee" })
  const post = { plugin: "cni_post", stdin: { prevResult: { ips: [] } } }
  const pre = probe("p1", { plugin: "cni_pre", env: env("ADD"), stdin: { type: "cni_pre" } })
  const added = probe("p2", { ...post, at: 20, env: env("ADD") })
  const deleted = probe("p3", { ...post, command: "DEL", env: env("DEL") })
  const checked = probe("p4", { ...post, command: "CHECK", env: env("CHECK") })
  const head = "CNI_CONTAINERID=c0ffee,"
  assert.deepEqual(await loggedBy(operation(pre, added), operation(deleted), operation(checked)), [
    `CNI_COMMAND=ADD,${head}input={"type": "cni_pre"}`,
    `CNI_COMMAND=DEL,${head}input={"prevResult": {"ips": []}}`,
    `CNI_COMMAND=ADD,${head}output={"ips": []}`,
  ])
})

test("trace events: a node is a process, an operation occupies a lane, its calls are nested in it", () => {
  const ts = T0 * 1000
  assert.deepEqual(new ChromeTrace(T0).events(ADD), [
    { name: "process_name", ph: "M", pid: 1, tid: 0, args: { name: "n1" } },
    { name: "thread_name", ph: "M", pid: 1, tid: 1, args: { name: "operations 1" } },
    {
      name: "ADD shop/web-1",
      ph: "X",
      pid: 1,
      tid: 1,
      ts,
      dur: 30_000,
      cat: "operation",
      args: {
        id: "00000000000000b1",
        outcome: "ok",
        container: "c0ffee",
        network: "pods",
        ifname: "eth0",
        runtime: "containerd",
      },
    },
    {
      name: "bridge",
      ph: "X",
      pid: 1,
      tid: 1,
      ts,
      dur: 30_000,
      cat: "call",
      args: { id: "00000000000000b1", command: "ADD", state: "exit 0", pid: 100, spawnMs: 1 },
    },
    {
      name: "host-local",
      ph: "X",
      pid: 1,
      tid: 1,
      ts: ts + 5000,
      dur: 8250,
      cat: "call",
      cname: "terrible",
      args: { id: "00000000000000a1", command: "ADD", state: "exit 1", pid: 100, spawnMs: 1 },
    },
  ])
})

test("trace events: overlapping operations get separate lanes; a killed call is an instant, a running call ends now", () => {
  const trace = new ChromeTrace(T0 + 500)
  const lanes = [
    operation(call("a", { durationMs: 100 })),
    operation(call("b", { at: 50, state: "running" })),
    operation(call("c", { at: 60, state: "killed" })),
    operation(call("d", { at: 200 })),
  ].map((one) =>
    trace
      .events(one)
      .filter(({ ph }) => ph !== "M")
      .map(({ name, ph, tid, dur }) => [name, ph, tid, dur]),
  )
  assert.deepEqual(lanes, [
    [
      ["ADD shop/web-1", "X", 1, 100_000],
      ["a", "X", 1, 100_000],
    ],
    [
      ["ADD shop/web-1", "X", 2, 450_000],
      ["b", "X", 2, 450_000],
    ],
    [
      ["ADD shop/web-1", "X", 3, 0],
      ["c", "i", 3, undefined],
    ],
    [
      ["ADD shop/web-1", "X", 1, 10_000],
      ["d", "X", 1, 10_000],
    ],
  ])
})

test("OTLP: one span per call below the operation's span, streams as events, stable ids", () => {
  const text = (stringValue: string) => ({ stringValue })
  const context = (entries: [string, string][]) => entries.map(([key, value]) => ({ key, value: text(value) }))
  const about = context([
    ["cni.command", "ADD"],
    ["cni.network", "pods"],
    ["cni.ifname", "eth0"],
    ["cni.netns", "/var/run/netns/cni-1"],
    ["container.id", "c0ffee"],
    ["k8s.namespace.name", "shop"],
    ["k8s.pod.name", "web-1"],
    ["cni.subject", "shop/web-1"],
  ])
  const nanos = (ms: number) => `${T0 + ms}000000`
  const { resourceSpans } = toOtlp([operation(BRIDGE)], "0.1.0", T0)
  const [resource] = resourceSpans
  const spans = resource?.scopeSpans[0]?.spans ?? []
  assert.deepEqual(
    resource?.resource.attributes,
    context([
      ["service.name", "cni"],
      ["host.name", "n1"],
      ["k8s.node.name", "n1"],
    ]),
  )
  const [root, own] = spans
  assert.match(`${root?.traceId} ${root?.spanId}`, /^[0-9a-f]{32} [0-9a-f]{16}$/)
  assert.deepEqual(
    { ...root, traceId: "", spanId: "" },
    {
      traceId: "",
      spanId: "",
      name: "CNI ADD",
      kind: 1,
      startTimeUnixNano: nanos(0),
      endTimeUnixNano: nanos(30),
      attributes: [
        ...about,
        ...context([
          ["cni.operation", "00000000000000b1"],
          ["cni.outcome", "ok"],
        ]),
      ],
      events: [],
      status: { code: 1 },
    },
  )
  assert.deepEqual(own, {
    traceId: root?.traceId,
    spanId: "00000000000000b1",
    parentSpanId: root?.spanId,
    name: "bridge",
    kind: 1,
    startTimeUnixNano: nanos(0),
    endTimeUnixNano: nanos(30),
    attributes: [
      ...about,
      { key: "process.executable.name", value: text("bridge") },
      { key: "process.executable.path", value: text("/opt/cni/bin/bridge") },
      { key: "process.command_args", value: { arrayValue: { values: [text("/opt/cni/bin/bridge")] } } },
      { key: "process.pid", value: { intValue: "100" } },
      { key: "process.parent_pid", value: { intValue: "1" } },
      { key: "process.exit.code", value: { intValue: "0" } },
      { key: "cni.call", value: text("00000000000000b1") },
      { key: "cni.state", value: text("ended") },
      { key: "cni.spawn_ms", value: { intValue: "1" } },
    ],
    events: [
      event("stdin", nanos(0), '{"name":"pods","type":"bridge"}'),
      event("stdout", nanos(30), '{"cniVersion":"1.0.0",\n "ips":[{"address":"10.1.2.3/24"}]}'),
      event("stderr", nanos(30), "veth made\n"),
    ],
    status: { code: 1 },
  })
  assert.deepEqual(toOtlp([operation(BRIDGE)], "0.1.0", T0), { resourceSpans })

  function event(name: string, timeUnixNano: string, content: string) {
    return {
      timeUnixNano,
      name: `cni.${name}`,
      attributes: [
        { key: "cni.size_bytes", value: { intValue: String(content.length) } },
        { key: "cni.text", value: text(content) },
      ],
    }
  }
})

test("OTLP: a call with TRACEPARENT joins that trace; large streams are truncated and marked", () => {
  const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  const large = call("x", { env: { TRACEPARENT: traceparent }, stdout: "y".repeat(20_000), exit: { signal: 9 } })
  const spans = toOtlp([operation(large)], "0.1.0", T0).resourceSpans[0]?.scopeSpans[0]?.spans ?? []
  assert.deepEqual(
    spans.map(({ traceId, parentSpanId, status }) => ({ traceId, parentSpanId, status })),
    [
      {
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        parentSpanId: "00f067aa0ba902b7",
        status: { code: 2, message: "failed" },
      },
      {
        traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
        parentSpanId: spans[0]?.spanId,
        status: { code: 2, message: "killed by SIGKILL" },
      },
    ],
  )
  const stdout = spans[1]?.events.find(({ name }) => name === "cni.stdout")
  assert.deepEqual(
    stdout?.attributes.map(({ key, value }) => [key, "stringValue" in value ? value.stringValue.length : value]),
    [
      ["cni.size_bytes", { intValue: "20000" }],
      ["cni.text", 16_384],
      ["cni.truncated", { boolValue: true }],
    ],
  )
})

test("the lines of a bundle are records, and secrets of a raw capture are redacted", () => {
  const raw = call("00000000000000cc", {
    plugin: "calico",
    env: { CNI_COMMAND: "ADD", AWS_SECRET_ACCESS_KEY: "AKIA", HOME: "/root" },
    command: "ADD",
    stdin: { name: "pods", cniVersion: "1.0.0", policy: { k8s_auth_token: "hunter2" } },
    usage: { maxRssBytes: 4096, userMs: 1, systemMs: 2 },
  })
  const base64 = { decode: (text: string) => text, encode: (text: string) => text }
  const lines = bundleLines(operation(raw), checksum, base64).split("\n").filter(Boolean)
  assert.ok(!lines.join().includes("hunter2") && !lines.join().includes("AKIA") && !lines.join().includes("/root"))
  const [begin, end] = lines
    .map((line) => decode(line, checksum))
    .map((one) => (one.kind === "record" ? one.record : one))
  assert.ok(begin?.kind === "begin" && end?.kind === "end")
  const stdin = '{"name":"pods","cniVersion":"1.0.0","policy":{"k8s_auth_token":"[redacted]"}}'
  const { containerId: _containerId, netns: _netns, ifname: _ifname, pod: _pod, ...rest } = raw
  assert.deepEqual(toCall(begin, end), {
    ...rest,
    env: { CNI_COMMAND: "ADD" },
    envNames: ["AWS_SECRET_ACCESS_KEY", "HOME"],
    cniVersion: "1.0.0",
    stdin: { sizeBytes: raw.stdin?.sizeBytes, redacted: ["/policy/k8s_auth_token"], text: stdin },
    stderr: payload(""),
  })
})

test("an issue report: what happened, each call, and what the failed one printed; names do not become markup", () => {
  const hostile = { pod: { namespace: "shop", name: "web`|<b>" } }
  const failed = operation(
    { ...BRIDGE, ...hostile, exit: { code: 1 }, stdout: payload('{"code": 11, "msg": "```full"}') },
    { ...IPAM, ...hostile },
  )
  const explanation = { operation: failed.id, hasProblem: true, headline: "No *address* was free.", statements: [] }
  assert.deepEqual(issueReport(failed, explanation, "cnitap show b1").split("\n"), [
    "### ADD shop/web\\`\\|\\<b\\>: failed",
    "",
    "No \\*address\\* was free.",
    "",
    `**network** pods · **interface** eth0 · **runtime** containerd · **started** ${new Date(T0).toISOString()} · **duration** 30.0ms`,
    "",
    "| plugin | ended | duration |",
    "| --- | --- | --- |",
    "| bridge | exit 1 | 30.0ms |",
    "| &nbsp;&nbsp;host-local | exit 1 | 8.25ms |",
    "",
    "stdout of host-local:",
    "",
    "```",
    '{"code":11,"msg":"full"}',
    "```",
    "",
    "stdin of host-local:",
    "",
    "```",
    '{"cniVersion":"1.0.0","name":"pods","type":"host-local"}',
    "```",
    "",
    "Recorded by cnitap; `cnitap show b1` shows more. Secrets are redacted as far as cnitap recognizes them: read this before you publish it.",
    "",
  ])
})
