import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import { fieldOf } from "../../../src/model/filter/field.ts"
import { fieldsOf, sourceOf, toMatcher } from "../../../src/model/filter/match.ts"
import { parseFilter } from "../../../src/model/filter/parse.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { call, operation, T0 } from "../calls.ts"

const NOW = T0 + 60_000

function parsed(text: string) {
  const result = parseFilter(text, NOW)
  if (!result.ok) throw new Error(`${text}: ${result.error.message}`)
  return result.filter
}

const CALLS: Call[] = [
  call("calico", {
    pluginPid: 4711,
    durationMs: 900,
    stdout: { cniVersion: "0.3.1", ips: [{ address: "10.1.2.3/26" }] },
  }),
  call("portmap", {
    exit: { code: 1 },
    stdout: { code: 11, msg: "try again", details: "xtables lock" },
    stderr: "W: busy",
  }),
  call("host-local", { parent: "calico", command: "DEL", node: "n1", exit: { signal: 9 } }),
  call("cilium-cni", { pod: { namespace: "kube-system", name: "dns" }, state: "running", network: "cilium" }),
  call("bandwidth", { at: 59_000, exit: { errno: 2 }, usage: { maxRssBytes: 30_000_000, userMs: 1, systemMs: 1 } }),
  call("loopback", { state: "killed", containerId: "beef01" }),
]

const EXPECTED: [filter: string, ...plugins: string[]][] = [
  ["", "calico", "portmap", "host-local", "cilium-cni", "bandwidth", "loopback"],
  ["command=ADD and plugin=calico and duration>500ms", "calico"],
  ["command=add", "calico", "portmap", "cilium-cni", "bandwidth", "loopback"],
  ["exit!=0", "portmap", "host-local", "bandwidth", "loopback"],
  ["exit=137", "host-local", "loopback"],
  ["exit=127", "bandwidth"],
  ["signal=SIGKILL", "host-local"],
  ["signal in (9, term)", "host-local"],
  ["not exit=0", "portmap", "host-local", "cilium-cni", "bandwidth", "loopback"],
  ["failed", "portmap", "host-local", "bandwidth", "loopback"],
  ["ok", "calico"],
  ["running", "cilium-cni"],
  ["state in (running, killed)", "cilium-cni", "loopback"],
  ["plugin not in (calico, portmap, loopback)", "host-local", "cilium-cni", "bandwidth"],
  ["plugin=*l*l", "host-local"],
  ['plugin="*l*l"'],
  ["plugin~CAL", "calico", "host-local"],
  ["plugin ~ /^(calico|portmap)$/", "calico", "portmap"],
  ["plugin !~ a", "cilium-cni"],
  ["pod=shop/web-1 and plugin=calico", "calico"],
  ["pod=web-1 and plugin=calico", "calico"],
  ["pod!=web-1", "cilium-cni"],
  ["ns=kube-system", "cilium-cni"],
  ["node=n1", "host-local"],
  ["node!=n1 and command=ADD and not failed", "calico", "cilium-cni"],
  ["container=beef", "loopback"],
  ["depth>0", "host-local"],
  ["code=11", "portmap"],
  ["code!=7", "portmap"],
  ["msg ~ xtables", "portmap"],
  ["stderr ~ BUSY", "portmap"],
  ['stdin ~ \'"type":"calico"\'', "calico"],
  ["ip=10.1.2.3", "calico"],
  ["ip=10.1.2.0/24", "calico"],
  ["ip=10.1.3.0/24"],
  ["netns ~ /var/run/", "calico", "portmap", "host-local", "cilium-cni", "bandwidth", "loopback"],
  ["memory>=30MB", "bandwidth"],
  ["plugin-pid=4711", "calico"],
  ["duration>=59s", "cilium-cni"],
  ["since=2s", "bandwidth"],
  ["until=2026-09-21T03:00:00Z and ok", "calico"],
  ["kube-system", "cilium-cni"],
  ["xtables portmap", "portmap"],
  ["'try again; xtables lock'", "portmap"],
  ["calico or dns or (portmap and failed)", "calico", "portmap", "cilium-cni"],
]

for (const [text, ...plugins] of EXPECTED) {
  test(`filter ${text || "(empty)"}`, () => {
    const matcher = toMatcher(parsed(text), NOW)
    assert.deepEqual(
      CALLS.filter((one) => matcher.call(one)).map(({ plugin }) => plugin),
      plugins,
    )
  })
}

test("a filter of fields that operations have is tested on the operation as a whole", () => {
  const slow = operation(
    call("bridge", { durationMs: 400 }),
    call("host-local", { parent: "bridge", at: 1 }),
    call("portmap", { at: 401, durationMs: 300, exit: { code: 1 }, stdout: { code: 5, msg: "x" } }),
  )
  const matches = (text: string) => toMatcher(parsed(text), NOW).operation(slow)
  assert.deepEqual(
    [
      "duration>600ms and failed",
      "ok",
      "pod=web-* and not command=DEL",
      "id=portmap and id=bridge",
      "plugin=bridge and duration>600ms",
      "plugin=bridge and ok",
      "plugin=bridge and failed",
      "plugin=host-local",
      "plugin=portmap and code=5",
      "plugin=bridge and code=5",
      "host-local",
    ].filter(matches),
    [
      "duration>600ms and failed",
      "pod=web-* and not command=DEL",
      "id=portmap and id=bridge",
      "plugin=bridge and ok",
      "plugin=host-local",
      "plugin=portmap and code=5",
      "host-local",
    ],
  )
})

test("an index that knows some fields decides what they decide", () => {
  const [, portmap] = CALLS
  assert.ok(portmap)
  const decide = (text: string) =>
    toMatcher(parsed(text)).decide((name) => (name === "plugin" ? fieldOf(name).call(portmap, NOW) : undefined))
  assert.deepEqual(
    [
      "plugin=calico and code=11",
      "plugin=portmap and code=11",
      "plugin=portmap or failed",
      "not (failed and code=1)",
    ].map(decide),
    [false, undefined, true, undefined],
  )
})

test("what a filter needs to be decided", () => {
  const needs = (text: string) => [fieldsOf(parsed(text)).join(" "), sourceOf(parsed(text))]
  assert.deepEqual(needs("command=ADD and (pod=a or pod=b) and since=1h"), ["command pod time", "list"])
  assert.deepEqual(needs("failed and command=DEL"), ["outcome command", "list"])
  assert.deepEqual(needs("memory>1MB or failed"), ["memory outcome", "record"])
  assert.deepEqual(needs("not ip=10.0.0.1 and memory>1MB"), ["ip memory", "stream"])
  assert.deepEqual(needs(""), ["", "list"])
})

test("the text that words are searched for in has each text of the operation", () => {
  const { operation: textsOf, joined } = fieldOf("text")
  for (const one of toOperations(CALLS)) {
    const lines = joined?.(one).split("\n").slice(1) ?? []
    const texts = textsOf?.(one, NOW).map((text) => String(text).toLowerCase())
    assert.deepEqual([...new Set(lines)], [...new Set(texts)])
  }
})
