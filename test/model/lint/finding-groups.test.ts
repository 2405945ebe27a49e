import assert from "node:assert/strict"
import { test } from "node:test"
import { type FindingGroup, FindingGroups } from "../../../src/model/lint/finding-groups.ts"
import { T0 } from "../calls.ts"
import { findings, plugin } from "./rule-cases.ts"

function shown({ rule, plugin, command, count, podCount, firstMs, wallMs, calls }: FindingGroup): string {
  return `${rule} ${plugin} ${command} ${count}x, ${podCount} pods, ${firstMs - T0}..${wallMs - T0}, ${calls.join(" ")}`
}

// review D11: the kubelet repeats a DEL that fails for days
test("repeats of one sandbox are one group with its count, its first and its newest call", () => {
  const groups = new FindingGroups()
  const calls = Array.from({ length: 46 }, (_, at) =>
    plugin(`del-${at}`, {
      plugin: "bridge",
      command: "DEL",
      at: at * 60_000,
      exit: { code: 1 },
      stdout: "",
      stderr: "",
    }),
  )
  for (const finding of findings(calls)) groups.add(finding)
  assert.deepEqual(groups.list().map(shown), [
    `failure-silent bridge DEL 46x, 1 pods, 0..2700000, ${Array.from({ length: 10 }, (_, at) => `del-${45 - at}`).join(" ")}`,
  ])
})

test("the same in several pods is one group; another plugin, command or code is another one", () => {
  const groups = new FindingGroups()
  const error = (id: string, at: number, code: number, name: string, ip: string) =>
    plugin(id, {
      plugin: "policy",
      at: at * 20_000,
      containerId: `c${at}`,
      pod: { namespace: "shop", name },
      exit: { code: 1 },
      stdout: { cniVersion: "1.0.0", code, msg: `${name}: no route to ${ip}` },
    })
  const calls = [
    error("a", 0, 20, "web-1", "10.0.0.1"),
    error("b", 1, 20, "web-2", "10.0.0.2"),
    error("c", 2, 21, "web-3", "10.0.0.3"),
  ]
  for (const finding of findings(calls)) groups.add(finding)
  assert.deepEqual(groups.list().map(shown), [
    "error-code-reserved policy ADD 2x, 2 pods, 0..20000, b a",
    "error-code-reserved policy ADD 1x, 1 pods, 40000..40000, c",
  ])
})

test("details that differ each time do not fill the memory", () => {
  const groups = new FindingGroups()
  const [finding] = findings([plugin("x", { exit: { code: 1 }, stdout: "", stderr: "" })])
  assert.ok(finding)
  for (let at = 0; at < 1000; at++) groups.add({ ...finding, detail: "xyz".repeat(at) })
  const list = groups.list()
  assert.equal(list.length, 200)
  assert.equal(list[0]?.count, 801)
  assert.equal(
    list.reduce((sum, { count }) => sum + count, 0),
    1000,
  )
})
