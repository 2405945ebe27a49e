import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { RUNTIMES } from "../../../../src/install/detect/runtimes/find-runtimes.ts"

const SRC = join(import.meta.dirname, "../../../../src")

/** Quoted names of runtimes, and comparisons of a runtime's name, as `file: text`. */
function mentions(directory: string, except: string): string[] {
  const names = RUNTIMES.map(({ name }) => name).join("|")
  const pattern = new RegExp(`["'\`](?:${names})["'\`]|\\bruntime\\??\\.name\\s*[!=]==?`, "g")
  return readdirSync(join(SRC, directory), { recursive: true, encoding: "utf8" })
    .filter((path) => /\.tsx?$/.test(path) && !path.startsWith(except))
    .flatMap((path) =>
      [...readFileSync(join(SRC, directory, path), "utf8").matchAll(pattern)].map(([text]) => `${path}: ${text}`),
    )
}

test("only a runtime's own detector decides by its name, and one table by its process; other code uses its behaviour", () => {
  assert.deepEqual(mentions("", "install/detect/runtimes/"), ['cni/final-result.ts: "cri-dockerd"'])
})

test("the pattern finds every detector", () => {
  const files = mentions("install/detect/runtimes", "-").map((text) => text.replace(/:.*/, ""))
  assert.deepEqual([...new Set(files)].sort(), ["containerd.ts", "cri-dockerd.ts", "crio.ts", "podman.ts"])
})
