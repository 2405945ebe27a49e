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
    // With seven in flight, an axis that is not of whole numbers has steps of 2.5.
    for (let at = 0; at < 7; at++) node.begin("sleeper", "ADD", { namespace: "shop", name: `hung-${at}`, sandbox: 1 })
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

for (const width of [2560, 3840])
  test(`at ${width} pixels texts are larger, the overview is wide, and a bar is beside its row's text`, async () => {
    const { page, context } = await open("", { viewport: { width, height: 1440 } })
    const sizeOf = (selector: string) =>
      page
        .locator(selector)
        .first()
        .evaluate((element) => getComputedStyle(element).fontSize)
    assert.deepEqual(
      [await sizeOf("body"), await sizeOf(".row .said"), await sizeOf(".row-heading .scale")],
      ["15px", "15px", "13px"],
    )
    const columns = await page
      .locator(".row")
      .first()
      .evaluate((row) => {
        const [text, bars] = [".said", ".bars"].map((part) => row.querySelector(part)?.getBoundingClientRect())
        const { right } = row.getBoundingClientRect()
        return {
          textPx: text?.width ?? Number.NaN,
          fromTextToBarPx: (bars?.left ?? Number.NaN) - (text?.right ?? Number.NaN),
          behindBarPx: right - (bars?.right ?? Number.NaN),
        }
      })
    // Between them are the addresses, at most 200 pixels, the duration with 80, and three gaps of 10.
    assert.ok(columns.textPx <= 1100, `${columns.textPx}`)
    assert.ok(columns.fromTextToBarPx <= 310, `${columns.fromTextToBarPx}`)
    assert.equal(columns.behindBarPx, 12)
    await goTo(page, "#/overview")
    const share = await page.locator(".tiles").evaluate((tiles) => tiles.getBoundingClientRect().width / innerWidth)
    assert.ok(share >= 0.79, `${share}`)
    await context.close()
  })

test("help begins with examples", async () => {
  const { page, context } = await open()
  await page.keyboard.press("?")
  await page.locator(".grammar").first().waitFor()
  assert.match(
    (await page.locator(".grammar").first().textContent()) ?? "",
    /^ {2}orders-0 {5,}a word of a name, an ID or an error/,
  )
  await context.close()
})

test("on a narrow screen the help has what an example means below it, in lines that are filled", async () => {
  const { page, context } = await open("", { viewport: { width: 360, height: 740 } })
  await page.keyboard.press("?")
  await page.locator(".grammar").first().waitFor()
  const [example, field] = await page.locator(".grammar div:has(span)").evaluateAll((rows) =>
    rows
      .filter((row) => /orders-0|^plugin /.test(row.textContent ?? ""))
      .map((row) => {
        const [typed, meaning] = [document.createRange(), row.querySelector("span")]
        typed.selectNodeContents(row.firstChild ?? row)
        const { top = 0 } = meaning?.getBoundingClientRect() ?? {}
        return {
          isBelow: top >= typed.getBoundingClientRect().bottom,
          whiteSpace: meaning && getComputedStyle(meaning).whiteSpace,
        }
      }),
  )
  assert.deepEqual([example, field], Array(2).fill({ isBelow: true, whiteSpace: "normal" }))
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

test("the axes of charts: whole numbers of calls in equal steps, and times beside each other; a point has its time", async () => {
  const { page, context, wrongs } = await served.open()
  await page.evaluate(keepLabels)
  await goTo(page, "#/overview")
  const chart = page.getByRole("img", { name: /^Calls in flight/ })
  await chart.locator("canvas").waitFor()
  await page.waitForFunction(() => document.querySelectorAll(".chart canvas").length === 3)
  const charts = await page
    .locator(".chart canvas")
    .evaluateAll((all) => all.map((canvas) => Reflect.get(canvas, "labels") as Label[]))
  assert.equal(charts.length, 3)
  const counts = charts[1]?.filter(({ align }) => align === "right").map(({ text }) => text) ?? []
  assert.ok(counts.length > 1 && Number.isInteger(Number(counts[1])), String(counts))
  assert.deepEqual(
    [...new Set(counts)],
    counts.map((_, at) => String(at * Number(counts[1]))),
  )
  for (const labels of charts) {
    const times = labels
      .filter(({ text, align }) => align === "center" && /^\d\d:\d\d/.test(text))
      .sort((a, b) => a.x - b.x)
    assert.ok(times.length > 1)
    for (const [at, { x, width }] of times.entries()) {
      const next = times[at + 1]
      if (next) assert.ok(x + width / 2 < next.x - next.width / 2, JSON.stringify(times))
    }
  }
  await chart.locator(".u-over").hover()
  await chart
    .locator(".u-legend tr", { hasText: "time" })
    .getByText(/\d\d:\d\d:\d\d/)
    .waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

type Label = { text: string; x: number; width: number; align: string }

/** Keeps at each canvas the texts that were last written on it. */
function keepLabels(): void {
  const { fillText, clearRect } = CanvasRenderingContext2D.prototype
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const label = { text, x: x + this.getTransform().e, width: this.measureText(text).width, align: this.textAlign }
    Reflect.set(this.canvas, "labels", [...(Reflect.get(this.canvas, "labels") ?? []), label])
    fillText.call(this, text, x, y)
  }
  CanvasRenderingContext2D.prototype.clearRect = function (x, y, width, height) {
    Reflect.set(this.canvas, "labels", [])
    clearRect.call(this, x, y, width, height)
  }
}

test("the ranges of plugins have a logarithmic scale", async () => {
  const { page, context } = await open("#/overview")
  await page.locator("[aria-label=plugins] .range").first().waitFor()
  const plugins = await page.locator("[aria-label=plugins] tbody tr").evaluateAll((rows) =>
    rows.flatMap((row) => {
      const [p50 = "", , p99 = ""] = [...row.querySelectorAll("td")].slice(2).map(({ textContent }) => textContent)
      const range = row.querySelector<HTMLElement>(".range")?.style
      return range ? [{ p50, p99, left: Number.parseFloat(range.left), width: Number.parseFloat(range.width) }] : []
    }),
  )
  const ms = (text: string) =>
    Number.parseFloat(text) * ({ µs: 1e-3, ms: 1, s: 1e3 }[text.replace(/[\d.]/g, "")] ?? Number.NaN)
  const fastest = Math.min(...plugins.map(({ p50 }) => ms(p50)), 1)
  const slowest = Math.max(...plugins.map(({ p99 }) => ms(p99)), fastest * 10)
  const place = (text: string) => (100 * Math.log(ms(text) / fastest)) / Math.log(slowest / fastest)
  assert.ok(plugins.length > 3)
  for (const { p50, p99, left, width } of plugins) {
    // The table rounds to three digits.
    assert.ok(Math.abs(left - place(p50)) < 1, `p50 ${p50} is at ${left} %, not ${place(p50)} %`)
    assert.ok(Math.abs(left + width - place(p99)) < 1, `p99 ${p99} is at ${left + width} %, not ${place(p99)} %`)
  }
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
