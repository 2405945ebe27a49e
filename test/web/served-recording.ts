import type { Browser, BrowserContextOptions } from "playwright-core"
import { type Serving, serve } from "../serve/serving.ts"
import { goTo, openBrowser, openPage, type Watched } from "./browser.ts"
import { makeNode, type Node, recordEverything } from "./recording.ts"

/** A recorded node, `cnitap serve` over its capture, and a browser. */
export class ServedRecording {
  readonly node: Node
  readonly serving: Serving
  readonly browser: Browser

  /** `record`: what happens on the node before it is served. */
  static async start(record: (node: Node) => void = recordEverything): Promise<ServedRecording> {
    const node = makeNode()
    let serving: Serving | undefined
    try {
      record(node)
      serving = await serve("/capture", "--root", node.root)
      return new ServedRecording(node, serving, await openBrowser())
    } catch (error) {
      await serving?.end()
      node.remove()
      throw error
    }
  }

  private constructor(node: Node, serving: Serving, browser: Browser) {
    this.node = node
    this.serving = serving
    this.browser = browser
  }

  /** The page, once it has all operations. `hash`: a place of it. */
  async open(options: BrowserContextOptions = {}, hash = ""): Promise<Watched> {
    const watched = await openPage(this.browser, this.serving.url, options)
    await watched.page.getByRole("status").getByText("live", { exact: true }).waitFor()
    await watched.page.locator(".list [role=option]").first().waitFor()
    if (hash) await goTo(watched.page, hash)
    return watched
  }

  async end(): Promise<void> {
    await this.browser.close()
    await this.serving.end()
    this.node.remove()
  }
}
