/// <reference lib="dom" />
import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { hostname } from "node:os"
import { after, before, test } from "node:test"
import type { BrowserContextOptions, Page } from "playwright-core"
import { PROGRAM } from "../cli/cnitap.ts"
import { serve } from "../serve/serving.ts"
import { contentOf, goTo, openPage } from "./browser.ts"
import { HOSTILE_NAME, makeNode } from "./recording.ts"
import { ServedRecording } from "./served-recording.ts"

let served: ServedRecording

before(async () => {
  served = await ServedRecording.start()
})

after(() => served?.end())

/** The page on the recorded node, at a place of it. */
const open = (hash = "", options: BrowserContextOptions = {}) => served.open(options, hash)

/** What the command line prints. */
function run(...args: string[]): string {
  return spawnSync(process.execPath, [PROGRAM, ...args], { encoding: "utf8" }).stdout
}

const rows = (page: Page) => page.locator(".list [role=option]")
const row = (page: Page, words: string | RegExp) => rows(page).filter({ hasText: words })

test("operations are listed newest first, failures with their reason", async () => {
  const { page, wrongs, context } = await open()
  const labels = await rows(page).evaluateAll((options) =>
    options.map((option) => option.getAttribute("title")?.replace(/, took [^,:]+|, at [\d:]+\.\d+/g, "")),
  )
  assert.deepEqual(labels, [
    "ADD shop/binary, failed: binary: exit 2",
    `ADD shop/${HOSTILE_NAME}, failed: hostile: <img src=x onerror=document.title=1></script>`,
    "DEL shop/cart-5c6d7f8b9-hv4tp, ok",
    "ADD shop/orders-0, ok",
    "DEL shop/orders-0, ok",
    "ADD shop/orders-0, failed: host-local: failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.254",
    "CHECK shop/web-7d9f8b6c5-2xkqj, ok",
    "ADD shop/cart-5c6d7f8b9-hv4tp, ok",
    "ADD shop/web-7d9f8b6c5-9wlmz, ok",
    "ADD shop/web-7d9f8b6c5-2xkqj, ok",
    "STATUS k8s-pod-network, ok",
  ])
  assert.deepEqual(await page.locator(".counter").allInnerTexts(), ["all 11", "failed 3", "in flight 0", "killed 0"])
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the token is removed from the address immediately, and a reload still works", async () => {
  const { page, context } = await open()
  assert.equal(new URL(page.url()).hash, "#/operations")
  await page.reload()
  await page.waitForSelector(".row")
  await context.close()
})

test("a link that is followed before the first frame does not lose the token", async () => {
  const context = await served.browser.newContext()
  const page = await context.newPage()
  await page.addInitScript(() => {
    addEventListener("DOMContentLoaded", () => {
      location.hash = "#/pods"
    })
  })
  await page.goto(served.serving.url)
  await page.locator(".pod-row").first().waitFor()
  assert.equal(new URL(page.url()).hash, "#/pods")
  await context.close()
})

test("no script can read the token after it was taken from the address: another server may serve this port later", async () => {
  const { page, context } = await open()
  const stored = "[...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie].join()"
  assert.ok(!String(await page.evaluate(stored)).includes(served.serving.token))
  const keys = await page.evaluate(`(async () => {
    const opened = (request) => new Promise((resolve) => { request.onsuccess = () => resolve(request.result) })
    const database = await opened(indexedDB.open("cnitap"))
    const stored = await opened(database.transaction("keys").objectStore("keys").getAll())
    return Promise.all(stored.map((key) => crypto.subtle.exportKey("raw", key).then(() => "readable", () => "hidden")))
  })()`)
  assert.deepEqual(keys, ["hidden"])
  await context.close()
})

test("a wrong token is reported, not shown as an empty capture", async () => {
  const { page, context } = await openPage(served.browser, `${served.serving.origin}/#token=wrong`)
  await page.getByRole("alert").getByText("invalid token").waitFor()
  assert.equal(await page.locator(".row").count(), 0)
  await context.close()
})

test("the waterfall shows nesting, process start, work and waiting; DEL in reverse order", async () => {
  const { page, context, wrongs } = await open()
  await row(page, "DEL").filter({ hasText: "cart" }).click()
  const names = page.locator(".span-name")
  await names.first().waitFor()
  assert.deepEqual(await names.allInnerTexts(), ["bandwidth", "portmap", "bridge", "host-local"])
  await page.getByText("reverse order of the list").waitFor()
  await row(page, /ADDshop\/cart/).click()
  const spans = page.locator("a.span")
  await spans.filter({ hasText: "bridge" }).waitFor()
  assert.match(
    (await spans.filter({ hasText: "bridge" }).getAttribute("title")) ?? "",
    /^bridge: ok, from 0\S* for \S+ \(starting the process \S+, work \S+, waiting for nested calls \S+, work \S+\)$/,
  )
  assert.match((await spans.filter({ hasText: "host-local" }).getAttribute("title")) ?? "", /nested 1 deep: ok/)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("a call is shown as tree, text and bytes, searched and saved; redactions are marked", async () => {
  const { page, context, wrongs } = await open()
  await row(page, /ADDshop\/web-7d9f8b6c5-2xkqj/).click()
  await page.getByRole("tab", { name: /^stdin/ }).click()
  const lines = page.locator(".lines .line")
  await lines.first().waitFor()
  assert.equal(await page.locator(".redacted").count(), 1)
  await page.getByText("1 redacted").waitFor()
  assert.ok(!(await page.content()).includes("hunter2"))

  await page.getByRole("button", { name: "close ipam" }).click()
  assert.equal(await lines.filter({ hasText: "host-local" }).count(), 0)
  await page.getByPlaceholder("search in stdin").fill("host-local")
  await page.getByText("1 of 1").waitFor()
  assert.equal(await page.locator(".line.hit mark").textContent(), "host-local")

  await page.getByRole("button", { name: "bytes", exact: true }).click()
  assert.match((await lines.first().textContent()) ?? "", /^00000000 {2}7b 22 .*\|\{"cniVersion":"1\|$/)

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Save" }).click(),
  ])
  const saved = JSON.parse(await contentOf(download))
  assert.deepEqual([saved.type, saved.policy.k8s_auth_token], ["bridge", "[redacted]"])

  const scripts: string[] = []
  for (const place of [page.locator(".operation-bar"), page.locator(".payload-bar")]) {
    const [script] = await Promise.all([
      page.waitForEvent("download"),
      place.getByRole("button", { name: "Repro script" }).click(),
    ])
    scripts.push(await contentOf(script))
  }
  assert.deepEqual(
    scripts.map((text) => [text.split("\n")[0], [...text.matchAll(/^# (\d\. [\w-]+):/gm)].map(([, call]) => call)]),
    [
      ["#!/bin/sh", ["1. bridge", "2. portmap", "3. bandwidth"]],
      ["#!/bin/sh", ["1. bridge"]],
    ],
  )

  await page.getByRole("tab", { name: "env" }).click()
  await page.getByRole("row", { name: "CNI_COMMAND ADD" }).waitFor()
  await page.getByRole("tab", { name: /^exit/ }).click()
  await page.getByRole("row", { name: "outcome exit 0" }).waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("binary output is shown as bytes", async () => {
  const { page, context } = await open()
  await row(page, "binary").click()
  assert.equal(
    await page.locator(".lines .line").first().textContent(),
    "00000000  ff 00 01 6e 6f 74 20 74 65 78 74 80              |...not text.|",
  )
  await context.close()
})

test("the chain shows what each plugin changed, as CNI objects", async () => {
  const { page, context, wrongs } = await open()
  await row(page, /ADDshop\/web-7d9f8b6c5-2xkqj/).click()
  await page.getByRole("tab", { name: "Chain" }).click()
  const steps = page.locator(".chain-step header")
  await steps.first().waitFor()
  const said = (await steps.allInnerTexts()).map((text) => text.replace(/\s+/g, " ").replace(/[\d.]+m?s\b/, "_"))
  assert.deepEqual(said, [
    "bridge _ 6 added",
    "host-local _, called by the plugin above 3 added",
    "portmap _ passed the result on unchanged",
    "bandwidth _ 1 added",
  ])
  assert.match((await page.locator(".change.added").nth(3).textContent()) ?? "", /interfaceeth0 in the podmac 02:42/)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("compare a failed pod with a working one: values that always differ are hidden", async () => {
  const { page, context, wrongs } = await open()
  await row(page, /ADDshop\/orders-0/)
    .first()
    .click()
  await page.getByRole("tab", { name: "Compare" }).click()
  await page
    .getByLabel("with")
    .selectOption({ label: (await page.locator("option", { hasText: "web-7d9f8b6c5-9wlmz, ok" }).textContent()) ?? "" })
  await page.locator(".side b", { hasText: "9wlmz" }).waitFor()
  const heads = page.locator(".pair header")
  await page.getByText("no differences").first().waitFor()
  assert.deepEqual(
    (await heads.allInnerTexts()).map((text) => text.split("\n").slice(0, 2).join(" ")),
    ["bridge no differences", "host-local no differences", "portmap no differences", "bandwidth no differences"],
  )
  await page.getByRole("checkbox").check()
  await page
    .getByRole("row", { name: /CNI_ARGS K8S_POD_NAME orders-0 web-7d9f8b6c5-9wlmz/ })
    .first()
    .waitFor()
  assert.match(page.url(), /\/compare\?with=[0-9a-f]{16}$/)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the history of a pod: the sandbox that failed, and the next one", async () => {
  const { page, context, wrongs } = await open("#/pods/shop%2Forders-0")
  const sandboxes = page.locator(".sandbox")
  await sandboxes.nth(1).waitFor()
  const said = await sandboxes.evaluateAll((sections) =>
    sections.map((section) => [
      section.querySelector("h3")?.textContent,
      ...[...section.querySelectorAll(".row")].map((each) => each.getAttribute("title")?.split(",").slice(0, 2).join()),
    ]),
  )
  assert.deepEqual(said, [
    ["Attempt 1", "ADD shop/orders-0, failed", "DEL shop/orders-0, ok"],
    ["Attempt 2", "ADD shop/orders-0, ok"],
  ])
  await page.locator("a.row[title^='ADD shop/orders-0, failed']").click()
  await page.getByRole("heading", { name: "ADD shop/orders-0" }).waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the overview shows totals and charts", async () => {
  const { page, context, wrongs } = await open("#/overview")
  await page.locator(".tile").first().waitFor()
  assert.deepEqual(
    (await page.locator(".tile").allInnerTexts()).map((text) => text.split(/\s+/).slice(0, 2).join(" ")),
    ["11 operations", "3 failed", "0 in", "0 killed"],
  )
  assert.deepEqual(
    await page.locator(".sheet tbody tr").evaluateAll((trs) =>
      trs.map((tr) =>
        [...tr.children]
          .slice(0, 3)
          .map((cell) => cell.textContent)
          .join(" "),
      ),
    ),
    ["bridge 9 1", "portmap 8 0", "bandwidth 8 0", "host-local 7 1", "hostile 1 1", "binary 1 1"],
  )
  const drawn = await page.locator("canvas").evaluateAll((canvases) =>
    canvases.map((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement
      const pixels = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? []
      return new Set(pixels).size > 8
    }),
  )
  assert.deepEqual(drawn, [true, true, true])
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("findings by rule, each with a link to the bytes that prove it", async () => {
  const { page, wrongs, context } = await open("#/overview")
  await page.getByRole("link", { name: "stderr of a failed call is discarded by the runtime" }).click()
  await page.getByRole("heading", { name: "stderr of a failed call is discarded by the runtime" }).waitFor()
  assert.match(page.url(), /#\/findings\/stderr-discarded$/)
  assert.deepEqual(
    await page.locator(".rule-row").evaluateAll((rows) => rows.map((row) => row.getAttribute("title"))),
    [
      "error: error object without a numeric code, once, in hostile",
      "error: stdout is not UTF-8, once, in binary",
      "warning: command that the configuration's CNI version does not have, 3 times, in bandwidth, bridge, portmap",
      "note: stderr of a failed call is discarded by the runtime, 3 times, in bridge, host-local, hostile",
    ],
  )
  await page.locator(".evidence-row", { hasText: "host-local" }).first().click()
  await page.getByRole("heading", { name: "ADD shop/orders-0" }).waitFor()
  await page.locator(".lines", { hasText: "254 of 254 addresses reserved" }).waitFor()
  assert.match(page.url(), /#\/operations\/[0-9a-f]{16}\/calls\/[0-9a-f]{16}\/stderr\?byte=0$/)
  await goTo(page, "#/findings/command-before-its-version")
  await page.locator(".evidence-row").first().click()
  // What the finding points at is marked, in the tree, in the text and in the bytes; another stream has no place.
  for (const [mode, shown] of [
    ["tree", /^"cniVersion": "1.0.0"$/],
    ["text", /^1\{"cniVersion":"1.0.0"/],
    ["bytes", /^00000000 {2}7b 22 63 6e 69/],
  ] as const) {
    await page.getByRole("button", { name: mode, exact: true }).click()
    await page.locator(`.lines.${mode} .line.hit`, { hasText: shown }).waitFor()
  }
  await page.getByRole("tab", { name: /^stdout/ }).click()
  assert.match(page.url(), /\/stdout$/)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the ledger: what is attached and what was left behind, with the calls that prove it", async () => {
  const { page, wrongs, context } = await open("#/ledger")
  const rowsOf = page.locator(".ledger-row")
  await rowsOf.first().waitFor()
  assert.deepEqual(await rowsOf.evaluateAll((all) => all.map((each) => each.getAttribute("title"))), [
    "shop/binary, ADD failed: ADD failed in binary, no DEL followed",
    `shop/${HOSTILE_NAME}, ADD failed: ADD failed in hostile, no DEL followed`,
    "shop/orders-0, attached: in use",
    "shop/web-7d9f8b6c5-9wlmz, attached: in use",
    "shop/web-7d9f8b6c5-2xkqj, attached: in use",
  ])
  await page.getByRole("button", { name: "up 3" }).click()
  await rowsOf.nth(2).waitFor()
  assert.equal(await rowsOf.count(), 3)
  await page.keyboard.press("j")
  await page.keyboard.press("Enter")
  await page.getByRole("heading", { name: "shop/orders-0" }).waitFor()
  assert.deepEqual(
    (await page.locator(".tries li").allInnerTexts()).map((text) =>
      text.replace(/\s+/g, " ").replace(/[\d:]+\.\d+/, "_"),
    ),
    [
      "ADD _ ok",
      "bridge ADD ok no DEL",
      "host-local ADD ok no DEL",
      "portmap ADD ok no DEL",
      "bandwidth ADD ok no DEL",
    ],
  )
  await page.locator(".tries li", { hasText: "host-local" }).getByRole("link").click()
  await page.locator(".span.chosen", { hasText: "host-local" }).waitFor()
  await page.locator(".row[aria-selected=true]", { hasText: "orders-0" }).waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("every selection is a URL that opens the same in another tab", async () => {
  const { page, context } = await open()
  await row(page, /ADDshop\/cart/).click()
  await page.locator("a.span", { hasText: "host-local" }).click()
  await page.getByRole("tab", { name: /^stdin/ }).click()
  assert.match(page.url(), /#\/operations\/[0-9a-f]{16}\/calls\/[0-9a-f]{16}\/stdin$/)
  const other = await context.newPage()
  await other.goto(page.url())
  await other.locator(".span.chosen", { hasText: "host-local" }).waitFor()
  await other.locator(".lines .line").first().waitFor()
  assert.equal(
    await other.locator("[role=tab][aria-selected=true]").nth(1).textContent(),
    await page.locator("[role=tab][aria-selected=true]").nth(1).textContent(),
  )
  await page.goBack()
  await page.goBack()
  await page.goBack()
  assert.equal(await page.locator(".detail").count(), 0)
  await context.close()
})

test("everything works by keyboard", async () => {
  const { page, context, wrongs } = await open()
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  const marked = () => page.locator(".row.cursor, .row[aria-selected=true]").getAttribute("title")
  await press("j", "j", "j", "k")
  assert.match((await marked()) ?? "", /<img/)
  await press("j", "Enter")
  await page.getByRole("heading", { name: "DEL shop/cart" }).waitFor()
  await press("j")
  await page.getByRole("heading", { name: "ADD shop/orders-0" }).waitFor()
  const chosen = page.locator(".span.chosen .span-name")
  await chosen.filter({ hasText: "bridge" }).waitFor()
  await press("]", "]")
  await chosen.filter({ hasText: "portmap" }).waitFor()
  await press("[")
  await chosen.filter({ hasText: "host-local" }).waitFor()
  await page.locator(".lines .line").first().waitFor()
  await page.getByRole("tab", { selected: true }).nth(1).focus()
  await press("ArrowRight")
  await page.locator("[role=tab][aria-selected=true]:focus", { hasText: "stderr" }).waitFor()
  await press("Escape")
  await page.locator(".detail").waitFor({ state: "detached" })
  await press("/")
  await page.locator("input.filter:focus").waitFor()
  await press("Escape", "?")
  await page.getByRole("dialog", { name: "keys and filters" }).waitFor()
  await press("Escape")
  await page.getByRole("dialog").waitFor({ state: "detached" })
  for (const [key, view] of [
    ["2", "pods"],
    ["3", "overview"],
    ["4", "findings"],
    ["5", "ledger"],
    ["1", "operations"],
  ] as const) {
    await press(key)
    await page.waitForURL(`**/#/${view}`)
  }
  await press("2", "j", "Enter")
  await page.locator(".detail[aria-label^='pod shop/']").waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the filter: completion from captured values, effect while typing, errors with their position", async () => {
  const { page, context, wrongs } = await open()
  const box = page.getByRole("combobox", { name: "filter" })
  const pods = async () => (await rows(page).locator(".pod").allTextContents()).map((text) => text.replace("shop/", ""))
  const press = async (...keys: string[]) => {
    for (const key of keys) await page.keyboard.press(key)
  }
  await press("/")
  await page.keyboard.type("plug")
  await page.getByRole("option", { name: "plugin type of the plugin" }).waitFor()
  assert.equal(await rows(page).count(), 11)
  await press("Tab")
  await page.keyboard.type("=host")
  const values = page.locator(".suggestions [role=option] b")
  await values.filter({ hasText: "hostile" }).waitFor()
  assert.deepEqual(await values.allTextContents(), ["host-local", "hostile"])
  await press("ArrowDown", "Enter")
  await page.keyboard.type("and failed")
  await page.getByText("1 shown", { exact: true }).waitFor()
  assert.deepEqual([await box.inputValue(), await pods()], ["plugin=host-local and failed", ["orders-0"]])
  await page.waitForURL("**/#/operations?q=plugin%3Dhost-local+and+failed")

  await box.fill("stderr ~ 'veth pair' and pod=web-*")
  await press("Enter")
  await page.getByText("2 shown", { exact: true }).waitFor()
  assert.deepEqual(await pods(), ["web-7d9f8b6c5-9wlmz", "web-7d9f8b6c5-2xkqj"])

  await box.fill("command=ADD and duratoin>1s")
  await press("Enter")
  await page.locator(".trouble mark", { hasText: "duratoin" }).waitFor()
  await page.getByText("no field is called duratoin; expected duration").waitFor()
  await page.getByText("filter not applied").waitFor()
  assert.equal(await page.locator(".list").evaluate((list) => getComputedStyle(list).filter), "grayscale(1)")
  assert.equal(await rows(page).count(), 11)

  await box.fill("exit=300")
  await press("Enter")
  await page.getByText("exit=300 never holds: exit is between 0 and 255").waitFor()
  await page.getByRole("button", { name: "Show all 11" }).click()
  assert.equal(await rows(page).count(), 11)
  await page.getByRole("button", { name: "failed 3" }).click()
  await page.getByText("3 shown", { exact: true }).waitFor()
  assert.equal(await box.inputValue(), "outcome=failed")

  await box.fill("hostile or plugin=binary")
  await press("Enter")
  await page.getByText("2 shown", { exact: true }).waitFor()
  await page.getByRole("button", { name: "failed 2" }).click()
  assert.equal(await box.inputValue(), "outcome=failed and (hostile or plugin=binary)")
  await page.getByText("2 shown", { exact: true }).waitFor()
  await page.getByRole("button", { name: "all 2" }).click()
  assert.equal(await box.inputValue(), "(hostile or plugin=binary)")

  const address = await row(page, "ADDshop/cart").locator(".ips").count()
  assert.equal(address, 0)
  await box.fill("")
  await page.getByText("2 shown", { exact: true }).waitFor({ state: "detached" })
  const visible = (await row(page, "ADDshop/cart").locator(".ips").textContent())?.replace(/\/\d+$/, "") ?? ""
  await box.fill(visible)
  await page.getByText("1 shown", { exact: true }).waitFor()
  assert.deepEqual(await pods(), ["cart-5c6d7f8b9-hv4tp"])
  await box.fill("failed orders-0 DEL")
  await page.getByText("0 shown", { exact: true }).waitFor()
  await box.fill("orders-0 DEL")
  await page.getByText("1 shown", { exact: true }).waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("an error text is searched for by its words; a hit opens at the call, the stream and the place", async () => {
  const { page, context, wrongs } = await open()
  const box = page.getByRole("combobox", { name: "filter" })
  const marked = page.locator(".lines .line.hit mark")
  for (const [filter, call, stream, text] of [
    ["no IP addresses", "host-local", "stdout", "no IP addresses"],
    ["stderr ~ 'of 254 addresses'", "host-local", "stderr", "of 254 addresses"],
    ["plugin=bridge and msg ~ 'range set'", "bridge", "stdout", "range set"],
  ] as const) {
    await box.fill(filter)
    await page.keyboard.press("Enter")
    await page.getByText("1 shown", { exact: true }).waitFor()
    await rows(page).first().click()
    await page.locator(".span.chosen", { hasText: call }).waitFor()
    await page.getByRole("tab", { name: new RegExp(`^${stream}`), selected: true }).waitFor()
    await marked.filter({ hasText: text }).waitFor()
    assert.equal(await page.getByRole("searchbox", { name: `search in ${stream}` }).inputValue(), text)
    await page.keyboard.press("Escape")
    await page.locator(".detail").waitFor({ state: "detached" })
  }
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("an operation is explained as the command line does, with links to what it names", async () => {
  const { page, context, wrongs } = await open()
  await row(page, /ADDshop\/orders-0host-local/).click()
  const why =
    "host-local, called by bridge: failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.254 (code 999, exit 1)"
  await page.locator(".why").getByText(why, { exact: true }).waitFor()
  const id = /operations\/(\w+)/.exec(page.url())?.[1] ?? ""
  const explained = JSON.parse(run("explain", id, "--root", served.node.root, "--capture", "/capture", "-o", "json"))
  assert.deepEqual(
    (await page.locator(".statements dt").allTextContents()).filter((topic) => topic !== "compare with"),
    explained.statements.map(({ topic }: { topic: string }) => topic).slice(1),
  )
  await page.locator(".statements").getByText("this is attempt 1 of 2").waitFor()
  await page.locator(".statements div", { hasText: "since then" }).getByRole("link").click()
  await page.locator(".row[aria-selected=true]", { hasText: /shop\/orders-0bridge/ }).waitFor()
  await page.goBack()
  await page
    .locator(".statements div", { hasText: "compare with" })
    .getByRole("link", { name: /^ADD shop/ })
    .click()
  await page.locator(".pair").first().waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the overview counts failures by message, each with the filter that lists them", async () => {
  const { page, context, wrongs } = await open("#/overview")
  const errors = page.getByRole("region", { name: "top errors" }).getByRole("link")
  await errors.first().waitFor()
  assert.deepEqual(
    (await errors.allInnerTexts()).map((text) => text.replace(/\s+/g, " ").replace(/, [\d:.]+$/, "")),
    [
      "1 binary exit 2, without a message ADD of 1 pod",
      "1 hostile <img src=x onerror=document.title=<n>></script> ADD of 1 pod",
      "1 host-local failed to allocate for range <n>: no IP addresses available in range set: <ip>-<ip> ADD of 1 pod",
    ],
  )
  // When: a bar for each time with failures.
  assert.deepEqual(
    await errors.evaluateAll((all) =>
      all.map((each) => each.querySelector(".sparkline path")?.getAttribute("d")?.match(/M/g)?.length),
    ),
    [1, 1, 1],
  )
  await errors.first().click()
  await page.locator(".list .row", { hasText: "shop/binary" }).waitFor()
  await page.getByText("1 shown", { exact: true }).waitFor()
  await page.goBack()
  await errors.nth(2).click()
  await page.getByText("1 shown", { exact: true }).waitFor()
  assert.equal(
    await page.getByRole("combobox", { name: "filter" }).inputValue(),
    'failed "failed to allocate for range" "no IP addresses available in range set"',
  )
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the error is stated in words; a panic on stderr comes before garbage on stdout", async () => {
  const panicking = makeNode()
  panicking.operation("ADD", { namespace: "shop", name: "sad", sandbox: 1 }, { list: ["panics"] })
  const own = await serve("/capture", "--root", panicking.root)
  const { page, context } = await openPage(served.browser, own.url)
  await row(page, "shop/sad").click()
  await page.locator(".why", { hasText: "panics: panic: runtime error: invalid memory address" }).waitFor()
  await page.getByRole("tab", { name: /^stderr/, selected: true }).waitFor()
  assert.equal(await page.title(), `✗ ADD shop/sad · ${hostname()} · cnitap`)
  await context.close()
  await own.end()
  panicking.remove()
})

test("going away and back keeps the place in the list and the focus", async () => {
  const { page, context } = await open("", { viewport: { width: 1280, height: 260 } })
  const list = page.locator(".list")
  await list.evaluate((element) => {
    element.scrollTop = 84
    element.dispatchEvent(new Event("scroll"))
  })
  await goTo(page, "#/overview")
  await page.locator(".tile").first().waitFor()
  await page.goBack()
  await list.waitFor()
  assert.equal(await list.evaluate((element) => element.scrollTop), 84)

  await list.focus()
  await page.keyboard.press("G")
  await page.locator(".row.cursor", { hasText: "STATUS" }).waitFor()
  await page.keyboard.press("Home")
  await page.locator(".row.cursor", { hasText: "shop/binary" }).waitFor()
  await page.keyboard.press("Enter")
  await page.locator(".detail:focus").waitFor()
  await page.keyboard.press("j")
  await page.locator(".detail:focus").getByRole("heading", { name: "<img" }).waitFor()
  await page.keyboard.press("Escape")
  await page.locator(".list:focus").waitFor()

  const opened = context.waitForEvent("page")
  await rows(page)
    .first()
    .click({ modifiers: ["Control"] })
  await (await opened).getByRole("heading", { name: "ADD shop/binary" }).waitFor()
  assert.equal(await page.locator(".detail").count(), 0)
  await context.close()
})

test("data from pods, plugins and files is shown as text, never as markup", async () => {
  const { page, context, wrongs } = await open()
  await row(page, "<img").click()
  for (const [panel, wanted] of [
    ["Calls", ".waterfall"],
    ["Chain", ".chain-step"],
    ["Compare", ".pair"],
  ] as const) {
    await page.getByRole("tab", { name: panel }).click()
    await page.locator(wanted).first().waitFor()
  }
  await page.getByRole("tab", { name: "Calls" }).click()
  for (const stream of ["stdin", "stdout", "stderr", "env"]) {
    await page.getByRole("tab", { name: new RegExp(`^${stream}`) }).click()
    await page.locator(".lines .line, .env td").first().waitFor()
    if (stream === "stderr") {
      assert.equal(
        await page.locator(".lines .line").textContent(),
        '1<script>document.title="owned"</script><b>bold</b>\\x1b[31mred',
      )
    }
  }
  await goTo(page, `#/pods/${encodeURIComponent(`shop/${HOSTILE_NAME}`)}`)
  await page.getByRole("heading", { name: `shop/${HOSTILE_NAME}` }).waitFor()
  await goTo(page, "#/overview")
  await page.locator(".tile").first().waitFor()
  await goTo(page, `#/operations/%3Cimg%20src=x%20onerror=alert(1)%3E/calls?q=${encodeURIComponent(HOSTILE_NAME)}`)
  await page.getByText("This operation is not in the capture.").waitFor()
  assert.equal(await page.title(), `(3 failed) operations · ${hostname()} · cnitap`)
  assert.deepEqual(
    await page.evaluate(() => [
      document.images.length,
      document.scripts.length,
      document.querySelectorAll("main b b").length,
    ]),
    [0, 2, 0],
  )
  assert.deepEqual(wrongs, [])
  await context.close()
})
