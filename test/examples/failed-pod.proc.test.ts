import assert from "node:assert/strict"
import { readFileSync, statSync } from "node:fs"
import { hostname, userInfo } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { gunzipSync } from "node:zlib"
import { cnitap, run } from "../cli/cnitap.ts"

const root = join(import.meta.dirname, "../..")
const bundle = "examples/failed-pod.cnitap"

/** The commands of examples/README.md with the output that it shows for each. */
const transcripts = [
  ...readFileSync(join(root, "examples/README.md"), "utf8").matchAll(/^```console\n\$ cnitap (.+)\n([\s\S]*?)^```/gm),
].map(([, command = "", output = ""]) => ({ command, output }))

test("the page of examples shows ls, explain, show, diff and who-owns", () => {
  assert.deepEqual(
    transcripts.map(({ command }) => command.split(" ")[0]),
    ["ls", "explain", "show", "diff", "who-owns"],
  )
})

for (const { command, output } of transcripts) {
  test(`the page of examples shows what is printed: cnitap ${command}`, async () => {
    const { stdout, stderr } = await cnitap([...command.split(" "), "--from", bundle], { cwd: root })
    assert.deepEqual([withoutAges(stdout), stderr], [withoutAges(output), ""])
  })
}

test("npm run example explains the failed pod", async () => {
  const { stdout, stderr, code } = await run(join(root, "scripts/examples/example.sh"), [])
  const explained = transcripts.find(({ command }) => command === "explain shop/web-2")
  assert.deepEqual([withoutAges(stdout), stderr, code], [withoutAges(explained?.output ?? ""), "", 0])
})

test("the example is small, and names neither the machine that made it nor a directory of it", () => {
  const text = gunzipSync(readFileSync(join(root, bundle))).toString()
  const values = (pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, value]) => value))].sort()
  assert.deepEqual(values(/"node":"([^"]*)"/g), ["worker-1"])
  assert.deepEqual(values(/"(\/[^"/]*\/[^"/]*)[^"]*"/g), ["/opt/cni", "/opt/cnitap", "/var/run"])
  assert.deepEqual(
    [hostname(), root, userInfo().homedir].filter((name) => text.includes(`"${name}`)),
    [],
  )
  assert.ok(statSync(join(root, bundle)).size < 200_000)
})

/** The page's alias names the bundle. How long ago a call was grows by the day, and with it the column that it is in. */
function withoutAges(text: string): string {
  return text
    .replaceAll(` --from ${bundle}`, "")
    .replace(/\b(?!\d+ms)\d+(?:m\d+s|h\d+m|d\d+h|[smhd])(?= {2,}| ago)/g, "AGE")
    .replace(/ {2,}/g, "  ")
}
