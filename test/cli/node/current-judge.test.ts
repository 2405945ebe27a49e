import assert from "node:assert/strict"
import { test } from "node:test"
import { CurrentJudge } from "../../../src/cli/node/current-judge.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { outcomeText } from "../../../src/model/outcome.ts"
import { call, T0 } from "../../model/calls.ts"

/** Outcomes of an ADD that called only bridge, with the list that the node has at that time. */
function judged(lists: readonly (readonly string[])[], ...timesMs: number[]): string[] {
  let reads = 0
  let nowMs = 0
  const read = () => {
    const plugins = lists[Math.min(reads++, lists.length - 1)] ?? []
    return () => ({ plugins, changedMs: 0 })
  }
  const judge = new CurrentJudge(read, () => nowMs)
  return timesMs.map((atMs, at) => {
    nowMs = T0 + atMs
    return judge
      .judge(toOperations([call(`c${at}`, { plugin: "bridge", at: atMs, containerId: `c${at}` })]))
      .map(outcomeText)
      .join()
  })
}

const MISSING = "failed: portmap: was not called, although no call before it failed"

test("an operation that did not call the whole list that the node has now is failed", () => {
  assert.deepEqual(judged([["bridge", "portmap"]], 0, 1), [MISSING, MISSING])
  assert.deepEqual(judged([["bridge"]], 0), ["ok"])
})

test("the list is read again before an operation is called incomplete, and when it is two seconds old", () => {
  assert.deepEqual(judged([["bridge", "portmap"], ["bridge"]], 0), ["ok"])
  assert.deepEqual(judged([["bridge"], ["bridge", "portmap"]], 0, 1_000, 3_000), ["ok", "ok", MISSING])
})
