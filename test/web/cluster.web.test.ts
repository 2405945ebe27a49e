/// <reference lib="dom" />
import assert from "node:assert/strict"
import { once } from "node:events"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { test } from "node:test"
import { pathToFileURL } from "node:url"
import type { Page } from "playwright-core"
import { writeCalls } from "../cli/written-capture.ts"
import { FakeCluster } from "../cluster/fake-cluster.ts"
import { violations } from "./axe.ts"
import { contentOf, copiedText, openBrowser, openPage } from "./browser.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)
const DIFFERENCE =
  /^The clocks of node-1 and node-2 differ by (?:9m\d\ds|10m0s), so the times of their calls cannot be compared\. Synchronize the clocks, for example with chrony\.$/i

test("the page of a cluster has the calls of all nodes, and says that their clocks differ; so does a file of it", async (t) => {
  const cluster = new FakeCluster()
  t.after(() => cluster.remove())
  const captures = ["node-1", "node-2"].map((node, at) => {
    const capture = join(cluster.addNode(node), "capture")
    writeCalls(capture, [{ id: "ab".charAt(at).repeat(16), node, pod: `web-${at + 1}`, wallMs: START_MS + at }])
    cluster.addRecorder(node)
    return capture
  })
  const [slow] = Object.values(cluster.state.nodes)
  assert.ok(slow)
  slow.clockOffsetMs = -600_000
  const serving = cluster.start(["serve", "--listen", "127.0.0.1:0"])
  t.after(() => serving.kill())
  const closed = once(serving, "close")
  const [url] = (await once(createInterface(serving.stdout), "line")) as [string]
  const browser = await openBrowser()
  t.after(() => browser.close())
  const { page, wrongs } = await openPage(browser, url, { permissions: ["clipboard-read", "clipboard-write"] })
  await page.locator(".row .node", { hasText: "node-2" }).waitFor()
  const notice = page.getByRole("note")
  assert.match((await notice.textContent()) ?? "", DIFFERENCE)
  assert.deepEqual(await violations(page), [])
  writeCalls(captures[0] ?? "", [{ id: "c".repeat(16), node: "node-1", pod: "web-3", wallMs: START_MS + 1000 }])
  await page.locator(".row", { hasText: "web-3" }).waitFor()
  assert.deepEqual(await page.locator(".row .node").allTextContents(), ["node-1", "node-2", "node-1"])

  await page
    .getByRole("banner")
    .getByText(/:node-1, node-2$/)
    .waitFor()
  const copy = async (from: Page, within: string) => {
    await from.locator(`${within} .share summary`).click()
    await from.locator(within).getByRole("button", { name: "Copy command" }).click()
    await from.locator(`${within} .share`).getByText("copied").waitFor()
    return copiedText(from)
  }
  assert.equal(await copy(page, ".toolbar"), "kubectl cnitap ls")
  await page.locator(".row", { hasText: "web-3" }).click()
  await page.locator(".lines .line").first().waitFor()
  assert.equal(await copy(page, ".detail"), `kubectl cnitap show ${"c".repeat(16)}`)
  await page.locator(".toolbar .share summary").click()
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save as one file" }).click(),
  ])
  const file = join(cluster.directory, "saved.html")
  writeFileSync(file, await contentOf(saved))
  const offline = await openPage(browser, pathToFileURL(file).href, { offline: true })
  await offline.page.locator(".row").nth(2).waitFor()
  assert.match((await offline.page.getByRole("note").textContent()) ?? "", DIFFERENCE)

  // Printed, it is the same page: its policy allows exactly the script that was built.
  writeCalls(captures[1] ?? "", [
    { id: "d".repeat(16), node: "node-2", pod: "full", wallMs: START_MS + 2000, error: "no IP addresses available" },
  ])
  const printed = join(cluster.directory, "printed.html")
  writeFileSync(printed, (await cluster.cnitap(["export", "html"])).stdout)
  const again = await openPage(browser, pathToFileURL(printed).href, { offline: true })
  for (const each of [page, again.page]) {
    await each.locator(".row", { hasText: "full" }).click()
    await each.locator(".statements div", { hasText: "next step" }).getByText("kubectl cnitap ledger").waitFor()
  }
  writeCalls(captures[0] ?? "", [
    { id: "e".repeat(16), node: "node-1", pod: "web-1", command: "DEL", wallMs: START_MS + 3000, error: "busy" },
  ])
  await page.locator(".row", { hasText: "DEL" }).waitFor()
  await page.getByRole("link", { name: "Findings" }).click()
  await page.locator(".rule-row", { hasText: "ip-of-two" }).click()
  assert.equal(await page.locator(".remedy code").textContent(), "kubectl cnitap who-owns")
  await page.getByRole("link", { name: "Ledger" }).click()
  await page.locator(".list-row", { hasText: "web-1" }).click()
  await page
    .locator(".books", { hasText: `kubectl cnitap export repro ${"e".repeat(16)} # a script for the node` })
    .waitFor()
  assert.deepEqual(again.wrongs, [])
  assert.deepEqual([wrongs, offline.wrongs], [[], []])
  serving.kill("SIGINT")
  assert.deepEqual(await closed, [0, null])
})
