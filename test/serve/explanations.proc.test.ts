import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { Explanation } from "../../src/model/explain/statement.ts"
import type { ReviewAnswer } from "../../src/serve/protocol.ts"
import { cnitap } from "../cli/cnitap.ts"
import { type WrittenCall, writeCalls } from "../cli/written-capture.ts"
import { makeNode, type Node, recordEverything } from "../web/recording.ts"
import { type Serving, serve } from "./serving.ts"

let node: Node
let serving: Serving

before(async () => {
  node = makeNode()
  recordEverything(node)
  serving = await serve("/capture", "--root", node.root)
})

after(async () => {
  await serving?.end()
  node?.remove()
})

test("the page and the command line explain every operation in the same words", async () => {
  const capture = ["--root", node.root, "--capture", "/capture"]
  const listed = await cnitap(["ls", ...capture, "-o", "jsonpath={.items[*].id}"])
  const ids = listed.stdout.trim().split(" ")
  assert.equal(ids.length, 11)
  // Who has the addresses is known to the server once it has reviewed the capture.
  while (!(await reviewed()).isComplete);
  for (const id of ids) {
    const printed = await cnitap(["explain", `operation/${id}`, ...capture, "-o", "json"])
    assert.deepEqual(withoutAges(await served(id)), withoutAges(JSON.parse(printed.stdout)), id)
  }
})

test("attempts are counted over all operations of a pod, also if it has very many", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-attempts-"))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const id = (at: number) => at.toString(16).padStart(16, "0")
  const startMs = Date.UTC(2026, 2, 1, 6)
  const tries = Array.from({ length: 150 }, (_, at): WrittenCall[] => {
    const sandbox = { node: "n1", pod: "etl", container: `etl-${at}` }
    const wallMs = startMs + at * 10_000
    return [
      { ...sandbox, id: id(2 * at + 1), wallMs, error: "no route to the API server" },
      { ...sandbox, id: id(2 * at + 2), wallMs: wallMs + 1000, command: "DEL" },
    ]
  })
  writeCalls(directory, tries.flat())
  const many = await serve(directory)
  t.after(() => many.end())
  for (const at of [0, 149]) {
    const own = id(2 * at + 1)
    const printed = await cnitap(["explain", `operation/${own}`, "--capture", directory, "-o", "json"])
    const ofCommand = withoutAges(JSON.parse(printed.stdout))
    assert.equal(
      ofCommand.statements.find(({ topic }) => topic === "attempts")?.text,
      `this is attempt ${at + 1} of 150 in T; 150 failed, and none has succeeded since`,
    )
    while (!(await reviewed(many)).isComplete);
    assert.deepEqual(withoutAges(await served(own, many)), ofCommand, own)
  }
})

async function reviewed(from = serving): Promise<ReviewAnswer> {
  return (await (await from.get("/api/review")).json()) as ReviewAnswer
}

async function served(id: string, from = serving): Promise<Explanation> {
  const answer = await from.get(`/api/explanations/${id}`)
  assert.equal(answer.status, 200)
  return (await answer.json()) as Explanation
}

/** They were asked at different times. */
function withoutAges({ headline, hasProblem, statements }: Explanation) {
  const plain = (text: string) => text.replaceAll(/\b[\d.]+(?:ms|s|m)\b/g, "T")
  return {
    headline: plain(headline),
    hasProblem,
    statements: statements.map(({ topic, text, call }) => ({ topic, text: plain(text), call })),
  }
}
