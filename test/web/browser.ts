import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core"

/** Debian's chromium; root may not use its sandbox. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  })
}

/** A page, and everything that would be wrong with it: script errors, policy violations, dialogs, requests elsewhere. */
export type Watched = { page: Page; context: BrowserContext; wrongs: string[] }

export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
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
