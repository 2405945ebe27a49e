/// <reference lib="dom" />
import assert from "node:assert/strict"
import { after, before, test } from "node:test"
import type { Page } from "playwright-core"
import { violations } from "./axe.ts"
import { goTo } from "./browser.ts"
import { recordEverything } from "./recording.ts"
import { ServedRecording } from "./served-recording.ts"

let served: ServedRecording

before(async () => {
  served = await ServedRecording.start((node) => {
    recordEverything(node)
    // A DEL that fails leaves what the ADD made.
    node.operation("ADD", { namespace: "shop", name: "left-0", sandbox: 1 }, { list: ["bridge"] })
    node.operation("DEL", { namespace: "shop", name: "left-0", sandbox: 1 }, { list: ["bridge", "panics"] })
    node.begin("sleeper", "ADD", { namespace: "shop", name: "hung", sandbox: 1 })
  })
})

after(() => served?.end())

const row = (page: Page, words: RegExp) => page.locator(".list .row").filter({ hasText: words })

/** What opens only when it is asked for, and what is seldom: how to get there from a list of everything. */
const STATES: Record<string, (page: Page) => Promise<void>> = {
  help: async (page) => {
    await page.keyboard.press("?")
    await page.getByRole("dialog", { name: "keys and filters" }).waitFor()
  },
  "share menu": async (page) => {
    await page.locator(".toolbar .share summary").click()
    await page.getByRole("button", { name: "Copy link" }).waitFor()
  },
  suggestions: async (page) => {
    await page.getByRole("combobox", { name: "filter" }).focus()
    await page.keyboard.type("plug")
    await page.locator(".suggestions [role=option]").first().waitFor()
  },
  "broken filter": async (page) => {
    await goTo(page, "#/operations?q=plugn%3Dbridge")
    await page.getByText("filter not applied").waitFor()
  },
  "no hit": async (page) => {
    await goTo(page, "#/operations?q=pod%3Dnobody")
    await page.getByText("No operation matches the filter.").waitFor()
  },
  "open group": async (page) => {
    await goTo(page, "#/operations?group=pod")
    await page.locator(".group-row").first().click()
    await page.locator(".group-row[title$=', open']").first().waitFor()
  },
  "brushed and paused": async (page) => {
    await page.getByRole("slider", { name: "since" }).focus()
    await page.keyboard.press("Shift+ArrowRight")
    await page.getByRole("button", { name: "pause" }).click()
    await page.getByRole("button", { name: /^paused/ }).waitFor()
  },
  "call in flight": async (page) => {
    await row(page, /shop\/hung/).click()
    await page.locator(".track.running").waitFor()
  },
  "what a DEL left": async (page) => {
    await row(page, /DELshop\/left-0/).click()
    await page.getByRole("tab", { name: "Chain" }).click()
    await page.locator(".picture .thing.left").first().waitFor()
  },
  "marked operation": async (page) => {
    await row(page, /ADDshop\/cart/).click()
    await page.getByRole("button", { name: "Mark", exact: true }).click()
    await page.getByRole("button", { name: "Marked" }).waitFor()
  },
  attachment: async (page) => {
    await goTo(page, "#/ledger")
    await page.locator(".ledger-row").first().click()
    await page.locator(".detail h1").waitFor()
  },
}

for (const [colorScheme, width] of [
  ["light", 360],
  ["dark", 1280],
] as const)
  test(`${colorScheme} at ${width} pixels: axe finds nothing in what opens or is seldom`, async () => {
    for (const [name, open] of Object.entries(STATES)) {
      const { page, context, wrongs } = await served.open({ colorScheme, viewport: { width, height: 800 } })
      await open(page)
      assert.deepEqual([name, ...(await violations(page)), ...wrongs], [name])
      await context.close()
    }
  })

test("what a DEL left behind is red, and said", async () => {
  const { page, context } = await served.open()
  await STATES["what a DEL left"]?.(page)
  await page.getByText(/^\d items were left behind: its plugin failed, or was not called\./).waitFor()
  const [stroke, red] = await page
    .locator(".picture .thing.left .body")
    .first()
    .evaluate((body) => {
      const probe = document.createElement("i")
      probe.style.color = "var(--failed)"
      document.body.append(probe)
      return [getComputedStyle(body).stroke, getComputedStyle(probe).color]
    })
  assert.equal(stroke, red)
  await context.close()
})

for (const colorScheme of ["light", "dark"] as const)
  test(`${colorScheme}: bars, marks and the borders of fields differ from what is behind them by 3:1`, async () => {
    const { page, context } = await served.open({ colorScheme })
    assert.deepEqual(await page.evaluate(FAINT_MARKS), [])
    await context.close()
  })

test("how many operations a filter shows is announced", async () => {
  const { page, context } = await served.open()
  await page.getByRole("combobox", { name: "filter" }).fill("plugin=host-local and failed")
  await page.locator("[aria-live=polite]", { hasText: /^1 shown$/ }).waitFor()
  await context.close()
})

/** Colours that say something, on each ground that it stands on, and the borders of fields: WCAG 2.2, 1.4.11. */
const FAINT_MARKS = `(() => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true })
  const luminance = (colour) => {
    canvas.fillStyle = colour
    canvas.fillRect(0, 0, 1, 1)
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((value) => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const contrast = (a, b) => {
    const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x)
    return (light + 0.05) / (dark + 0.05)
  }
  const token = (name) => {
    const probe = document.createElement("i")
    probe.style.color = "var(--" + name + ")"
    document.body.append(probe)
    const { color } = getComputedStyle(probe)
    probe.remove()
    return color
  }
  const found = []
  for (const name of ["bar-work", "bar-wait", "bar-spawn", "ok", "failed", "killed", "running", "unknown"])
    for (const ground of ["surface", "selected", "raised"]) {
      const ratio = contrast(token(name), token(ground))
      if (ratio < 3) found.push(name + " on " + ground + " " + ratio.toFixed(2))
    }
  for (const field of document.querySelectorAll("input, select"))
    for (const ground of ["surface", "ground"]) {
      const ratio = contrast(getComputedStyle(field).borderTopColor, token(ground))
      if (field.checkVisibility() && ratio < 3) found.push("border of " + field.className + " on " + ground + " " + ratio.toFixed(2))
    }
  return found
})()`
