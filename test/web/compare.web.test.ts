/// <reference lib="dom" />
import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { pathToFileURL } from "node:url"
import type { Page } from "playwright-core"
import { contentOf, copiedText, openPage } from "./browser.ts"
import { ServedRecording } from "./served-recording.ts"

let served: ServedRecording

before(async () => {
  served = await ServedRecording.start()
})

after(() => served?.end())

const row = (page: Page, words: RegExp) => page.locator(".list [role=option]").filter({ hasText: words })

test("the picture of a chain: what the pod got, plugin by plugin, and a DEL takes it away", async () => {
  const { page, context, wrongs } = await served.open({ permissions: ["clipboard-read", "clipboard-write"] })
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
  const copied = await copiedText(page)
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

test("any two operations are compared: waterfalls, differences, the typical one, and pictures in step", async () => {
  const { page, context, wrongs } = await served.open()
  await row(page, /ADDshop\/orders-0/)
    .last()
    .click()
  await page.getByRole("button", { name: "Mark", exact: true }).click()
  await page.getByRole("button", { name: "Marked" }).waitFor()
  await row(page, /ADDshop\/web-7d9f8b6c5-9wlmz/).click()
  await page.getByRole("heading", { name: "9wlmz" }).waitFor()
  await page.keyboard.press("m")
  const sides = page.locator(".side b")
  await sides.first().waitFor()
  assert.deepEqual(await sides.allTextContents(), ["shop/orders-0", "shop/web-7d9f8b6c5-9wlmz"])
  const waterfalls = page.locator(".both .waterfall")
  const namesIn = (at: number) => waterfalls.nth(at).locator(".span-name .nowrap").allTextContents()
  assert.deepEqual(await namesIn(0), ["bridge", "host-local"])
  assert.deepEqual(await namesIn(1), ["bridge", "host-local", "portmap", "bandwidth"])
  const ticks = (at: number) => waterfalls.nth(at).locator(".axis-ticks span").allTextContents()
  assert.deepEqual(await ticks(0), await ticks(1))
  // What the caller repeats of its delegate is said once.
  const rowsOf = (plugin: string) =>
    page
      .locator(".pair", { has: page.getByRole("heading", { name: plugin, exact: true }) })
      .locator("tbody th")
      .allTextContents()
  assert.ok((await rowsOf("bridge")).includes("stdout /msg"))
  assert.deepEqual((await rowsOf("host-local")).includes("stdout /msg"), false)
  const typical = page.getByRole("region", { name: "against the typical one" })
  await typical.getByText(/^p50 and p95 of \d ADD on k8s-pod-network that succeeded$/).waitFor()
  assert.deepEqual(await typical.locator("tbody th").allTextContents(), ["bridge", "host-local"])

  await page.getByRole("link", { name: "Swap" }).click()
  await page.getByRole("heading", { name: "ADD shop/web-7d9f8b6c5-9wlmz" }).waitFor()
  await page.getByRole("searchbox", { name: "find another operation" }).fill("cart")
  await page.locator(".side b", { hasText: "shop/cart-5c6d7f8b9-hv4tp" }).waitFor()
  const pressed = page.locator(".picture-step[aria-pressed=true]")
  await pressed.nth(1).waitFor()
  assert.deepEqual(await pressed.allTextContents(), ["4 bandwidth ", "4 bandwidth "])
  await page.getByRole("button", { name: "1 host-local" }).last().click()
  assert.deepEqual(await pressed.allTextContents(), ["1 host-local ", "1 host-local "])
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("what is shown is copied as a link, a command or Markdown, and saved as a page that can be saved again", async () => {
  const { page, context, wrongs } = await served.open({ permissions: ["clipboard-read", "clipboard-write"] })
  const share = async (within: string, item: string) => {
    await page.locator(`${within} .share summary`).click()
    await page.locator(within).getByRole("button", { name: item }).click()
  }
  const copied = async (within: string, item: string) => {
    await share(within, item)
    await page.locator(`${within} .share`).getByText("copied").waitFor()
    return copiedText(page)
  }
  await page.getByRole("combobox", { name: "filter" }).fill("failed and plugin=host-local")
  await page.getByText("1 shown").waitFor()
  const listLink = await copied(".toolbar", "Copy link")
  assert.equal(new URL(listLink).hash, "#/operations?q=failed+and+plugin%3Dhost-local")
  assert.equal(
    await copied(".toolbar", "Copy command"),
    `cnitap ls --capture ${served.node.capture} 'failed and plugin=host-local'`,
  )
  const saved = async (from: Page, within: string) => {
    const [download] = await Promise.all([
      from.waitForEvent("download"),
      from
        .locator(`${within} .share summary`)
        .click()
        .then(() => from.locator(within).getByRole("button", { name: "Save as one file" }).click()),
    ])
    const file = join(served.node.root, `saved-${Date.now()}.html`)
    writeFileSync(file, await contentOf(download))
    return openPage(served.browser, `${pathToFileURL(file).href}#/operations`, { offline: true })
  }
  const first = await saved(page, ".toolbar")
  await first.page.getByRole("note").getByText("only failed and plugin=host-local").waitFor()
  assert.equal(await row(first.page, /./).count(), 1)
  const second = await saved(first.page, ".toolbar")
  await row(second.page, /orders-0/).click()
  await second.page.locator(".lines .line", { hasText: "no IP addresses available" }).waitFor()
  for (const each of [first, second]) {
    assert.deepEqual(each.wrongs, [])
    await each.context.close()
  }

  await row(page, /orders-0/).click()
  await page.locator(".lines .line").first().waitFor()
  const markdown = await copied(".detail", "Copy Markdown")
  assert.match(markdown, /^### ADD shop\/orders-0: failed\n/)
  assert.match(markdown, /\| bridge \| exit 1 \| [\d.]+ms \|\n\| &nbsp;&nbsp;host-local \| exit 1 \|/)
  assert.match(markdown, /stdout of host-local:\n\n```\n\{\n {4}"cniVersion": "1.0.0",\n {4}"code": 999,/)
  assert.ok(!markdown.includes("hunter2"))
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("print is a report: all rows of a list, or all of what is open, with what it is of", async () => {
  const { page, context, wrongs } = await served.open({ viewport: { width: 1280, height: 300 } })
  await row(page, /./).first().waitFor()
  const printed = async () => {
    await page.emulateMedia({ media: "print" })
    return page.evaluate(() => {
      dispatchEvent(new Event("beforeprint"))
      const seen = {
        rows: document.querySelectorAll(".list [role=option]").length,
        head: document.querySelector(".print-head")?.textContent ?? "",
        isWhole: document.documentElement.scrollHeight > innerHeight,
        controls: [...document.querySelectorAll("button, input, select, nav")].filter((each) => each.checkVisibility())
          .length,
      }
      dispatchEvent(new Event("afterprint"))
      return seen
    })
  }
  const list = await printed()
  assert.equal(list.rows, 11)
  assert.match(list.head, /capture {2}· {2}as of \w+ \d+ \d\d:\d\d UTC/)
  assert.equal(list.controls, 0)
  const pages = (pdf: Buffer) => pdf.toString("latin1").split("/Type /Page\n").length - 1
  assert.ok(pages(await page.pdf()) >= 1)
  await page.emulateMedia({ media: "screen" })
  await row(page, /ADDshop\/cart/).click()
  await page.getByRole("tab", { name: "Chain" }).click()
  await page.locator(".chain-step").first().waitFor()
  assert.equal((await printed()).isWhole, true)
  assert.ok(pages(await page.pdf({ width: "800px", height: "400px" })) >= 2)
  assert.deepEqual(wrongs, [])
  await context.close()
})
