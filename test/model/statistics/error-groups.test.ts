import assert from "node:assert/strict"
import { test } from "node:test"
import { ErrorGroups } from "../../../src/model/statistics/error-groups.ts"
import { call, operation, T0 } from "../calls.ts"

const failed = (id: string, name: string, at: number, msg: string, plugin = "bridge") =>
  operation(
    call(id, {
      plugin,
      at,
      containerId: `${id}c0ffee00112233`,
      pod: { namespace: "shop", name },
      exit: { code: 1 },
      stdout: { code: 11, msg },
    }),
  )

test("failures are grouped by their message without addresses, ids, names and numbers", () => {
  const groups = new ErrorGroups()
  groups.add(operation(call("ok")))
  groups.add(failed("a1", "web-1", 3000, "dial tcp 10.96.0.1:443: i/o timeout after 10.2s for shop/web-1 on eth0"))
  groups.add(
    failed("a2", "web-2", 1000, "dial tcp 10.96.0.7:6443: i/o timeout after 9s for shop/web-2 on eth0", "calico"),
  )
  groups.add(
    failed("a3", "web-2", 2000, "dial tcp 10.96.0.7:6443: i/o timeout after 8s for shop/web-2 on eth0", "calico"),
  )
  groups.add(failed("b1", "web-1", 4000, "no IP addresses available in range set: 10.1.0.1-10.1.0.6"))
  assert.deepEqual(groups.list(), [
    {
      message: "dial tcp <ip>:<n>: i/o timeout after <n> for <namespace>/<pod> on eth0",
      count: 3,
      plugins: ["bridge", "calico"],
      commands: ["ADD"],
      pods: 2,
      firstMs: T0 + 1000,
      lastMs: T0 + 3000,
      operation: "a1",
    },
    {
      message: "no IP addresses available in range set: <ip>-<ip>",
      count: 1,
      plugins: ["bridge"],
      commands: ["ADD"],
      pods: 1,
      firstMs: T0 + 4000,
      lastMs: T0 + 4000,
      operation: "b1",
    },
  ])
})

test("the innermost failing plugin is the one that counts, and a failure without a message has its exit status", () => {
  const groups = new ErrorGroups()
  const nested = call("in", {
    plugin: "host-local",
    parent: "out",
    exit: { code: 1 },
    stdout: { code: 11, msg: "full" },
    at: 1,
  })
  groups.add(operation(call("out", { plugin: "bridge", exit: { code: 1 }, stdout: { code: 11, msg: "full" } }), nested))
  groups.add(operation(call("mute", { exit: { code: 3 } })))
  groups.add(operation(call("gone", { state: "killed" })))
  assert.deepEqual(
    groups.list().map(({ message, plugins, count }) => [message, plugins, count]),
    [
      ["exit 3, without a message", ["mute"], 1],
      ["full", ["host-local"], 1],
      ["killed before it ended, without a message", ["gone"], 1],
    ],
  )
})
