import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import type { EmbeddedCapture } from "../../src/export/html.ts"
import type { Explanation } from "../../src/model/explain/statement.ts"
import { toOperations } from "../../src/model/operation.ts"
import { pageFile } from "../../src/serve/page-file.ts"
import { cnitap } from "../cli/cnitap.ts"
import { type WrittenCall, writeCalls } from "../cli/written-capture.ts"
import { call, T0 } from "../model/calls.ts"

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

test("export html does not explain the problems of a capture with more than 2,000 operations, and says so", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-many-"))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const calls = Array.from({ length: 2_001 }, (_, at): WrittenCall => {
    const pod = `web-${at}`
    return { id: at.toString(16).padStart(16, "0"), pod, wallMs: T0 + at * 1_000, ...(at === 0 ? { error: "no" } : {}) }
  })
  writeCalls(directory, calls.slice(1))
  assert.equal(await exportedNote(directory), undefined)
  writeCalls(directory, calls.slice(0, 1))
  assert.equal(await exportedNote(directory), "problems are not explained in this file; cnitap explain does so")
})

async function exportedNote(capture: string): Promise<string | undefined> {
  return embeddedIn((await cnitap(["export", "html", "--capture", capture])).stdout).note
}

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
  const { explanations = [], note } = embeddedIn(html)
  return note === undefined
    ? { explained: explanations.length }
    : { explained: explanations.length, ...(explanations[0] ? { newest: explanations[0].operation } : {}), note }
}

function embeddedIn(html: string): EmbeddedCapture {
  const data = /<script type="application\/json" id="capture">([^<]*)<\/script>/.exec(html)?.[1] ?? ""
  return JSON.parse(data) as EmbeddedCapture
}
