import assert from "node:assert/strict"
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type TestContext, test } from "node:test"

const SOURCE = join(import.meta.dirname, "../../scripts/build/engine.ts")

/** A checkout with an engine of one file and one header. */
async function checkout(t: TestContext, name: string) {
  const root = join(mkdtempSync(join(tmpdir(), "cnitap-engine-")), name)
  t.after(() => rmSync(join(root, ".."), { recursive: true }))
  const engine = join(root, "build/qjs-src/usr/src/quickjs-ng")
  mkdirSync(join(root, "scripts/build"), { recursive: true })
  mkdirSync(engine, { recursive: true })
  copyFileSync(SOURCE, join(root, "scripts/build/engine.ts"))
  writeFileSync(join(engine, "a.h"), "enum { A = 1 };\n")
  writeFileSync(join(engine, "a.c"), '#include <assert.h>\n#include "a.h"\nint a(int x) { assert(x > A); return x; }\n')
  const { compileEngine }: typeof import("../../scripts/build/engine.ts") = await import(
    join(root, "scripts/build/engine.ts")
  )
  const compile = async (compiler = "gcc", ...flags: string[]) => (await compileEngine(compiler, flags, ["a"]))[0] ?? ""
  return { engine, compile }
}

test("an object is compiled again if the source, a header, a flag or the compiler changes, and only then", async (t) => {
  const { engine, compile } = await checkout(t, "one")
  const first = await compile()
  const { mtimeMs } = statSync(first)
  assert.equal(await compile(), first)
  assert.equal(statSync(first).mtimeMs, mtimeMs)

  const objects = [first, await compile("gcc", "-O1"), await compile("musl-gcc")]
  writeFileSync(join(engine, "a.h"), "enum { A = 2 };\n")
  objects.push(await compile())
  writeFileSync(join(engine, "a.c"), '#include "a.h"\nint a(int x) { return x > A; }\n')
  objects.push(await compile())
  assert.equal(new Set(objects).size, 5)

  writeFileSync(join(engine, "a.h"), "enum { A = 1 };\n")
  writeFileSync(join(engine, "a.c"), '#include <assert.h>\n#include "a.h"\nint a(int x) { assert(x > A); return x; }\n')
  assert.equal(await compile(), first)
})

test("two directories make the same object, and no path of either is in it", async (t) => {
  const [one, two] = [await checkout(t, "one"), await checkout(t, "another, longer name")]
  const [a, b] = [readFileSync(await one.compile()), readFileSync(await two.compile())]
  assert.ok(a.equals(b))
  assert.ok(a.includes("quickjs-ng/a.c") && !a.includes("cnitap-engine-"))
})
