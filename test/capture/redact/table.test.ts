import assert from "node:assert/strict"
import { test } from "node:test"
import { redact } from "../../../src/capture/redact/redact.ts"
import { leaks } from "./table/measure.ts"
import { ORDINARY_TEXTS } from "./table/ordinary.ts"
import { PLACES } from "./table/places.ts"
import { SECRET_SHAPES } from "./table/secrets.ts"

/** Formats without a literal to look for. */
const NOT_FOUND = ["Discord bot token", "bootstrap token"]

test("publicly known shapes of secrets are redacted in every place of a call", (t) => {
  const leaked = leaks((text) => redact(text).text)
  const cells = SECRET_SHAPES.length * Object.keys(PLACES).length
  t.diagnostic(`${leaked.length} of ${cells} cells leak (${SECRET_SHAPES.length} shapes)`)
  assert.deepEqual([...new Set(leaked.map(({ shape }) => shape))], NOT_FOUND)
})

test("ordinary texts of plugins, runtimes and tools are recorded as they are", () => {
  const changed = ORDINARY_TEXTS.filter((text) => redact(text).text !== text)
  assert.deepEqual(changed, [])
})

test("what is redacted stays redacted when a bundle is searched again", () => {
  for (const { text } of SECRET_SHAPES) {
    const once = redact(text.replaceAll(/[«»]/g, "")).text
    assert.equal(redact(once).text, once)
  }
})
