import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import type { Operation } from "../../../src/model/operation.ts"
import { type Capture, openCapture } from "../../../src/store/capture/capture.ts"
import { mergeCaptures } from "../../../src/store/capture/merged-capture.ts"
import { ReadErrors } from "../../../src/store/capture/read-errors.ts"
import { readOperations } from "../../../src/store/query/operations.ts"
import { Random } from "../../capture/random.ts"
import { writeRandomCapture } from "../random-capture.ts"

test("the captures of several nodes read together are what one capture of all nodes is", async (t) => {
  const seed = Random.seed()
  t.diagnostic(`CNITAP_SEED=${seed}`)
  const whole = writeRandomCapture(new Random(seed), 400, { nodes: 3 })
  const root = mkdtempSync(join(tmpdir(), "cnitap-merge-"))
  t.after(() => [whole, root].map((path) => rmSync(path, { recursive: true })))
  const directories = splitByNode(whole, root)
  assert.equal(directories.length, 3)
  const captures = await Promise.all(directories.map((directory) => openCapture(directory)))
  assert.deepEqual(await operationsOf(mergeCaptures(captures)), await operationsOf(await openCapture(whole)))
})

test("a capture that is named twice is read once", async (t) => {
  const directory = writeRandomCapture(new Random(1), 20)
  t.after(() => rmSync(directory, { recursive: true }))
  const twice = mergeCaptures([await openCapture(directory), await openCapture(`${directory}/.`)])
  assert.deepEqual(await operationsOf(twice), await operationsOf(await openCapture(directory)))
})

test("unreadable lines are located by the path of their segment: two captures may have segments of one name", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "cnitap-merge-"))
  t.after(() => rmSync(root, { recursive: true }))
  for (const name of ["a", "b"]) {
    mkdirSync(join(root, name))
    writeFileSync(join(root, name, "calls-20260301T06.jsonl"), name === "b" ? "\nnoise\n" : "")
  }
  const merged = mergeCaptures([await openCapture(join(root, "a")), await openCapture(join(root, "b"))])
  const errors = new ReadErrors()
  assert.deepEqual(await operationsOf(merged, errors), [])
  assert.deepEqual(errors.list(), [{ kind: "foreign", lines: 1, first: `${root}/b/calls-20260301T06.jsonl:1` }])
})

async function operationsOf(capture: Capture, errors = new ReadErrors()): Promise<Operation[]> {
  const operations: Operation[] = []
  for await (const operation of readOperations(capture, errors)) operations.push(operation)
  return operations
}

/** A directory for each node, with segments of the same names. Only begin records name the node. */
function splitByNode(directory: string, root: string): string[] {
  const nodes = new Map<string, string>()
  for (const segment of readdirSync(directory).sort()) {
    const parts = new Map<string, string>()
    for (const line of readFileSync(join(directory, segment), "utf8").split("\n").filter(Boolean)) {
      const { id, kind, node } = JSON.parse(line) as { id: string; kind: string; node?: string }
      if (kind === "begin") nodes.set(id, node ?? "")
      const of = nodes.get(id) ?? ""
      parts.set(of, `${parts.get(of) ?? ""}\n${line}\n`)
    }
    for (const [node, text] of parts) {
      mkdirSync(join(root, node), { recursive: true })
      writeFileSync(join(root, node, segment), text)
    }
  }
  return readdirSync(root).map((node) => join(root, node))
}
