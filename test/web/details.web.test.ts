/// <reference lib="dom" />
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { BrowserContextOptions, Locator } from "playwright-core"
import { countText } from "../../src/web/parts/count-text.ts"
import { copiedText, goTo } from "./browser.ts"
import { recordEverything } from "./recording.ts"
import { ServedRecording } from "./served-recording.ts"

let served: ServedRecording

before(async () => {
  served = await ServedRecording.start((node) => {
    recordEverything(node)
    node.operation("ADD", { namespace: "shop", name: "crash-0", sandbox: 1 }, { list: ["crashes"] })
    node.begin("sleeper", "ADD", { namespace: "shop", name: "hung-0", sandbox: 1 })
  })
})

after(() => served?.end())

const open = (hash = "", options: BrowserContextOptions = {}) => served.open(options, hash)

const texts = async (found: Locator) => (await found.allInnerTexts()).map((text) => text.replace(/\s+/g, " ").trim())

test("numbers of things have separators", () => {
  assert.deepEqual([0, 999, 23_792, 1_000_004].map(countText), ["0", "999", "23,792", "1,000,004"])
})

test("findings are counted by rule, as they are listed; a crash leads to what the plugin printed", async () => {
  const { page, context, wrongs } = await open("#/findings")
  await page.locator(".rule-row").first().waitFor()
  const count = await page.locator(".rule-row").count()
  assert.ok((await texts(page.locator(".counter"))).includes(`all ${count}`))
  await goTo(page, "#/findings/killed-by-signal")
  assert.deepEqual(await texts(page.locator(".remedy")), [
    "Read its stderr here: after a crash, runtimes report only netplugin failed with no error message.",
  ])
  assert.deepEqual(await texts(page.locator(".remedy code")), ["netplugin failed with no error message"])
  await page.locator(".evidence-row").first().click()
  await page.locator(".lines", { hasText: "fatal error: concurrent map writes" }).waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("findings and ledger say that the filter does not apply to them", async () => {
  const { page, context } = await open("#/operations?q=failed")
  for (const [view, row] of [
    ["findings", ".rule-row"],
    ["ledger", ".ledger-row"],
  ] as const) {
    await page.locator("nav").getByRole("link", { name: view, exact: false }).first().click()
    await page.locator(row).first().waitFor()
    await page.locator(".toolbar").getByText("of the whole capture, not only of the filter").waitFor()
  }
  await context.close()
})

test("the head of an operation in flight says how long so far", async () => {
  const { page, context } = await open()
  await page.locator(".row", { hasText: "hung-0" }).click()
  await page
    .locator(".facts div", { hasText: "duration" })
    .getByText(/^[\d.]+(ms|s)( \d+s)? so far$/)
    .waitFor()
  await context.close()
})

test("a document is collapsed and expanded as a whole; a path, a value and a container ID are copied", async () => {
  const { page, context, wrongs } = await open("", { permissions: ["clipboard-read", "clipboard-write"] })
  await page.locator(".row", { hasText: "cart" }).last().click()
  await page.getByRole("tab", { name: /^stdin/ }).click()
  const lines = page.locator(".lines .line")
  await lines.filter({ hasText: "host-local" }).waitFor()
  const whole = await lines.count()
  await page.getByRole("button", { name: "Collapse all" }).click()
  assert.equal(await lines.filter({ hasText: "host-local" }).count(), 0)
  await page.getByRole("button", { name: "Expand all" }).click()
  assert.equal(await lines.count(), whole)
  const copied = async (button: string, within: string) => {
    await page.locator(within).getByRole("button", { name: button }).click()
    await page.locator(within).getByText("copied").waitFor()
    return copiedText(page)
  }
  await lines.filter({ hasText: "10.244.1.0/24" }).click()
  assert.equal(await copied("Copy path", ".json-place"), "/ipam/ranges/0/0/subnet")
  await page.locator(".json-place").getByText("copied").waitFor({ state: "detached" })
  assert.equal(await copied("Copy value", ".json-place"), '"10.244.1.0/24"')
  await lines.filter({ hasText: /^"ipam"/ }).click()
  await page.locator(".json-place").getByText("copied").waitFor({ state: "detached" })
  assert.equal(
    await copied("Copy value", ".json-place"),
    '{"type":"host-local","ranges":[[{"subnet":"10.244.1.0/24"}]]}',
  )
  assert.match(await copied("Copy", ".facts"), /^[0-9a-f]{64}$/)

  await page.getByRole("button", { name: "text", exact: true }).click()
  const whiteSpace = () => lines.first().evaluate((line) => getComputedStyle(line).whiteSpace)
  assert.equal(await whiteSpace(), "pre-wrap")
  await page.getByRole("button", { name: "Wrap" }).click()
  assert.equal(await whiteSpace(), "pre")
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("at 360 pixels the ends of names, the address of an attachment and the chosen tab are in sight", async () => {
  const { page, context } = await open("", { viewport: { width: 360, height: 740 } })
  const isInside = (found: Locator) =>
    found.evaluate((element) => {
      const { left, right, width } = element.getBoundingClientRect()
      const frame = element.closest(".row, .ledger-row, .tabs")?.getBoundingClientRect()
      return frame !== undefined && width > 0 && left >= frame.left && right <= frame.right
    })
  for (const end of ["2xkqj", "9wlmz"])
    assert.ok(await isInside(page.locator(".row .middle-cut span:last-child", { hasText: end }).first()), end)
  await goTo(page, "#/ledger")
  const address = page.locator(".ledger-row", { hasText: "web" }).locator(".place .mono").first()
  await address.waitFor()
  assert.ok(await isInside(address))
  const isBoxed = await page
    .locator(".ledger-row .cause")
    .first()
    .evaluate((cause) => getComputedStyle(cause).borderLeftWidth !== "0px")
  assert.equal(isBoxed, false)
  await goTo(page, "#/operations")
  await page.locator(".row", { hasText: "cart" }).last().click()
  await page.locator(".lines .line").first().waitFor()
  const overlaps = await page.locator(".axis-ticks span").evaluateAll((ticks) => {
    const boxes = ticks.map((tick) => tick.getBoundingClientRect()).filter(({ width }) => width > 0)
    return boxes.filter(({ left }, at) => left < (boxes[at - 1]?.right ?? 0)).length
  })
  assert.equal(overlaps, 0)
  const exit = page.getByRole("tab", { name: /^exit/ })
  await exit.click()
  await page.getByRole("row", { name: "outcome exit 0" }).waitFor()
  assert.ok(await isInside(exit))
  const shadows = await page
    .locator(".call .tabs")
    .evaluate((tabs) => getComputedStyle(tabs).backgroundAttachment.split(", "))
  assert.deepEqual(shadows, ["local", "local", "scroll", "scroll"])
  await context.close()
})

test("on a large screen texts are larger, the overview is wide, and a bar is beside its row's text", async () => {
  const { page, context } = await open("", { viewport: { width: 3840, height: 2160 } })
  assert.equal(await page.evaluate(() => getComputedStyle(document.body).fontSize), "15px")
  const gapPx = await page
    .locator(".row")
    .first()
    .evaluate((row) => {
      const range = document.createRange()
      range.selectNodeContents(row.querySelector(".said") ?? row)
      const bars = row.querySelector(".bars")?.getBoundingClientRect()
      return (bars?.left ?? Number.NaN) - range.getBoundingClientRect().right
    })
  assert.ok(gapPx < 1500, `${gapPx} px`)
  await goTo(page, "#/overview")
  await page.locator(".tiles").waitFor()
  assert.ok((await page.locator(".tiles").evaluate((tiles) => tiles.clientWidth)) > 2500)
  await context.close()
})

test("help begins with examples", async () => {
  const { page, context } = await open()
  await page.keyboard.press("?")
  await page.locator(".grammar").first().waitFor()
  assert.match(
    (await page.locator(".grammar").first().textContent()) ?? "",
    /^ {2}orders-0 {5,}a word of a name, an ID or an error\n/,
  )
  await context.close()
})

test("the filter box has examples, not a key, as a placeholder; an error is apart from the text, a search is not an error", async () => {
  const { page, context } = await open("#/operations?q=plugn%3Dbridge")
  const input = page.getByRole("combobox", { name: "filter" })
  assert.equal(await input.getAttribute("placeholder"), "words, an address, or plugin=bridge and duration>50ms")
  const trouble = page.locator(".trouble")
  await trouble.getByText("no field is called").waitFor()
  assert.deepEqual(await texts(trouble.locator("code")), ["plugn=bridge"])
  assert.match((await texts(trouble))[0] ?? "", /^plugn=bridge no field is called/)
  const colours = await trouble.evaluate((element) => {
    const searching = document.createElement("span")
    searching.className = "dim"
    element.append(searching)
    return [element, searching].map((each) => getComputedStyle(each).color)
  })
  assert.notEqual(colours[0], colours[1])
  await context.close()
})

test("a chart has the time of a point; the ranges of fast plugins can be seen beside slow ones", async () => {
  const { page, context } = await open("#/overview")
  const chart = page.getByRole("img", { name: /^Calls in flight/ })
  await chart.locator(".u-over").hover()
  await chart
    .locator(".u-legend tr", { hasText: "time" })
    .getByText(/\d\d:\d\d:\d\d/)
    .waitFor()
  const widths = await page
    .locator("[aria-label=plugins] .range")
    .evaluateAll((ranges) =>
      ranges.map(
        (range) => range.getBoundingClientRect().left - (range.parentElement?.getBoundingClientRect().left ?? 0),
      ),
    )
  // Logarithmic: plugins of some milliseconds are not all at the left edge.
  assert.ok(Math.max(...widths) > 50, String(widths))
  await context.close()
})

test("the buttons of a tree are 24 pixels wide and high", async () => {
  const { page, context } = await open()
  await page.locator(".row", { hasText: "cart" }).last().click()
  await page.getByRole("tab", { name: /^stdin/ }).click()
  const box = await page.locator(".twist").first().boundingBox()
  assert.deepEqual([box?.width, box?.height], [24, 24])
  await context.close()
})

test("today is a day of the reader's zone", async () => {
  const { page, context } = await open("", { timezoneId: "Asia/Tokyo" })
  const input = page.getByRole("combobox", { name: "filter" })
  await input.fill("since=today")
  await input.press("Enter")
  await page.waitForFunction(() => /since%3D\d{4}-\d\d-\d\dT00%3A00%2B09%3A00/.test(location.hash))
  await context.close()
})
