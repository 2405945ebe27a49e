/// <reference lib="dom" />
import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { pathToFileURL } from "node:url"
import type { Browser, Page } from "playwright-core"
import { cnitap } from "../cli/cnitap.ts"
import { type WrittenCall, writeCalls } from "../cli/written-capture.ts"
import { type Serving, serve } from "../serve/serving.ts"
import { violations } from "./axe.ts"
import { contentOf, copiedText, openBrowser, openPage } from "./browser.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)
const [WEB, FAILED, OTHER] = ["a1".repeat(8), "b2".repeat(8), "c3".repeat(8)] as const

let root: string
let bundles: string[]
let serving: Serving
let browser: Browser

/** A bundle of each of two nodes. */
before(async () => {
  root = mkdtempSync(join(tmpdir(), "cnitap-bundles-"))
  const bundleOf = async (node: string, calls: Omit<WrittenCall, "node">[]) => {
    const [capture, bundle] = [join(root, `capture of ${node}`), join(root, node)]
    writeCalls(
      capture,
      calls.map((call) => ({ ...call, node })),
    )
    assert.equal((await cnitap(["export", "bundle", "--capture", capture, "--out", bundle])).code, 0)
    return bundle
  }
  bundles = [
    await bundleOf("n1", [
      { id: WEB, pod: "web-1", wallMs: START_MS },
      { id: FAILED, pod: "etl", wallMs: START_MS + 2_000, error: "no IP addresses available" },
    ]),
    await bundleOf("n2", [{ id: OTHER, pod: "web-2", wallMs: START_MS + 1_000 }]),
  ]
  serving = await serve("", ...bundles.flatMap((bundle) => ["--from", bundle]))
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await serving?.end()
  rmSync(root, { recursive: true, force: true })
})

/** `hash`: as it is in the address that is opened, behind the token. */
async function open(hash = "") {
  const watched = await openPage(browser, `${serving.url}`, { permissions: ["clipboard-read", "clipboard-write"] })
  await watched.page.locator(".row").first().waitFor()
  if (hash) await watched.page.goto(`${serving.origin}/${hash}`)
  return watched
}

/** Node and pod of each row. */
function rows(page: Page): Promise<string[]> {
  return page
    .locator(".list .row")
    .evaluateAll((all) =>
      all.map((row) => `${row.querySelector(".node")?.textContent} ${row.querySelector(".pod")?.textContent}`),
    )
}

test("the page of several bundles has the calls of all nodes in one order, names the bundles, and is saved as one file", async () => {
  const { page, context, wrongs } = await open()
  await page.locator(".row").nth(2).waitFor()
  const all = ["n1 shop/etl", "n2 shop/web-2", "n1 shop/web-1"]
  assert.deepEqual(await rows(page), all)
  await page.getByRole("banner").getByText(bundles.join(", ")).waitFor()
  assert.deepEqual(await violations(page), [])
  await page.locator(".toolbar .share summary").click()
  await page.locator(".toolbar").getByRole("button", { name: "Copy command" }).click()
  await page.locator(".toolbar .share").getByText("copied").waitFor()
  const command = await copiedText(page)
  assert.equal(command, `cnitap ls ${bundles.map((bundle) => `--from ${bundle}`).join(" ")}`)
  const listed = await cnitap([...command.split(" ").slice(1), "-o", "name"])
  assert.deepEqual(listed.stdout.trim().split("\n").length, 3)
  await page.locator(".toolbar .share summary").click()
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as one file" }).click(),
  ])
  const file = join(root, "saved.html")
  writeFileSync(file, await contentOf(saved))
  const offline = await openPage(browser, pathToFileURL(file).href, { offline: true })
  await offline.page.locator(".row").nth(2).waitFor()
  assert.deepEqual(await rows(offline.page), all)
  assert.deepEqual([wrongs, offline.wrongs], [[], []])
  await context.close()
})

test("an ID alone, as a filter in the address, lists its operation; as the operation, it opens it", async () => {
  const { page, context, wrongs } = await open(`#/operations?q=${OTHER}`)
  await page.locator(".counter", { hasText: "all 1" }).waitFor()
  assert.deepEqual(await rows(page), ["n2 shop/web-2"])
  await page.goto(`${serving.origin}/#/operations/${FAILED}`)
  await page.locator(".detail h1", { hasText: "shop/etl" }).waitFor()
  assert.equal(await page.locator(".row[aria-selected=true] .pod").textContent(), "shop/etl")
  assert.deepEqual(wrongs, [])
  await context.close()
})
