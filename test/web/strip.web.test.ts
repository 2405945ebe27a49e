/// <reference lib="dom" />
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Page } from "playwright-core"
import { cnitap } from "../cli/cnitap.ts"
import { copiedText } from "./browser.ts"
import { ServedRecording } from "./served-recording.ts"

let served: ServedRecording

before(async () => {
  served = await ServedRecording.start()
})

after(() => served?.end())

const filterOf = (page: Page) => page.getByRole("combobox", { name: "filter" }).inputValue()
const rows = (page: Page) => page.locator(".list [role=option]")
const graph = (page: Page) => page.locator(".strip-graph")

/** Waits until the filter box has such a text: it follows the list, which is there before. */
async function filterBecomes(page: Page, wanted: RegExp) {
  await page.waitForFunction((source) => {
    const box = document.querySelector<HTMLInputElement>("input.filter")
    return box !== null && new RegExp(source).test(box.value)
  }, wanted.source)
}

/** Presses at a share of the strip's width, and releases at another. */
async function brush(page: Page, from: number, to: number) {
  const { x, y, width } = (await graph(page).boundingBox()) ?? assert.fail("no strip")
  await page.mouse.move(x + from * width, y + 8)
  await page.mouse.down()
  await page.mouse.move(x + to * width, y + 8, { steps: 4 })
  await page.mouse.up()
}

test("a brush of the time strip is a filter, and a link, in every view", async () => {
  const { page, context, wrongs } = await served.open({
    timezoneId: "Asia/Tokyo",
    permissions: ["clipboard-read", "clipboard-write"],
  })
  const all = await rows(page).count()
  await page.getByRole("img", { name: new RegExp(`^${all} operations from .*: 3 failed, 0 killed, 0 hung$`) }).waitFor()
  await brush(page, 0.5, 0.99)
  await page.getByText("No operation matches the filter.").waitFor()
  const limits =
    /^since=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+09:00 and until=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?\+09:00$/
  await filterBecomes(page, limits)
  await page.goBack()
  await rows(page).first().waitFor()
  await filterBecomes(page, /^$/)

  await page.getByRole("combobox", { name: "filter" }).fill("plugin=bridge")
  await page.getByText("9 shown").waitFor()
  await brush(page, 0.03, 0.49)
  await filterBecomes(page, /^plugin=bridge and since=\S+ and until=\S+$/)
  const link = page.url()
  // The copied command lists the same.
  const shown = Number.parseInt((await page.getByText(/^\d+ shown$/).textContent()) ?? "", 10)
  await page.locator(".toolbar .share summary").click()
  await page.getByRole("button", { name: "Copy command" }).click()
  await page.locator(".toolbar .share").getByText("copied").waitFor()
  const [, ...words] = /^cnitap ls --capture (\S+) '(.*)'$/.exec(await copiedText(page)) ?? []
  const listed = await cnitap(["ls", "--capture", ...words, "-o", "name"])
  assert.equal(listed.stdout.trim().split("\n").length, shown)
  await page.getByRole("link", { name: "Pods" }).click()
  await page.locator(".pod-row").first().waitFor()
  await page.getByRole("button", { name: /^\d+ of 11 ×$/ }).click()
  assert.equal(new URL(page.url()).hash, "#/pods")
  await page.goto(link)
  await page.getByText(/^\d+ shown$/).waitFor()
  await filterBecomes(page, /^plugin=bridge and since=/)
  // A click beside the brush removes it, and nothing else of the filter.
  await graph(page).click({ position: { x: 2, y: 8 } })
  await page.getByText("9 shown").waitFor()
  await filterBecomes(page, /^plugin=bridge$/)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the time strip is operated by keys, and says what it does", async () => {
  const { page, context, wrongs } = await served.open()
  const since = page.getByRole("slider", { name: "since" })
  const until = page.getByRole("slider", { name: "until" })
  assert.equal(await since.getAttribute("aria-valuetext"), "no limit")
  await page.getByRole("button", { name: "pause" }).click()
  await since.focus()
  await page.keyboard.press("Shift+ArrowRight")
  await filterBecomes(page, /^since=\S+$/)
  assert.match((await since.getAttribute("aria-valuetext")) ?? "", /^\d\d:\d\d:\d\d\.\d{3}$/)
  await until.focus()
  await page.keyboard.press("ArrowLeft")
  await filterBecomes(page, /^since=\S+ and until=\S+$/)
  await page.keyboard.press("Delete")
  await filterBecomes(page, /^$/)
  assert.equal(await since.evaluate((edge) => edge === document.activeElement), false)
  const span = async () =>
    Number(await since.getAttribute("aria-valuemax")) - Number(await since.getAttribute("aria-valuemin"))
  const whole = await span()
  await page.getByRole("button", { name: "zoom in" }).click()
  assert.ok((await span()) < whole * 0.6)
  await page.getByRole("button", { name: "now" }).waitFor()
  await page.getByRole("button", { name: "zoom out" }).click()
  assert.equal(await span(), whole)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("one time zone for every time on the page, and for the filter", async () => {
  const { page, context, wrongs } = await served.open({ timezoneId: "Asia/Tokyo" })
  const firstTime = () => rows(page).first().locator(".time").textContent()
  const tokyo = await firstTime()
  const exact = await rows(page).first().locator(".time").getAttribute("title")
  assert.match(exact ?? "", /\+09:00$/)
  const zones = page.getByRole("combobox", { name: "time zone" })
  assert.equal(await zones.locator("option:checked").textContent(), "UTC+9")
  await zones.selectOption("UTC")
  const utc = await firstTime()
  const hours = (time: string | null) => Number(/(\d\d):\d\d:\d\d\.\d{3}$/.exec(time ?? "")?.[1])
  assert.equal((hours(utc) + 9) % 24, hours(tokyo))
  assert.equal(await page.locator(".row-heading .time").textContent(), "UTC")
  await zones.selectOption("local")
  await page.getByRole("combobox", { name: "filter" }).fill(`since=${exact?.slice(0, 23)}`)
  await page.keyboard.press("Enter")
  await page.getByText("1 shown").waitFor()
  assert.equal(await filterOf(page), `since=${exact}`)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the bars of the list have one scale", async () => {
  const { page, context } = await served.open()
  const widths = await rows(page).evaluateAll((found) =>
    found.map((row) => {
      const ms = row.querySelector(".duration")?.textContent ?? ""
      const [whole, last] = [row.querySelector(".bars"), row.querySelector(".bars i:last-child")]
      const shown = (last?.getBoundingClientRect().right ?? 0) - (whole?.getBoundingClientRect().left ?? 0)
      return { ms: Number.parseFloat(ms) * (ms.endsWith("ms") ? 1 : 1_000), share: shown / (whole?.clientWidth ?? 1) }
    }),
  )
  const scale = (await page.locator(".row-heading .scale span").last().textContent()) ?? ""
  const scaleMs = Number.parseFloat(scale) * (scale.endsWith("ms") ? 1 : 1_000)
  for (const { ms, share } of widths) assert.ok(Math.abs(share - ms / scaleMs) < 0.05, `${ms} ms is drawn as ${share}`)
  await context.close()
})

test("new operations are held back while paused, and counted above a list that is scrolled down", async () => {
  const { page, context, wrongs } = await served.open({ viewport: { width: 1280, height: 400 } })
  await page.getByRole("button", { name: "pause" }).click()
  const before = await rows(page).first().getAttribute("title")
  served.node.operation("DEL", { namespace: "shop", name: "late", sandbox: 1 }, { list: ["bandwidth"] })
  await page.getByRole("button", { name: "paused, 1 new" }).click()
  await rows(page).first().filter({ hasText: "shop/late" }).waitFor()
  assert.notEqual(await rows(page).first().getAttribute("title"), before)

  await page.locator(".list").evaluate((list) => list.scrollTo(0, 100))
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  served.node.operation("DEL", { namespace: "shop", name: "later", sandbox: 1 }, { list: ["bandwidth"] })
  await page.getByRole("button", { name: "↑ 1 new" }).click()
  await rows(page).first().filter({ hasText: "shop/later" }).waitFor()
  await page.getByRole("button", { name: "↑ 1 new" }).waitFor({ state: "detached" })
  assert.deepEqual(wrongs, [])
  await context.close()
})
