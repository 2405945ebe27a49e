import { setTimeout as sleep } from "node:timers/promises"
import type { Browser, Page } from "playwright-core"
import { ProcessorTime } from "./processor-time.ts"

/** Milliseconds since navigation, or since the action. */
export type PageTimes = {
  firstPaintMs: number
  firstRowMs: number
  /** all operations have arrived */
  completeMs: number
  frameMs: { p50: number; p95: number; longest: number }
  /** processor time per frame */
  frameCpuMs: number
  /** processor time per key of a bare word; the list is filtered at each of them */
  keyCpuMs: number
  filterMs: number
  streamFilterMs: number
  overviewMs: number
  findingsMs: number
  openMs: number
  heapBytes: number
}

const SCROLL_FRAMES = 240
/** At sixty frames a second 36,000 pixels a second: a hard flick, 1,300 operations in a second. */
const SCROLL_PX = 600
const WORD = "orders-1b"
/** Longer than the pause after which the list is filtered. */
const KEY_MS = 350
const PREPARED_MS = 2_000
const LIVE_MS = 20_000
const MOST_MS = 180_000

/** Opens the page in a new profile and uses it. `state`: how its text begins when everything has arrived. */
export async function measurePage(browser: Browser, url: string, state: "live" | "file"): Promise<PageTimes> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(MOST_MS)
  // The compiler adds calls of a function `__name` to functions that run in the page, which lacks it.
  await page.addInitScript("globalThis.__name = (value) => value")
  await page.addInitScript(watch, state)
  await page.goto(url)
  const times = await page.waitForFunction(() => {
    const { firstRowMs, completeMs } = Object.assign({ firstRowMs: 0, completeMs: 0 }, Reflect.get(window, "watched"))
    const firstPaintMs = performance.getEntriesByName("first-contentful-paint")[0]?.startTime
    return completeMs && firstPaintMs ? { firstPaintMs, firstRowMs, completeMs } : undefined
  })
  const { firstPaintMs = 0, firstRowMs = 0, completeMs = 0 } = (await times.jsonValue()) ?? {}
  const processor = await ProcessorTime.of(page)
  let frameMs: PageTimes["frameMs"] = { p50: 0, p95: 0, longest: 0 }
  const scrollMs = await processor.during(async () => {
    frameMs = await page.evaluate(scroll, [SCROLL_FRAMES, SCROLL_PX] as const)
  })
  const frameCpuMs = scrollMs / SCROLL_FRAMES
  await page.evaluate(() => document.querySelector(".list")?.scrollTo(0, 0))
  await page.locator("input.filter").click()
  // The texts that words are searched for in are made in idle time.
  await sleep(PREPARED_MS)
  const keyCpuMs = (await processor.during(() => typeWord(page))) / WORD.length
  const filterMs = await asked(page, "#/operations?q=failed+and+plugin%3Dcalico*", ".toolbar", " shown")
  const streamFilterMs = await asked(page, "#/operations?q=stderr+~+timeout+or+code%3D11", ".toolbar", " shown")
  const overviewMs = await asked(page, "#/overview", ".charts canvas")
  const findingsMs = await asked(page, "#/findings", ".list-side:not(:has([role=progressbar])) .rule-row")
  await asked(page, "#/operations", ".row")
  const startMs = performance.now()
  await page.locator(".row").nth(3).click()
  await page.locator(".lines .line, .payload + .empty, .call .empty").first().waitFor()
  const openMs = performance.now() - startMs
  const heapBytes = await page.evaluate(() => {
    const memory: unknown = Reflect.get(performance, "memory")
    return typeof memory === "object" && memory !== null ? Number(Reflect.get(memory, "usedJSHeapSize")) : 0
  })
  await context.close()
  return {
    firstPaintMs,
    firstRowMs,
    completeMs,
    frameMs,
    frameCpuMs,
    keyCpuMs,
    filterMs,
    streamFilterMs,
    overviewMs,
    findingsMs,
    openMs,
    heapBytes,
  }
}

/** Milliseconds of processor time of the longest task of an overview that has everything, while `write` adds calls. */
export async function measureLiveOverview(browser: Browser, url: string, write: () => () => void): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(MOST_MS)
  await page.goto(url)
  await page.locator(".source .state", { hasText: "live" }).waitFor()
  await page.goto(`${new URL(url).origin}/#/overview`)
  await page.locator(".charts canvas").first().waitFor()
  const processor = await ProcessorTime.of(page)
  const stop = write()
  // The first calls open a segment, which the server takes up.
  await sleep(LIVE_MS / 4)
  const longestMs = await processor.longestTask(() => sleep(LIVE_MS))
  stop()
  await context.close()
  return longestMs
}

async function typeWord(page: Page): Promise<void> {
  for (const letter of WORD) {
    await page.keyboard.press(letter)
    await sleep(KEY_MS)
  }
}

/** Navigates and waits until the page shows everything. */
async function asked(page: Page, hash: string, selector: string, words = ""): Promise<number> {
  return page.evaluate(
    async ([to, wanted, text, mostMs]) => {
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve))
      const isThere = () =>
        !document.querySelector(".trouble")?.textContent?.includes("searching") &&
        [...document.querySelectorAll(wanted)].some((element) => element.textContent?.includes(text))
      // The previous view does not count.
      location.hash = "#/pods"
      while (!document.querySelector(".pod-row")) await frame()
      const startMs = performance.now()
      location.hash = to
      do {
        await frame()
        if (performance.now() - startMs > mostMs) throw new Error(`${to} shows no ${wanted} with ${text}`)
      } while (!isThere())
      return performance.now() - startMs
    },
    [hash, selector, words, MOST_MS] as const,
  )
}

/** Runs in the page from its start: records when the first row and when everything was there. */
function watch(state: string): void {
  const watched = { firstRowMs: 0, completeMs: 0 }
  Reflect.set(window, "watched", watched)
  const look = () => {
    if (!watched.firstRowMs && document.querySelector(".row")) watched.firstRowMs = performance.now()
    if (document.querySelector(".source .state")?.textContent?.startsWith(state)) {
      watched.completeMs = performance.now()
      observer.disconnect()
    }
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { childList: true, subtree: true, characterData: true })
}

/** Scrolls the list in each frame and measures the time between frames. */
async function scroll([frames, px]: readonly [number, number]): Promise<PageTimes["frameMs"]> {
  const list = document.querySelector(".list")
  const frame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve))
  const times: number[] = []
  let before = await frame()
  for (let at = 0; at < frames; at++) {
    list?.scrollBy(0, px)
    const now = await frame()
    times.push(now - before)
    before = now
  }
  times.sort((a, b) => a - b)
  const share = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
  return { p50: share(0.5), p95: share(0.95), longest: times.at(-1) ?? 0 }
}
