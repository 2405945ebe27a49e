/// <reference lib="dom" />
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import { generate } from "../../bench/generate.ts"
import { ServedRecording } from "./served-recording.ts"

let served: ServedRecording

before(async () => {
  served = await ServedRecording.start(({ capture }) => {
    generate(capture, 8_000, Date.now(), 1)
  })
})

after(() => served?.end())

test("rows that fly past are sketches, and whole when the list rests; after one jump they are whole at once", async () => {
  const { page, context, wrongs } = await served.open()
  assert.deepEqual(await page.evaluate(scroll, [1, 20_000] as const), ["whole"])
  assert.deepEqual(await page.evaluate(scroll, [3, 0] as const), ["whole", "whole", "whole"])
  assert.deepEqual(await page.evaluate(scroll, [4, 600] as const), ["whole", "sketched", "sketched", "sketched"])
  await page.waitForFunction(() =>
    [...document.querySelectorAll(".list .row")].every(
      (row) => row.getAttribute("title") && row.querySelector(".bars i"),
    ),
  )
  assert.deepEqual(await page.evaluate(scroll, [4, 60] as const), ["whole", "whole", "whole", "whole"])
  assert.deepEqual(wrongs, [])
  await context.close()
})

/** What the rows are, after each of some frames in which the list is scrolled by some pixels. */
async function scroll([frames, px]: readonly [number, number]): Promise<string[]> {
  const list = document.querySelector(".list")
  const seen: string[] = []
  for (let at = 0; at < frames; at++) {
    list?.scrollBy(0, px)
    await new Promise((resolve) => requestAnimationFrame(resolve))
    const rows = [...document.querySelectorAll(".list .row")]
    const drawn = rows.map((row) =>
      row.querySelector(".bars i") && row.querySelector(".said")?.textContent ? "whole" : "sketched",
    )
    seen.push([...new Set(drawn)].join())
  }
  return seen
}
