import assert from "node:assert/strict"
import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { setTimeout as sleep } from "node:timers/promises"
import { detect } from "../../../src/install/detect/detect.ts"
import { runProgram } from "../../../src/install/disk/run-program.ts"
import { containerd1 } from "../../node/containerd.ts"
import { type PrivateNode, startNode } from "../../node/private-node.ts"

const GOOD = list({})

function list(more: object): string {
  return JSON.stringify({ cniVersion: "1.0.0", name: "good", plugins: [{ type: "bridge" }], ...more })
}

/** Files of the configuration directory; containerd itself decides whether it has a network with them. */
const cases: [string, Record<string, string>][] = [
  ["a list", { "10.conflist": GOOD }],
  ["a single plugin", { "10.conf": '{"type":"bridge","name":"x","cniVersion":"0.4.0"}' }],
  ["a single plugin without a name or a version", { "10.json": '{"type":"bridge"}' }],
  ["an unknown extension", { "10.conflist.bak": GOOD }],
  ["a hidden list", { ".10.conflist": GOOD }],
  ["an empty file first", { "05.conflist": "", "10.conflist": GOOD }],
  ["an empty file behind", { "10.conflist": GOOD, "20.conflist": "" }],
  ["half a file first", { "05.conflist": GOOD.slice(0, 40), "10.conflist": GOOD }],
  ["a list in a .conf", { "10.conf": GOOD }],
  ["a single plugin in a .conflist", { "10.conflist": '{"type":"bridge","name":"x","cniVersion":"0.4.0"}' }],
  ["JSON that is no object", { "10.conflist": "[]" }],
  ["null", { "10.conflist": "null" }],
  ["no name", { "10.conflist": list({ name: undefined }) }],
  ["an empty name", { "10.conflist": list({ name: "" }) }],
  ["a name that is a number", { "10.conflist": list({ name: 5 }) }],
  ["a version that is a number", { "10.conflist": list({ cniVersion: 1 }) }],
  ["no version", { "10.conflist": list({ cniVersion: undefined }) }],
  ["an unreleased version", { "10.conflist": list({ cniVersion: "9.9.9" }) }],
  ["plugins that are no list", { "10.conflist": list({ plugins: {} }) }],
  ["no plugins", { "10.conflist": list({ plugins: [] }) }],
  ["no key plugins", { "10.conflist": list({ plugins: undefined }) }],
  ["a plugin without a type", { "10.conflist": list({ plugins: [{ type: "bridge" }, { name: "x" }] }) }],
  ["a plugin whose type is a number", { "10.conflist": list({ plugins: [{ type: 1 }] }) }],
  ["a plugin that is no object", { "10.conflist": list({ plugins: ["bridge"] }) }],
  ["ipam that is a text", { "10.conflist": list({ plugins: [{ type: "bridge", ipam: "host-local" }] }) }],
  ["ipam null", { "10.conflist": list({ plugins: [{ type: "bridge", ipam: null }] }) }],
  ["ipam whose type is a number", { "10.conflist": list({ plugins: [{ type: "bridge", ipam: { type: 1 } }] }) }],
  [
    "capabilities that are texts",
    { "10.conflist": list({ plugins: [{ type: "bridge", capabilities: { a: "yes" } }] }) },
  ],
  ["disableCheck as text", { "10.conflist": list({ disableCheck: "TRUE" }) }],
  ["disableCheck as nonsense", { "10.conflist": list({ disableCheck: "maybe" }) }],
  ["two documents", { "10.conflist": `${GOOD}{}` }],
  ["a comment", { "10.conflist": `// no\n${GOOD}` }],
  ["a byte order mark", { "10.conflist": `\ufeff${GOOD}` }],
  ["duplicate keys, the last one counts", { "10.conflist": GOOD.replace("{", '{"name":5,') }],
  ["keys in capitals", { "10.conf": '{"TYPE":"bridge","Name":"x"}' }],
]

let node: PrivateNode
before(async () => {
  node = await startNode(containerd1, { plugins: ["bridge", "loopback"], conf: {} })
})
after(() => node.remove())

for (const [name, files] of cases) {
  test(`${name}: detect has a network exactly when containerd has one`, async () => {
    fill({})
    for (const [file, text] of Object.entries(files)) writeFileSync(join(node.confDir, file), text)
    const found = detect("/", runProgram, { confDir: node.confDir, binDirs: [node.binDir] })
    const expected = found.networks.some(({ isActive }) => isActive)
    // Start from the opposite state, so that the next status is containerd's reaction to these files.
    fill(expected ? {} : { "10.conflist": GOOD })
    assert.equal(await ready(!expected), !expected)
    fill(files)
    assert.equal(await ready(expected), expected, found.networks.map(({ broken }) => broken).join("; "))
  })
}

/** Renames the files into place: containerd reacts to writes and renames, not to the creation of a file. */
function fill(files: Record<string, string>): void {
  const staged = Object.entries(files).map(([file, text]) => {
    writeFileSync(join(node.confDir, `${file}.new`), text)
    return file
  })
  for (const file of readdirSync(node.confDir)) if (!file.endsWith(".new")) rmSync(join(node.confDir, file))
  for (const file of staged) renameSync(join(node.confDir, `${file}.new`), join(node.confDir, file))
}

/** The network status of containerd, after waiting for the expected one. */
async function ready(wanted: boolean): Promise<boolean> {
  for (let tries = 0; ; tries++) {
    const conditions = await node.cri.status()
    const isReady = conditions.find(({ type }) => type === "NetworkReady")?.status === true
    if (isReady === wanted || tries === 200) return isReady
    await sleep(50)
  }
}
