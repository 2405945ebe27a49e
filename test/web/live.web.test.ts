/// <reference lib="dom" />
import assert from "node:assert/strict"
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { after, afterEach, before, beforeEach, test } from "node:test"
import type { Browser } from "playwright-core"
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
  assert.match((await rows.first().getAttribute("aria-label")) ?? "", /^ADD shop\/second, ok/)
  await page.getByRole("heading", { name: "ADD shop/hung" }).waitFor()

  hung.kill("SIGKILL")
  await row.filter({ hasText: "sleeper: killed before it ended" }).waitFor()
  await page.getByRole("button", { name: "killed 1" }).waitFor()
  await page.getByRole("button", { name: "in flight 0" }).waitFor()
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
      return found?.getAttribute("aria-label")
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

test("after a restart of the server the page reports an invalid token, and the new URL works", async () => {
  node.operation("DEL", pod("early"), { list: ["bandwidth"] })
  const { page, context } = await openPage(browser, serving.url)
  const state = page.getByRole("status")
  await state.getByText("live", { exact: true }).waitFor()
  const { port } = new URL(serving.origin)
  await serving.end()
  await state.getByText("disconnected, retrying").waitFor()
  serving = await serve(node.capture, "--listen", `127.0.0.1:${port}`)
  await page.getByRole("alert").getByText("invalid token").waitFor()
  await page.goto(serving.url)
  await page.locator(".row").first().waitFor()
  await context.close()
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
