/// <reference lib="dom" />
import assert from "node:assert/strict"
import { appendFileSync, mkdirSync, rmSync } from "node:fs"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { join } from "node:path"
import { after, afterEach, before, beforeEach, test } from "node:test"
import type { Browser } from "playwright-core"
import { encode } from "../../src/capture/encode.ts"
import { FORMAT, NOTHING_LOST } from "../../src/capture/record.ts"
import { segmentName } from "../../src/capture/segment-name.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { type Serving, serve } from "../serve/serving.ts"
import { openBrowser, openPage } from "./browser.ts"
import { makeNode, type Node } from "./recording.ts"

let node: Node
let serving: Serving
let browser: Browser

before(async () => {
  browser = await openBrowser()
})
after(() => browser?.close())

// Each test has a capture and a server of its own.
beforeEach(async () => {
  node = makeNode()
  serving = await serve(node.capture)
})
afterEach(async () => {
  await serving?.end()
  node?.remove()
})

const pod = (name: string) => ({ namespace: "shop", name, sandbox: 1 })

test("calls appear as they begin, their duration grows, and a killed call is shown as killed", async () => {
  const { page, context, wrongs } = await openPage(browser, serving.url)
  await page.getByText("No operation has been recorded yet.").waitFor()
  const rows = page.locator(".list [role=option]")

  node.operation("ADD", pod("first"))
  await rows.filter({ hasText: "shop/first" }).waitFor()

  const hung = node.begin("sleeper", "ADD", pod("hung"))
  const row = rows.filter({ hasText: "shop/hung" })
  await row.filter({ hasText: "sleeper is running" }).waitFor()
  await page.getByRole("button", { name: "in flight 1" }).waitFor()
  await row.click()
  const bar = page.locator(".track.running.open .took")
  const early = await bar.textContent()
  await page.waitForFunction((text) => document.querySelector(".track.open .took")?.textContent !== text, early)

  node.operation("ADD", pod("second"))
  await rows.filter({ hasText: "shop/second" }).waitFor()
  await rows.first().filter({ hasText: "bridge (host-local) → portmap → bandwidth" }).waitFor()
  assert.match((await rows.first().getAttribute("title")) ?? "", /^ADD shop\/second, ok/)
  await page.getByRole("heading", { name: "ADD shop/hung" }).waitFor()

  const icon = () => page.locator("link[rel=icon]").getAttribute("href")
  const plain = await icon()
  hung.kill("SIGKILL")
  await row.filter({ hasText: "sleeper: killed before it ended" }).waitFor()
  await page.getByRole("button", { name: "killed 1" }).waitFor()
  await page.getByRole("button", { name: "in flight 0" }).waitFor()
  assert.equal(await page.locator(".track.killed .took").textContent(), "end unseen")
  assert.equal(
    await page.locator(".facts div", { hasText: "duration" }).locator("dd").textContent(),
    "killed, end not recorded",
  )
  await page
    .locator("[aria-live=polite]", { hasText: /^ADD shop\/hung, killed, at .*: sleeper: killed before/ })
    .waitFor({
      state: "attached",
    })
  assert.notEqual(await icon(), plain)
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("an explanation that the server cannot give yet is asked for again", async () => {
  node.operation("ADD", pod("full"), { env: { CNITAP_TEST_FULL: "1" } })
  const { page, context } = await openPage(browser, serving.url)
  const answers: number[] = []
  await page.route("**/api/explanations/*", async (route) => {
    const isBusy = answers.length < 2
    const answer = isBusy ? undefined : await route.fetch()
    answers.push(answer?.status() ?? 503)
    await route.fulfill(
      answer ? { response: answer } : { status: 503, json: { error: "too many explanations at once" } },
    )
  })
  await page.locator(".row", { hasText: "shop/full" }).click()
  await page.locator(".statements dt", { hasText: "next step" }).waitFor()
  assert.deepEqual(answers, [503, 503, 200])
  await context.close()
})

test("the page says what an observer has not recorded", async () => {
  const { page, context, wrongs } = await openPage(browser, serving.url)
  const wallMs = Date.UTC(2026, 10, 28, 12)
  const lost = { ...NOTHING_LOST, calls: 12 }
  const loss = {
    format: FORMAT,
    kind: "loss",
    wallMs,
    monoMs: 0,
    node: "node-1",
    sinceMs: wallMs - 1_000,
    reason: "full",
  } as const
  node.operation("ADD", pod("first"))
  appendFileSync(join(node.capture, segmentName(Date.now())), encode({ ...loss, ...lost }, checksum))
  const text =
    "12 calls were not recorded, because the kernel's buffer was full; 2026-11-28T11:59:59Z to 2026-11-28T12:00:00Z"
  await page.getByRole("note").filter({ hasText: text }).waitFor()
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("the visible rows stay in place when new operations arrive", async () => {
  for (let at = 0; at < 40; at++) node.operation("DEL", pod(`gone-${at}`), { list: ["bandwidth"] })
  const { page, context } = await openPage(browser, serving.url)
  // Before the last of them is there, the list may be too short to be scrolled.
  await page.locator(".row", { hasText: "gone-39" }).waitFor()
  const list = page.locator(".list")
  await list.evaluate((element) => {
    element.scrollTop = 280
  })
  const topRow = () =>
    list.evaluate((element) => {
      const { top } = element.getBoundingClientRect()
      const found = [...element.querySelectorAll(".row")].find((row) => row.getBoundingClientRect().top >= top)
      return found?.getAttribute("title")
    })
  // The scroll event comes with the next frame.
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  const before = await topRow()
  const scrollTop = await list.evaluate((element) => element.scrollTop)
  node.operation("DEL", pod("late"), { list: ["bandwidth"] })
  await page.waitForFunction((from) => (document.querySelector(".list")?.scrollTop ?? 0) > from, scrollTop)
  assert.equal(await topRow(), before)
  await context.close()
})

test("after a lost connection the page gets what it missed, and nothing twice", async () => {
  node.operation("DEL", pod("early"), { list: ["bandwidth"] })
  const tunnel = await openTunnel(Number(new URL(serving.origin).port))
  const { page, context } = await openPage(browser, serving.url.replace(/:\d+\//, `:${tunnel.port}/`))
  const state = page.getByRole("status")
  await state.getByText("live", { exact: true }).waitFor()
  const count = async () => Number(/^\d+/.exec((await page.locator(".list").getAttribute("aria-label")) ?? "")?.[0])
  await page.locator(".row", { hasText: "shop/early" }).waitFor()
  assert.equal(await count(), 1)
  tunnel.break()
  await state.getByText("disconnected, retrying").waitFor()
  node.operation("DEL", pod("missed"), { list: ["bandwidth"] })
  tunnel.mend()
  await page.locator(".row", { hasText: "shop/missed" }).waitFor()
  await state.getByText("live", { exact: true }).waitFor()
  assert.equal(await count(), 2)
  await context.close()
  tunnel.close()
})

test("after a restart of the server the page keeps what it shows, and its new URL goes on in the same tab", async () => {
  node.operation("DEL", pod("early"), { list: ["bandwidth"] })
  const { page, context } = await openPage(browser, serving.url)
  const state = page.getByRole("status")
  await state.getByText("live", { exact: true }).waitFor()
  const { port } = new URL(serving.origin)
  await serving.end()
  await state.getByText("disconnected, retrying").waitFor()
  serving = await serve(node.capture, "--listen", `127.0.0.1:${port}`)
  await page.getByRole("alert").getByText("The server was restarted and does not know this page").waitFor()
  assert.equal(await page.locator(".row", { hasText: "shop/early" }).count(), 1)
  node.operation("DEL", pod("late"), { list: ["bandwidth"] })
  await page.evaluate(() => {
    Object.assign(window, { isSameDocument: true })
  })
  await page.goto(serving.url)
  await page.locator(".row", { hasText: "shop/late" }).waitFor()
  await state.getByText("live", { exact: true }).waitFor()
  assert.equal(await page.evaluate(() => "isSameDocument" in window), true)
  assert.deepEqual(await page.getByRole("alert").count(), 0)
  assert.equal(await page.locator(".row").count(), 2)
  await context.close()
})

test("with a token file an open page reconnects to a restarted server by itself", async () => {
  await serving.end()
  const tokenFile = join(node.root, "token")
  serving = await serve(node.capture, "--token-file", tokenFile)
  node.operation("DEL", pod("early"), { list: ["bandwidth"] })
  const { page, context } = await openPage(browser, serving.url)
  await page.locator(".row", { hasText: "shop/early" }).waitFor()
  const { port } = new URL(serving.origin)
  await serving.end()
  node.operation("DEL", pod("late"), { list: ["bandwidth"] })
  serving = await serve(node.capture, "--token-file", tokenFile, "--listen", `127.0.0.1:${port}`)
  await page.locator(".row", { hasText: "shop/late" }).waitFor()
  await page.getByRole("status").getByText("live", { exact: true }).waitFor()
  assert.equal(await page.locator(".row").count(), 2)
  await context.close()
})

test("a page without anything to show says why it is denied", async () => {
  const { page, context } = await openPage(browser, serving.url.replace(/token=.*/, "token=wrong"))
  await page.getByRole("alert").getByText("invalid token").waitFor()
  await context.close()
})

test("when the capture is removed the page keeps its lists and says so, and goes on when it is back", async () => {
  node.operation("DEL", pod("early"), { list: ["bandwidth"] })
  const { page, context } = await openPage(browser, serving.url)
  const state = page.getByRole("status")
  await page.locator(".row", { hasText: "shop/early" }).waitFor()
  await state.getByText("live", { exact: true }).waitFor()
  rmSync(node.capture, { recursive: true })
  await page.getByRole("alert").getByText(`${node.capture} was removed`).waitFor()
  await state.getByText("capture not readable").waitFor()
  await page.locator(".row", { hasText: "shop/early" }).click()
  await page.getByText("The records of this call were removed from the capture").waitFor()

  mkdirSync(node.capture, { mode: 0o700 })
  node.operation("DEL", pod("late"), { list: ["bandwidth"] })
  await page.locator(".row", { hasText: "shop/late" }).waitFor()
  await state.getByText("live", { exact: true }).waitFor()
  assert.equal(await page.getByRole("alert").count(), 0)
  assert.match((await page.locator(".row", { hasText: "shop/early" }).getAttribute("title")) ?? "", /, pruned$/)
  await context.close()
})

test("while the server is away a search and an unopened call say so", async () => {
  node.operation("DEL", pod("early"), { list: ["bandwidth"] })
  const { page, context } = await openPage(browser, serving.url)
  await page.getByRole("status").getByText("live", { exact: true }).waitFor()
  await serving.end()
  await page.getByRole("status").getByText("disconnected, retrying").waitFor()
  await page.locator(".row", { hasText: "shop/early" }).click()
  await page.getByText("The server is not responding: the call is shown as soon as it does.").waitFor()
  await page.getByRole("combobox", { name: "filter" }).fill("stderr ~ refused")
  await page.getByText("The server is not responding: it searches as soon as it does.").waitFor()
  await page.getByRole("navigation").getByRole("link", { name: "Findings" }).click()
  await page.getByText("the server is not responding: not all is checked").waitFor()
  await context.close()
  serving = await serve(node.capture)
})

/** Between page and server, as ssh -L is; it can break. */
async function openTunnel(toPort: number) {
  const sockets = new Set<Socket>()
  let isBroken = false
  const server = createServer((near) => {
    if (isBroken) return near.destroy()
    const far = connect(toPort, "127.0.0.1")
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      from.on("error", () => to.destroy())
      from.on("close", () => sockets.delete(from))
    }
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const destroyAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: (server.address() as AddressInfo).port,
    break() {
      isBroken = true
      destroyAll()
    },
    mend() {
      isBroken = false
    },
    close() {
      server.close()
      destroyAll()
    },
  }
}
