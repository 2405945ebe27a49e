import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Explanation } from "../../src/model/explain/statement.ts"
import type { ReviewAnswer } from "../../src/serve/protocol.ts"
import { cnitap } from "../cli/cnitap.ts"
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

async function reviewed(): Promise<ReviewAnswer> {
  return (await (await serving.get("/api/review")).json()) as ReviewAnswer
}

async function served(id: string): Promise<Explanation> {
  const answer = await serving.get(`/api/explanations/${id}`)
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
