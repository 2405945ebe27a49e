/// <reference lib="dom" />
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Page } from "playwright-core"
import { violations } from "./axe.ts"
import { goTo } from "./browser.ts"
import { recordEverything } from "./recording.ts"
import { ServedRecording } from "./served-recording.ts"

let served: ServedRecording

before(async () => {
  served = await ServedRecording.start((node) => {
    recordEverything(node)
    node.begin("sleeper", "ADD", { namespace: "shop", name: "hung", sandbox: 1 })
  })
  const killed = served.node.begin("sleeper", "ADD", { namespace: "shop", name: "doomed", sandbox: 1 })
  const { page, context } = await served.open()
  await page.locator(".row.running", { hasText: "doomed" }).waitFor()
  killed.kill("SIGKILL")
  await page.locator(".row.killed", { hasText: "doomed" }).waitFor()
  await context.close()
})

after(() => served?.end())

/** Goes through everything that the page can show. */
async function everyView(page: Page, look: (name: string) => Promise<void>) {
  await look("operations")
  const id = /#\/operations\/(\w+)/.exec(
    await (async () => {
      await page.locator(".row", { hasText: "orders-0" }).last().click()
      await page.locator(".lines .line").first().waitFor()
      return page.url()
    })(),
  )?.[1]
  await look("calls")
  const places: [string, string][] = [
    ["#/operations?group=pod", ".group-row"],
    [`#/operations/${id}?q=no+IP+addresses`, ".line.hit mark"],
    [`#/operations/${id}/chain`, ".chain-step"],
    [`#/operations/${id}/compare`, ".pair"],
    ["#/pods", ".pod-row"],
    ["#/pods/shop%2Forders-0", ".sandbox"],
    ["#/overview", ".summary a"],
    ["#/findings", ".rule-row"],
    ["#/findings/stderr-discarded", ".evidence-row"],
    ["#/ledger", ".ledger-row"],
  ]
  for (const [hash, wanted] of places) {
    await goTo(page, hash)
    await page.locator(wanted).first().waitFor()
    await look(hash)
  }
}

for (const [width, height] of [
  [360, 740],
  [1280, 800],
  [3840, 2160],
] as const) {
  test(`nothing is cut off at ${width} pixels`, async () => {
    const { page, context, wrongs } = await served.open({ viewport: { width, height } })
    await everyView(page, async (name) => {
      const outside = await page.evaluate(() =>
        [...document.querySelectorAll("button, a, input, select, h1, h2, dd, td")].flatMap((element) => {
          const { left, right, width } = element.getBoundingClientRect()
          const scrolls = element.closest(".tabs, .sheet, nav")
          return width > 0 && !scrolls && (left < -1 || right > innerWidth + 1) ? [element.textContent] : []
        }),
      )
      assert.deepEqual(outside, [], name)
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, name)
    })
    assert.deepEqual(wrongs, [])
    await context.close()
  })
}

test("on a narrow screen the words beside a bar and the times of the strip are whole", async () => {
  const { page, context } = await served.open({ viewport: { width: 360, height: 740 } })
  await page.locator(".row", { hasText: "doomed" }).click()
  await page.locator(".took", { hasText: "end unseen" }).waitFor()
  await page.locator(".legend", { hasText: "ended at a time that was not recorded" }).waitFor()
  const cut = await page.locator(".took, .legend span, .strip-ticks span").evaluateAll((all) =>
    all.flatMap((each) => {
      const text = document.createRange()
      text.selectNodeContents(each)
      const box = (each.closest(".strip-graph") ?? document.body).getBoundingClientRect()
      return text.getBoundingClientRect().right > box.right + 1 ? [each.textContent] : []
    }),
  )
  assert.deepEqual(cut, [])
  const lines = await page
    .locator(".legend span")
    .evaluateAll((all) => new Set(all.map((each) => each.getClientRects().length)).size)
  assert.equal(lines, 1)
  await context.close()
})

for (const [colorScheme, width] of [
  ["light", 1280],
  ["dark", 360],
] as const) {
  test(`${colorScheme} at ${width} pixels: text has enough contrast, controls have names, and axe finds nothing`, async () => {
    const { page, context } = await served.open({ colorScheme, viewport: { width, height: 800 } })
    await everyView(page, async (name) => {
      assert.deepEqual([name, ...(await page.evaluate<string[]>(FAINT_TEXT))], [name])
      assert.deepEqual([name, ...(await namelessControls(page))], [name])
      assert.deepEqual([name, ...(await violations(page))], [name])
    })
    await context.close()
  })
}

test("t switches the theme, which is stored", async () => {
  const { page, context } = await served.open({ colorScheme: "light" })
  await page.locator(".row").first().waitFor()
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor)
  const light = await ground()
  await page.keyboard.press("t")
  const dark = await ground()
  assert.notEqual(dark, light)
  await page.reload()
  await page.locator(".row").first().waitFor()
  assert.equal(await ground(), dark)
  const other = await context.newPage()
  await other.goto(page.url())
  await other.locator(".row").first().waitFor()
  await other.keyboard.press("t")
  await page.waitForFunction((colour) => getComputedStyle(document.body).backgroundColor === colour, light)
  // Back at what the system shows, the page follows the system again.
  await page.emulateMedia({ colorScheme: "dark" })
  assert.equal(await ground(), dark)
  await context.close()
})

test("outcomes differ in shape, not only in colour", async () => {
  const { page, context } = await served.open()
  await page.locator(".row").first().waitFor()
  const marks = await page.locator(".row .outcome").evaluateAll((icons) => {
    const shapes = new Map(
      icons.map((icon) => [icon.getAttribute("aria-label"), icon.innerHTML.replace(/<title>.*<\/title>/, "")]),
    )
    return { names: [...shapes.keys()].sort(), shapes: new Set(shapes.values()).size }
  })
  assert.deepEqual(marks, { names: ["failed", "in flight", "killed", "ok"], shapes: 4 })
  await context.close()
})

test("in high contrast what is chosen has an outline, and bars keep their colours", async () => {
  const { page, context } = await served.open({ forcedColors: "active" })
  await page.locator(".row").first().click()
  await page.locator(".span.chosen").waitFor()
  const widthOf = (selector: string) =>
    page
      .locator(selector)
      .first()
      .evaluate((element) => getComputedStyle(element).outlineWidth)
  for (const chosen of [
    ".row[aria-selected=true]",
    ".counter[aria-pressed=true]",
    ".tab[aria-current]",
    ".span.chosen",
  ])
    assert.equal(await widthOf(chosen), "2px", chosen)
  const backgrounds = await page
    .locator(".bars i")
    .evaluateAll((bars) => new Set(bars.map((bar) => getComputedStyle(bar).backgroundColor)).size)
  assert.ok(backgrounds > 1)
  await context.close()
})

async function namelessControls(page: Page): Promise<string[]> {
  const snapshot = await page.locator("body").ariaSnapshot()
  return snapshot
    .split("\n")
    .filter((line) =>
      /^\s*- (button|link|tab|textbox|searchbox|combobox|checkbox|option|listbox|region|dialog|img|figure)\s*(:|\[|$)/.test(
        line,
      ),
    )
}

/** WCAG 2.2 contrast of every text with what is painted behind it; large or bold headings need less, none asks for it. */
const FAINT_TEXT = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const rgba = (colour) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data] }
  const over = (top, below) => top.slice(0, 3).map((value, at) => (value * top[3] + below[at] * (255 - top[3])) / 255).concat(255)
  const ground = (element) => {
    const layers = []
    for (let each = element; each; each = each.parentElement) layers.push(rgba(getComputedStyle(each).backgroundColor))
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 255])
  }
  const luminance = ([r, g, b]) => [r, g, b].map((value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }).reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0)
  const found = []
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walker.nextNode()) {
    const text = walker.currentNode
    const element = text.parentElement
    if (!text.data.trim() || !element.checkVisibility() || element.closest("script, style, option")) continue
    const back = ground(element)
    const [a, b] = [luminance(over(rgba(getComputedStyle(element).color), back)), luminance(back)].sort((x, y) => y - x)
    const contrast = (a + 0.05) / (b + 0.05)
    if (contrast < 4.5) found.push(text.data.trim().slice(0, 30) + " " + contrast.toFixed(2) + " " + element.className)
  }
  return [...new Set(found)]
})()`
