/// <reference lib="dom" />
import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { Browser, Page } from "playwright-core"
import { type WrittenCall, writeCalls } from "../cli/written-capture.ts"
import { type Serving, serve } from "../serve/serving.ts"
import { goTo, openBrowser, openPage } from "./browser.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)
const NO_ADDRESS = "no IP addresses available in range set: 10.1.0.1-10.1.0.6"

let root: string
let serving: Serving
let browser: Browser

/** Two nodes: a pod that is tried three times, two others, and one whose agent is away. */
before(async () => {
  root = mkdtempSync(join(tmpdir(), "cnitap-groups-"))
  const [n1, n2] = [join(root, "n1"), join(root, "n2")]
  const id = (at: number) => at.toString(16).padStart(16, "0")
  const tries = [0, 1, 2].flatMap((at): WrittenCall[] => {
    const sandbox = { node: "n1", pod: "etl", container: `etl-${at}` }
    const wallMs = START_MS + at * 10_000
    return [
      { ...sandbox, id: id(2 * at + 1), wallMs, error: NO_ADDRESS },
      { ...sandbox, id: id(2 * at + 2), wallMs: wallMs + 1000, command: "DEL" },
    ]
  })
  writeCalls(n1, [...tries, { id: id(7), node: "n1", pod: "web-1", wallMs: START_MS + 40_000 }])
  writeCalls(n2, [
    { id: id(8), node: "n2", pod: "web-2", wallMs: START_MS + 41_000, error: NO_ADDRESS.replaceAll("10.1", "10.2") },
    { id: id(9), node: "n2", pod: "web-3", wallMs: START_MS + 42_000, error: "dial tcp 10.96.0.1:443: i/o timeout" },
  ])
  serving = await serve("", "--capture", n1, "--capture", n2)
  browser = await openBrowser()
})
after(async () => {
  await browser?.close()
  await serving?.end()
  rmSync(root, { recursive: true, force: true })
})

async function open(hash = "") {
  const watched = await openPage(browser, serving.url)
  await watched.page.locator(".row").nth(8).waitFor()
  if (hash) await goTo(watched.page, hash)
  return watched
}

/** What the rows of the list say: heads of groups as they are, operations in short. */
async function said(page: Page): Promise<string[]> {
  const labels = await page
    .locator(".list [role=option]")
    .evaluateAll((rows) => rows.map((row) => row.getAttribute("title") ?? ""))
  return labels.map((label) => label.replace(/, took .*|, at .*/, ""))
}

test("operations are grouped by pod, error or node; groups open and close by mouse and keyboard, and are in the URL", async () => {
  const { page, context, wrongs } = await open()
  const groupBy = page.getByRole("combobox", { name: "group by" })
  await groupBy.selectOption("pod")
  await page.locator(".group-row").waitFor()
  assert.deepEqual(await said(page), [
    "ADD shop/web-3, failed",
    "ADD shop/web-2, failed",
    "ADD shop/web-1, ok",
    "shop/etl: 3 × DEL, 3 × ADD failed, folded",
  ])
  await page.locator(".group-row").click()
  await page.locator(".row", { hasText: "shop/etl" }).nth(5).waitFor()
  assert.deepEqual((await said(page)).slice(3, 6), [
    "shop/etl: 3 × DEL, 3 × ADD failed, open",
    "DEL shop/etl, ok",
    "ADD shop/etl, failed",
  ])
  await page.reload()
  await page.locator(".group-row").waitFor()
  assert.match(page.url(), /#\/operations\?group=pod$/)
  await page.locator(".list").focus()
  for (const key of ["G", "Enter"]) await page.keyboard.press(key)
  await page.locator(".row", { hasText: "shop/etl" }).nth(5).waitFor()

  await groupBy.selectOption("error")
  await page.locator(".group-row", { hasText: "<ip>-<ip>" }).waitFor()
  assert.deepEqual(await said(page), [
    "ADD shop/web-3, failed",
    "no IP addresses available in range set: <ip>-<ip>: 4 × ADD failed, folded",
    "(no error): 3 × DEL, 1 × ADD, folded",
  ])
  await groupBy.selectOption("node")
  await page.locator(".group-row", { hasText: "n1" }).waitFor()
  assert.deepEqual(await said(page), ["n2: 2 × ADD failed, folded", "n1: 3 × DEL, 3 × ADD failed, 1 × ADD, folded"])
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("with several nodes the node of an operation is a column, and a filter", async () => {
  const { page, context, wrongs } = await open()
  await page.locator(".row-heading .node").waitFor()
  assert.deepEqual(await page.locator(".row .node").allTextContents(), ["n2", "n2", ...Array<string>(7).fill("n1")])
  await page.locator(".row", { hasText: "web-2" }).click()
  await page.locator(".facts").getByRole("link", { name: "n2" }).click()
  await page.getByText("2 shown", { exact: true }).waitFor()
  const box = page.getByRole("combobox", { name: "filter" })
  assert.equal(await box.inputValue(), "node=n2")
  await page.getByRole("heading", { name: "ADD shop/web-2" }).waitFor()
  assert.deepEqual(await page.locator(".counter").allInnerTexts(), ["all 2", "failed 2", "in flight 0", "killed 0"])
  await page.getByRole("button", { name: "failed 2" }).click()
  await page.locator(".facts").getByRole("link", { name: "eth0" }).click()
  await page.waitForFunction(() => /ifname/.test(location.hash))
  assert.equal(await box.inputValue(), "outcome=failed and ifname=eth0 and node=n2")
  assert.deepEqual(await page.locator(".counter").allInnerTexts(), ["all 2", "failed 2", "in flight 0", "killed 0"])
  assert.deepEqual(wrongs, [])
  await context.close()
})

for (const width of [360, 1280, 3840])
  test(`with several nodes no texts of a row overlap at ${width} pixels, and states are not cut`, async () => {
    const { page, context, wrongs } = await openPage(browser, serving.url, { viewport: { width, height: 900 } })
    for (const [hash, wanted, rows] of [
      ["#/operations", ".row", ".row"],
      ["#/operations?group=node", ".group-row", ".group-row"],
      ["#/pods", ".pod-row", ".pod-row"],
      ["#/pods/shop%2Fetl", ".sandbox .row", ".sandbox .row, .sandbox header, .pod-row"],
      ["#/overview", ".with-pod", ".with-pod"],
      ["#/ledger", ".ledger-row", ".ledger-row"],
    ] as const) {
      await goTo(page, hash)
      await page.locator(wanted).first().waitFor()
      assert.deepEqual([hash, ...(await overlaps(page, rows))], [hash])
      if (hash === "#/overview")
        for (const part of [".node", ".pod"])
          assert.equal(await page.locator(`.with-pod ${part}`).first().isVisible(), true)
      const cut = await page
        .locator(".state, .duration, .age")
        .evaluateAll((all) =>
          all.flatMap((each) => (each.scrollWidth > each.clientWidth + 1 ? [each.textContent] : [])),
        )
      assert.deepEqual([hash, ...cut], [hash])
    }
    assert.deepEqual(wrongs, [])
    await context.close()
  })

/** Pairs of texts in one row that are painted over each other. */
function overlaps(page: Page, rows: string): Promise<string[]> {
  return page.locator(rows).evaluateAll((all) =>
    all.flatMap((row) => {
      const texts: { text: string; box: DOMRect }[] = []
      const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT)
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const element = node.parentElement
        if (!node.textContent?.trim() || !element?.checkVisibility()) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        const [own, box] = [range.getBoundingClientRect(), element.getBoundingClientRect()]
        // What is cut is not painted beyond its element.
        const right = Math.min(own.right, box.right)
        texts.push({ text: node.textContent, box: new DOMRect(own.x, own.y + 2, right - own.x, own.height - 4) })
      }
      return texts.flatMap((a, at) =>
        texts
          .slice(at + 1)
          .filter(
            (b) =>
              a.box.left < b.box.right - 1 &&
              b.box.left < a.box.right - 1 &&
              a.box.top < b.box.bottom &&
              b.box.top < a.box.bottom,
          )
          .map((b) => `${a.text} | ${b.text}`),
      )
    }),
  )
}

test("a failed operation says how many others have the same error, and lists them", async () => {
  const { page, context, wrongs } = await open()
  await page.locator(".row", { hasText: "web-2" }).click()
  const same = page.locator(".statements div", { hasText: "same error" })
  await same.getByText("3 other operations failed in the same way; 2 pods").waitFor()
  await same.getByRole("link").click()
  await page.getByText("4 shown", { exact: true }).waitFor()
  await goTo(page, "#/overview")
  const errors = page.getByRole("region", { name: "top errors" }).getByRole("link")
  await errors.nth(1).waitFor()
  assert.deepEqual(await errors.evaluateAll((all) => all.map((each) => each.querySelector(".count")?.textContent)), [
    "4",
    "1",
  ])
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the filter holds for pods too; what is chosen in a view is in its URL", async () => {
  const { page, context, wrongs } = await open("#/pods?q=timeout")
  await page.getByText("1 pod", { exact: true }).waitFor()
  assert.deepEqual(await page.locator(".pod-row").evaluateAll((rows) => rows.map((row) => row.id)), ["pod-0"])
  await page.locator(".pod-row", { hasText: "web-3" }).waitFor()
  await page.getByRole("combobox", { name: "filter" }).fill("10.1.0.1-10.1.0.6")
  await page.locator(".pod-row", { hasText: "etl" }).click()
  await page.locator(".sandbox", { hasText: "Attempt 3" }).waitFor()
  for (const [hash, pressed, url] of [
    ["#/findings", "note", /findings\?show=note$/],
    ["#/ledger", "up", /ledger\?show=up$/],
  ] as const) {
    await goTo(page, hash)
    await page.getByRole("button", { name: new RegExp(`^${pressed} `) }).click()
    await page.waitForFunction(() => location.hash.includes("show="))
    assert.match(page.url(), url)
    await page.reload()
    await page.getByRole("button", { name: new RegExp(`^${pressed} `), pressed: true }).waitFor()
  }
  assert.deepEqual(wrongs, [])
  await context.close()
})
