/// <reference lib="dom" />
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Browser, BrowserContextOptions, Page } from "playwright-core"
import { type Serving, serve } from "../serve/serving.ts"
import { openBrowser, openPage } from "./browser.ts"
import { makeNode, type Node, recordEverything } from "./recording.ts"

let node: Node
let serving: Serving
let browser: Browser

before(async () => {
  node = makeNode()
  recordEverything(node)
  serving = await serve("/capture", "--root", node.root)
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  await serving?.end()
  node?.remove()
})

async function open(options: BrowserContextOptions = {}) {
  const opened = await openPage(browser, serving.url, options)
  await opened.page.getByRole("status").getByText("live", { exact: true }).waitFor()
  return opened
}

const row = (page: Page, words: RegExp) => page.locator(".list [role=option]").filter({ hasText: words })

test("the picture of a chain: what the pod got, plugin by plugin, and a DEL takes it away", async () => {
  const { page, context, wrongs } = await open({ permissions: ["clipboard-read", "clipboard-write"] })
  await row(page, /ADDshop\/cart/).click()
  await page.getByRole("tab", { name: "Chain" }).click()
  const drawing = page.locator(".picture svg")
  await drawing.waitFor()
  const things = () =>
    drawing
      .locator(".thing")
      .evaluateAll((found) =>
        found.map((each) => each.querySelector("title")?.textContent?.replace(/10\.244\.1\.\d+(?=\/24)/, "IP")),
      )
  assert.deepEqual(await things(), [
    "interface in the pod eth0 (02:42:ac:11:00:02): unchanged, by bridge",
    "address IP/24 (gateway 10.244.1.1): unchanged, by host-local",
    "route 0.0.0.0/0 via 10.244.1.1: unchanged, by host-local",
    "interface on the node vethd1a2b3c4 (7a:0e:30:11:9c:aa): unchanged, by bridge",
    "bridge cni0 (ee:6d:1c:20:4f:5a): unchanged, by bridge",
  ])
  await page.getByRole("button", { name: "1 host-local" }).click()
  assert.deepEqual(await things(), [
    "address IP/24 (gateway 10.244.1.1): added, by host-local",
    "route 0.0.0.0/0: added, by host-local",
  ])
  await page.getByRole("button", { name: "2 bridge" }).click()
  await page.getByRole("button", { name: "Copy SVG" }).click()
  await page.getByText("copied").waitFor()
  const copied = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(copied, /^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  assert.match(copied, /stroke="rgb\(/)
  assert.ok(copied.includes(">vethd1a2b3c4</text>") && !copied.includes("class="))
  await row(page, /DELshop\/cart/).click()
  await page.getByText("As far as the plugins report, nothing was left behind.").waitFor()
  assert.deepEqual(
    (await things()).filter((each) => !each?.includes("removed, made by")),
    ["bridge cni0 (ee:6d:1c:20:4f:5a): unchanged, by bridge"],
  )
  assert.deepEqual(wrongs, [])
  await context.close()
})
