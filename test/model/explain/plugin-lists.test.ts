import assert from "node:assert/strict"
import { test } from "node:test"
import { PluginLists } from "../../../src/model/explain/plugin-lists.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { type CallProps, call } from "../calls.ts"

const RESULT = { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] }

/** The list that is known after each of these operations, which are a minute apart. */
function known(...operations: { plugins: string[]; props?: CallProps }[]): (string[] | undefined)[] {
  const lists = new PluginLists()
  return operations.map(({ plugins, props }, index) => {
    const calls = plugins.map((plugin, at) =>
      call(`${index}-${plugin}`, {
        plugin,
        containerId: `c${index}`,
        at: index * 60_000 + at * 20,
        stdout: RESULT,
        ...props,
      }),
    )
    const [operation] = toOperations(calls)
    assert.ok(operation)
    lists.add(operation)
    return lists.of(operation)?.plugins
  })
}

test("an ADD shows the list, a DEL its reverse", () => {
  assert.deepEqual(known({ plugins: ["bridge", "portmap"] }), [["bridge", "portmap"]])
  assert.deepEqual(known({ plugins: ["portmap", "bridge"], props: { command: "DEL" } }), [["bridge", "portmap"]])
})

test("an operation that failed or that the runtime cannot parse shows nothing", () => {
  assert.deepEqual(
    known({ plugins: ["bridge"], props: { exit: { code: 1 } } }, { plugins: ["bridge"], props: { stdout: "no json" } }),
    [undefined, undefined],
  )
})

test("one operation that stopped early does not shorten the list; three in a row mean that it was edited", () => {
  const [whole, short] = [{ plugins: ["bridge", "portmap"] }, { plugins: ["bridge"] }]
  assert.deepEqual(known(whole, short, short, whole, short, short, short), [
    ["bridge", "portmap"],
    ["bridge", "portmap"],
    ["bridge", "portmap"],
    ["bridge", "portmap"],
    ["bridge", "portmap"],
    ["bridge", "portmap"],
    ["bridge"],
  ])
})

test("another plugin means another list", () => {
  assert.deepEqual(known({ plugins: ["bridge", "portmap"] }, { plugins: ["bridge", "istio-cni"] }), [
    ["bridge", "portmap"],
    ["bridge", "istio-cni"],
  ])
})
