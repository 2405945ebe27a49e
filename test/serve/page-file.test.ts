import assert from "node:assert/strict"
import { test } from "node:test"
import type { EmbeddedCapture } from "../../src/export/html.ts"
import type { Explanation } from "../../src/model/explain/statement.ts"
import { toOperations } from "../../src/model/operation.ts"
import { pageFile } from "../../src/serve/page-file.ts"
import { call } from "../model/calls.ts"

type Explain = (id: string) => Promise<Explanation | undefined>

const explained: Explain = async (operation) => ({ operation, hasProblem: true, headline: "", statements: [] })

test("a file explains the latest problems, and says so if it does not explain all of them", async (t) => {
  assert.deepEqual(await fileOf(50, explained), { explained: 50 })
  assert.deepEqual(await fileOf(60, explained), {
    explained: 50,
    newest: "c59",
    note: "the latest 50 of 60 problems are explained; cnitap explain explains the others",
  })
  assert.deepEqual(await fileOf(60, async () => undefined), {
    explained: 0,
    note: "problems are not explained in this file; cnitap explain does so",
  })
  // Each of these takes two seconds.
  let nowMs = 0
  t.mock.method(performance, "now", () => nowMs)
  const slow: Explain = (id) => {
    nowMs += 2_000
    return explained(id)
  }
  assert.deepEqual(await fileOf(50, slow), {
    explained: 3,
    newest: "c49",
    note: "the latest 3 of 50 problems are explained; cnitap explain explains the others",
  })
})

/** Of a capture with so many failed operations: how many the file explains, which is the newest of them, and its note. */
async function fileOf(count: number, explain: Explain) {
  const calls = Array.from({ length: count }, (_, at) =>
    call(`c${at}`, { at: at * 60_000, containerId: `container-${at}`, exit: { code: 1 } }),
  )
  const operations = async function* () {
    yield* toOperations(calls)
  }
  const name = { path: "capture", program: "cnitap", flags: [] }
  const { html } = await pageFile(operations(), { name, filter: "", nowMs: 0 }, () => [], explain)
  const data = /<script type="application\/json" id="capture">(.*?)<\/script>/s.exec(html)?.[1] ?? ""
  const { explanations = [], note } = JSON.parse(data) as EmbeddedCapture
  return note === undefined
    ? { explained: explanations.length }
    : { explained: explanations.length, ...(explanations[0] ? { newest: explanations[0].operation } : {}), note }
}
