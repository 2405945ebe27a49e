/// <reference lib="dom" />
import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { pathToFileURL } from "node:url"
import { gunzipSync, gzipSync } from "node:zlib"
import type { Browser } from "playwright-core"
import { FORMAT, NOTHING_LOST } from "../../src/capture/record.ts"
import { CaptureEmbedder, type CaptureHeader, type EmbeddedCapture } from "../../src/export/html.ts"
import type { Call } from "../../src/model/call.ts"
import { toOperations } from "../../src/model/operation.ts"
import { readPage } from "../../src/serve/page.ts"
import { readCalls } from "../../src/store/capture/calls.ts"
import { openCapture } from "../../src/store/capture/capture.ts"
import { ReadErrors } from "../../src/store/capture/read-errors.ts"
import { openBrowser, openPage } from "./browser.ts"
import { HOSTILE_NAME, makeNode, type Node, recordEverything } from "./recording.ts"

/** Days ago: the page must not count on from there. */
const WRITTEN_MS = Date.now() - 3 * 86_400_000
let node: Node
let browser: Browser
let url: string

before(async () => {
  node = makeNode()
  recordEverything(node)
  const calls: Call[] = []
  for await (const call of readCalls(await openCapture(node.capture), new ReadErrors())) calls.push(call)
  const file = join(node.root, "capture.html")
  writeFileSync(file, await htmlOf(calls, { path: "/var/lib/cnitap/capture", host: "node-1", writtenMs: WRITTEN_MS }))
  url = pathToFileURL(file).href
  browser = await openBrowser()
})

after(async () => {
  await browser?.close()
  node?.remove()
})

test("a file shows every view without network access", async () => {
  const { page, context, wrongs } = await openPage(browser, `${url}#/operations`, { offline: true })
  await page.locator(".row").first().waitFor()
  assert.deepEqual(await page.locator(".counter").allTextContents(), ["all 11", "failed 3", "in flight 0", "killed 0"])
  await page
    .getByRole("status")
    .getByText(`file, as of ${localTime(WRITTEN_MS)}`)
    .waitFor()
  await page.locator(".row", { hasText: "ADDshop/cart" }).click()
  await page.locator(".lines .line", { hasText: '"cniVersion": "1.0.0"' }).waitFor()
  for (const [panel, wanted] of [
    ["Chain", ".chain-step"],
    ["Compare", ".pair"],
    ["Calls", ".waterfall"],
  ] as const) {
    await page.getByRole("tab", { name: panel }).click()
    await page.locator(wanted).first().waitFor()
  }
  for (const [view, wanted] of [
    ["pods", ".pod-row"],
    ["overview", ".summary a"],
    ["findings", ".rule-row"],
    ["ledger", ".ledger-row"],
  ] as const) {
    await page.getByRole("navigation").getByRole("link", { name: view }).click()
    await page.locator(wanted).first().waitFor()
  }
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("a call in flight has the age that it had when the file was written", async () => {
  const hung = node.begin("sleeper", "ADD", { namespace: "shop", name: "hung", sandbox: 1 })
  const calls: Call[] = []
  while (!calls.some(({ state }) => state === "running")) {
    calls.length = 0
    for await (const call of readCalls(await openCapture(node.capture), new ReadErrors())) calls.push(call)
  }
  hung.kill("SIGKILL")
  const [call] = calls.filter(({ state }) => state === "running")
  assert.ok(call)
  const file = join(node.root, "hung.html")
  const writtenMs = call.wallMs + 5_000
  writeFileSync(file, await htmlOf([call], { path: "p", host: "h", writtenMs }))
  const { page, context } = await openPage(browser, `${pathToFileURL(file).href}#/operations`)
  assert.equal(await page.locator(".row .duration").textContent(), "5.00s")
  await context.close()
})

test("captured data cannot end the data block and is not executed", async () => {
  const html = readFileSync(new URL(url), "utf8")
  const data = /<script type="application\/json" id="capture">([^<]*)<\/script>/.exec(html)?.[1] ?? ""
  const { blocks } = JSON.parse(data) as EmbeddedCapture
  assert.ok(gunzipSync(Buffer.from(blocks[0]?.operations ?? "", "base64")).includes(JSON.stringify(HOSTILE_NAME)))
  assert.equal(html.match(/<script/g)?.length, readPage().html.match(/<script/g)?.length)
  const { page, context, wrongs } = await openPage(browser, `${url}#/operations`)
  await page.locator(".row", { hasText: "<img" }).click()
  await page.locator(".lines .line").first().waitFor()
  assert.deepEqual(
    [await page.title(), await page.evaluate(() => document.images.length)],
    [`✗ ADD shop/${HOSTILE_NAME} · node-1 · cnitap`, 0],
  )
  assert.deepEqual(wrongs, [])
  await context.close()
})

test("omitted calls are reported", async () => {
  const file = join(node.root, "long.html")
  // Random bytes cannot be compressed.
  const text = randomBytes(750_000).toString("base64")
  const calls = Array.from(
    { length: 80 },
    (_, at): Call => ({
      id: at.toString(16).padStart(16, "0"),
      depth: 0,
      as: "relay",
      pid: 1,
      ppid: 1,
      plugin: "bridge",
      path: "",
      argv: [],
      env: {},
      envNames: [],
      command: "ADD",
      containerId: `c${at}`,
      wallMs: Date.UTC(2026, 0, 1) + at,
      monoMs: at,
      state: "ended",
      durationMs: 1,
      exit: { code: 0 },
      stdout: { sizeBytes: text.length, text },
    }),
  )
  writeFileSync(file, await htmlOf(calls, { path: "p", host: "h", writtenMs: WRITTEN_MS, note: "3 torn lines" }))
  assert.ok(statSync(file).size < 70_000_000)
  const { page, context } = await openPage(browser, `${pathToFileURL(file).href}#/operations`)
  await page
    .getByRole("note")
    .getByText("3 torn lines; the oldest 14 of 80 calls are omitted to limit the size of this file")
    .waitFor()
  await page.getByRole("button", { name: "all 66" }).waitFor()
  await context.close()
})

test("a file says what an observer has not recorded", async () => {
  const file = join(node.root, "lossy.html")
  const loss = { format: FORMAT, kind: "loss", monoMs: 0, node: "node-1", reason: "full", ...NOTHING_LOST } as const
  const losses = [{ ...loss, calls: 12, sinceMs: Date.UTC(2026, 10, 28, 12), wallMs: Date.UTC(2026, 10, 28, 12, 0, 1) }]
  writeFileSync(file, await htmlOf([], { path: "p", host: "h", writtenMs: WRITTEN_MS, losses }))
  const { page, context } = await openPage(browser, pathToFileURL(file).href)
  const text =
    "12 calls were not recorded, because the kernel's buffer was full; 2026-11-28T12:00:00Z to 2026-11-28T12:00:01Z"
  await page.getByRole("note").getByText(text).waitFor()
  await context.close()
})

test("the compressed page is small", () => {
  assert.ok(gzipSync(readPage().html).length < 200_000)
})

/** As the page writes it, in the time zone of this machine. */
function localTime(ms: number): string {
  const date = new Date(ms)
  const two = (value: number) => String(value).padStart(2, "0")
  return `${date.toLocaleString("en", { month: "short" })} ${date.getDate()} ${two(date.getHours())}:${two(date.getMinutes())}`
}

async function htmlOf(calls: Call[], header: Omit<CaptureHeader, "program" | "flags">): Promise<string> {
  const embedder = new CaptureEmbedder(async (text) => gzipSync(text).toString("base64"))
  for (const operation of toOperations(calls)) await embedder.add(operation)
  return embedder.html(readPage().html, { ...header, program: "cnitap", flags: ["--capture", header.path] })
}
