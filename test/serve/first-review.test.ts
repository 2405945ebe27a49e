import assert from "node:assert/strict"
import { readdirSync, readFileSync, truncateSync, unlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Review } from "../../src/model/review.ts"
import { FirstReview } from "../../src/serve/first-review.ts"
import { Reviewer } from "../../src/serve/reviewer.ts"
import { SegmentChecks } from "../../src/serve/segment-checks.ts"
import { Session } from "../../src/serve/session.ts"
import { openCapture } from "../../src/store/capture/capture.ts"
import { type Noise, temporaryRandomCapture } from "../store/random-capture.ts"

const NOW_MS = Date.UTC(2026, 6, 1)

test("a capture is reviewed as in one pass over all streams, at first and from what was kept", async (t) => {
  const noises: Noise[] = [{}, { torn: true }, { nodes: 3 }]
  for (const noise of noises) {
    const directory = temporaryRandomCapture(t, noise)
    const expected = await wholePass(directory)
    assert.ok(expected.rules.length > 0)
    assert.deepEqual(await firstReview(directory), expected)
    assert.ok(keptFiles(directory).length > 0)
    assert.deepEqual(await firstReview(directory), expected)
  }
})

test("the newest operations are checked while the indexes of the others are built", async (t) => {
  const directory = temporaryRandomCapture(t, {}, 1_200)
  const session = new Session(await openCapture(directory))
  t.after(() => session.close())
  const opened = session.open()
  await session.begun()
  assert.equal(session.isRead, false)
  const newest = session.catalog.newestFirst()
  const first = new FirstReview(session, new SegmentChecks(session, "rules"))
  const checks = await first.check(newest, NOW_MS)
  assert.ok(first.size > 0 && first.rules().length > 0)
  await opened
  assert.ok(session.catalog.size > newest.length)
  // Once everything is known, the review is that of one pass.
  const review = new Review((call) => session.wholeCall(call))
  await first.addTo(review, session.catalog.newestFirst())
  assert.deepEqual(stateOf(review), await wholePass(directory))
  assert.ok(first.size >= checks.size)
})

test("a capture that has been read is reviewed by the first answer, and by all that follow", async (t) => {
  const session = new Session(await openCapture(temporaryRandomCapture(t, {})))
  t.after(() => session.close())
  await session.open()
  const reviewer = new Reviewer(session, () => assert.fail("the capture is of other nodes"), false)
  for (let count = 0; count < 3; count++) assert.equal((await reviewer.answer(NOW_MS)).isComplete, true)
})

test("what was kept is read, unless it is of other rules, of another segment, or damaged", async (t) => {
  const directory = temporaryRandomCapture(t, {})
  const expected = await wholePass(directory)
  await firstReview(directory)
  const [name = ""] = keptFiles(directory)
  const file = join(directory, name)
  const kept = readFileSync(file, "utf8")
  const changed = JSON.stringify(JSON.parse(kept), (key, value) => (key === "detail" ? "as kept" : value))
  const reviewWith = async (text: string, ruleSet?: string) => {
    writeFileSync(file, text)
    return firstReview(directory, ruleSet)
  }
  assert.ok(JSON.stringify(await reviewWith(changed)).includes("as kept"))
  for (const damaged of [
    kept.slice(0, -10),
    changed.replace(/"stamp":"/, '"stamp":"0'),
    changed.replace(/"digests":\[/, '"digests":[7,'),
    changed.replace(/"stream":"[a-z]+"/, '"stream":"other"'),
    "[]",
  ])
    assert.deepEqual(await reviewWith(damaged), expected)
  assert.deepEqual(await reviewWith(changed, "newer rules"), expected)
})

test("the review of a capture that was pruned, or of which a segment was cut off, is that of what is left", async (t) => {
  const directory = temporaryRandomCapture(t, {})
  await firstReview(directory)
  const [oldest = "", next = ""] = readdirSync(directory).filter((name) => name.startsWith("calls-"))
  unlinkSync(join(directory, oldest))
  assert.deepEqual(await firstReview(directory), await wholePass(directory))
  truncateSync(join(directory, next), readFileSync(join(directory, next)).lastIndexOf("\n", -2) + 1)
  assert.deepEqual(await firstReview(directory), await wholePass(directory))
})

function keptFiles(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".checks"))
}

async function firstReview(directory: string, ruleSet = "rules") {
  return reviewOf(directory, (session, review) =>
    new FirstReview(session, new SegmentChecks(session, ruleSet)).addTo(review, session.catalog.newestFirst()),
  )
}

async function wholePass(directory: string) {
  return reviewOf(directory, async (session, review) => {
    for (const operation of session.catalog.newestFirst().sort((a, b) => a.wallMs - b.wallMs))
      review.add(await session.whole(operation), NOW_MS)
  })
}

async function reviewOf(directory: string, add: (session: Session, review: Review) => Promise<void>) {
  const session = new Session(await openCapture(directory))
  try {
    await session.open()
    const review = new Review((call) => session.wholeCall(call))
    await add(session, review)
    return stateOf(review)
  } finally {
    session.close()
  }
}

function stateOf(review: Review) {
  const { size, goneCount, dataDirs } = review
  return { size, goneCount, dataDirs, rules: review.rules(NOW_MS), attachments: review.attachments(NOW_MS) }
}
