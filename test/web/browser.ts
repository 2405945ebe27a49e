/// <reference lib="dom" />
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type BrowserServer,
  chromium,
  type Download,
  type Page,
} from "playwright-core"

/** Debian's chromium; root may not use its sandbox. */
const LAUNCH = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
}

/** One browser for every file of tests, each of which opens pages of its own in it; `npm test` starts it. */
export async function startSharedBrowser(): Promise<BrowserServer> {
  const server = await chromium.launchServer(LAUNCH)
  process.env.CNITAP_BROWSER = server.wsEndpoint()
  return server
}

/** The shared browser, or one of its own for a file of tests that is run alone. */
export function openBrowser(): Promise<Browser> {
  const shared = process.env.CNITAP_BROWSER
  return shared === undefined ? chromium.launch(LAUNCH) : chromium.connect(shared)
}

/** A page, and everything that would be wrong with it: script errors, policy violations, dialogs, requests elsewhere. */
export type Watched = { page: Page; context: BrowserContext; wrongs: string[] }

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  await context.addInitScript(keepCopies)
  const wrongs: string[] = []
  const page = await context.newPage()
  page.on("pageerror", (error) => wrongs.push(`script: ${error.message}`))
  page.on("console", (message) => message.type() === "error" && wrongs.push(`console: ${message.text()}`))
  page.on("dialog", (dialog) => {
    wrongs.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  const { origin, protocol } = new URL(url)
  page.on("request", (request) => {
    const to = new URL(request.url())
    const isOwn = protocol === "file:" ? request.url() === url.split("#")[0] : to.origin === origin
    if (!isOwn && to.protocol !== "data:" && to.protocol !== "blob:") wrongs.push(`request: ${request.url()}`)
  })
  await page.goto(url)
  return { page, context, wrongs }
}

/**
 * What the page copied last. The clipboard itself belongs to the browser, in which the pages of other tests copy too.
 */
export function copiedText(page: Page): Promise<string> {
  return page.evaluate(() => String(Reflect.get(window, "copied")))
}

/** Runs in each page before its own scripts. */
function keepCopies(): void {
  // Pages of files have none.
  if (!("Clipboard" in window)) return
  const write = Clipboard.prototype.writeText
  Clipboard.prototype.writeText = async function (text) {
    await write.call(this, text)
    Reflect.set(window, "copied", text)
  }
}

/** Opens another place of the page, as a link does. */
export async function goTo(page: Page, hash: string): Promise<void> {
  await page.evaluate((to) => {
    location.hash = to
  }, hash)
}

/** The browser may belong to another process, so the file is not opened by its path. */
export async function contentOf(download: Download): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString("utf8")
}
