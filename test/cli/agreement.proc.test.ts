import assert from "node:assert/strict"
import { mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { Command } from "commander"
import { VERB_GROUPS } from "../../src/cli/verbs.ts"
import { EXIT_STATUSES } from "../../src/fault/exit-status.ts"
import { plainNode } from "../install/plan/planned.ts"
import { inProcess } from "./in-process.ts"
import { writeCalls } from "./written-capture.ts"

const START_MS = Date.UTC(2026, 2, 1, 6)
const RESULT = { cniVersion: "1.0.0", ips: [{ address: "10.1.0.5/24" }] }

/** A node with plugins, a list, a capture in /capture, and bundles and configuration files of a person. */
async function makeRoot(t: { after(fn: () => void): void }): Promise<{ root: string; bundle: string }> {
  const { root } = plainNode(t)
  writeCalls(join(root, "capture"), [
    { id: "0a".repeat(8), pod: "web-1", wallMs: START_MS, durationMs: 30, stdout: RESULT },
    { id: "0b".repeat(8), pod: "web-1", plugin: "portmap", wallMs: START_MS + 40, error: "no iptables" },
    { id: "0c".repeat(8), pod: "web-2", wallMs: START_MS + 1000, stderr: "a warning" },
  ])
  writeCalls(join(root, "other"), [{ id: "0d".repeat(8), pod: "web-9", wallMs: START_MS, plugin: "calico" }])
  mkdirSync(join(root, "empty"))
  writeFileSync(join(root, "bad.conflist"), '{"cniVersion":"1.0.0","name":"pods","plugins":[{"type":"a/b"}]}')
  const bundle = join(root, "other.cnitap")
  assert.equal((await run("export", "bundle", "--capture", join(root, "other"), "--out", bundle)).status, 0)
  return { root, bundle }
}

async function run(...args: string[]): Promise<{ status: number; text: string }> {
  const { code, stdout, stderr } = await inProcess(args, () => START_MS + 3_600_000)
  return { status: code, text: stdout + stderr }
}

/** What a verb must be given; `{root}` and `{bundle}` are replaced. Paths of the node are below the root. */
const ARGUMENTS: Readonly<Record<string, string>> = {
  plan: "--root {root}",
  install: "--root {root} --dry-run",
  // In Node.js it is refused: it needs the node executable, whose tests have it.
  observe: "--root {root}",
  status: "--root {root}",
  uninstall: "--root {root}",
  doctor: "--root {root}",
  ls: "--root {root} --capture /capture",
  show: "0a0a --root {root} --capture /capture",
  tail: "--root {root} --capture /capture",
  ps: "--root {root} --capture /capture",
  stats: "--root {root} --capture /capture",
  explain: "web-1 --root {root} --capture /capture",
  diff: "web-1 --root {root} --capture /capture",
  lint: "--root {root} --capture /capture",
  ledger: "--root {root} --capture /capture",
  "who-owns": "10.1.0.5 --root {root} --capture /capture",
  decode: "eyJhIjoxfQ==",
  export: "jsonl --root {root} --capture /capture",
}

/** They run until they are interrupted, and have tests of their own. */
const ENDLESS = ["watch", "serve"]
const LASTING = ["ps --watch", "install --stay"]

/** A use of each flag. Flags of the arguments above are used by every other use. */
const USES: Readonly<Record<string, string>> = {
  "--bin-dir": "/opt/cni/bin",
  "--conf-dir": "/etc/cni/net.d",
  "--shim-dir": "/opt/shims",
  "--mode": "path",
  "--plugins": "bridge",
  "--log-file": "/var/log/cni.log --mode chain",
  "--for": "1h",
  "--sample": "1/2",
  "--max-size": "10MiB",
  "--only-failures": "",
  "--raw": "",
  "--force": "",
  "--dry-run": "",
  "--diff": "",
  "--purge": "",
  "--execute": "",
  "--from": "{bundle}",
  "--capture": "/var/lib/cnitap",
  "--namespace": "shop",
  "--all-namespaces": "",
  "--pod": "web-1",
  "--command": "ADD",
  "--plugin": "portmap",
  "--failed": "",
  "--since": "2h",
  "--until": "now",
  "--slower-than": "1ms",
  "--filter": "duration>0ms",
  "--output": "json",
  "--no-headers": "",
  "--last": "1",
  "--sort-by": "duration",
  "--brief": "",
  "--stdin": "",
  "--stdout": "",
  "--stderr": "",
  "--all": "",
  "--slowest": "1",
  "--errors": "",
  "--leaks": "",
  "--volatile": "",
  "--out": "-",
  "--color": "never",
  "--no-pager": "",
}

/** Uses that end with another status than the verb without the flag. */
const OTHER_STATUS: Readonly<Record<string, number>> = {
  // Path mode is refused where the runtime's plugin path is not known.
  "plan --mode": 0,
  // Only an install that stays can delete the capture at its end.
  "install --purge": 2,
  // A list without an end is not a JSON document.
  "observe --output": 2,
}

/** On a capture that grows they follow it; a bundle does not grow. */
const FOLLOWING: Readonly<Record<string, string>> = {
  "tail --follow": "--from {bundle} --follow",
  "tail --watch": "--from {bundle} --watch",
  "ls --watch": "--from {bundle} --watch",
}

test("every documented flag of every verb is understood, and changes no exit status by itself", async (t) => {
  const { root, bundle } = await makeRoot(t)
  const words = (text: string) =>
    text
      .replaceAll("{root}", root)
      .replaceAll("{bundle}", bundle)
      .split(" ")
      .filter((word) => word !== "")
  const usuals: Record<string, number> = {}
  const missing: string[] = []
  const unequal: object[] = []
  for (const { name, load } of VERB_GROUPS.flatMap(({ verbs }) => verbs)) {
    if (ENDLESS.includes(name)) continue
    const base = [name, ...words(ARGUMENTS[name] ?? "")]
    const { status: usual } = await run(...base)
    usuals[name] = usual
    const command = new Command(name)
    ;(await load()).define(command)
    const flags = [...command.options.map(({ long }) => long ?? ""), "--color"]
    for (const flag of flags) {
      const key = `${name} ${flag}`
      if (base.includes(flag) || LASTING.includes(key)) continue
      const use = FOLLOWING[key] ?? (USES[flag] === undefined ? undefined : `${flag} ${USES[flag]}`)
      if (use === undefined) {
        missing.push(key)
        continue
      }
      const args = FOLLOWING[key] ? [name, ...words(use)] : [...base, ...words(use)]
      const { status, text } = await run(...args)
      const expected = OTHER_STATUS[key] ?? (FOLLOWING[key] ? 0 : usual)
      if (status !== expected) unequal.push({ args: args.join(" "), status, expected, text: text.slice(0, 300) })
    }
  }
  assert.deepEqual(
    Object.entries(usuals).filter(([name, status]) => status !== 0 && name !== "uninstall"),
    [
      ["observe", 5],
      ["status", 6],
      ["lint", 1],
      ["ledger", 1],
      ["doctor", 1],
    ],
  )
  assert.deepEqual(missing, [], "flags without a use in this test")
  assert.deepEqual(unequal, [])
})

test("the exit statuses are those that `help exit-codes` lists", async (t) => {
  const { root } = await makeRoot(t)
  const capture = join(root, "capture")
  const cases: [status: number, ...args: string[]][] = [
    [0, "ls", "--capture", capture],
    [0, "ls", "--capture", join(root, "empty")],
    [1, "diff", capture, join(root, "other")],
    [1, "lint", join(root, "bad.conflist")],
    [1, "doctor", "--root", root],
    [1, "ledger", "--root", root, "--capture", "/capture"],
    [1, "who-owns", "10.9.9.9", "--capture", capture],
    [2, "ls", "--since", "lunch"],
    [2, "ls", "plugin=", "--capture", capture],
    [2, "show", "0", "--capture", capture],
    [2, "lss"],
    [3, "ls", "--capture", join(root, "nowhere")],
    [3, "ls", "--from", join(root, "bad.conflist")],
    [3, "lint", join(root, "nowhere.conflist")],
    [3, "plan", "--root", root, "--bin-dir", "/nowhere"],
    [3, "export", "jsonl", "--capture", capture, "--out", join(root, "nowhere/calls.jsonl")],
    [5, "export", "jsonl", "--capture", capture, "--out", join(root, "bad.conflist")],
    [6, "show", "nobody", "--capture", capture],
    [6, "explain", "nobody", "--capture", capture],
    [6, "diff", "node/nowhere", "web-1", "--capture", capture],
    [6, "export", "repro", "nobody", "--capture", capture],
    [6, "status", "--root", root],
    [0, "install", "--root", root],
    [0, "status", "--root", root],
  ]
  const seen = new Set<number>()
  const verbsOf1 = new Set(["status"])
  for (const [expected, ...args] of cases) {
    const { status, text } = await run(...args)
    assert.deepEqual(
      { args: args.join(" "), status, text: status === expected ? "" : text },
      { args: args.join(" "), status: expected, text: "" },
    )
    seen.add(status)
    if (status === 1) verbsOf1.add(args[0] ?? "")
  }
  rmSync(join(root, "opt/cni/bin/bridge"))
  assert.equal((await run("status", "--root", root)).status, 1)
  assert.equal((await run("uninstall", "--root", root)).status, 0)
  const [, meaning = ""] = EXIT_STATUSES.find(({ status }) => status === 1)?.meaning.split(": ") ?? []
  assert.deepEqual(
    meaning
      .split(", ")
      .map((part) => part.split(" ")[0])
      .sort(),
    [...verbsOf1].sort(),
  )
  // Of the others: mistakes.proc.test.ts denies permission, terminal.proc.test.ts interrupts, test/cluster has a cluster that
  // fails; 70 is a bug by definition.
  const others = [4, 7, 8, 70, 130]
  assert.deepEqual(
    EXIT_STATUSES.map(({ status }) => status).filter((status) => !others.includes(status)),
    [...seen].sort((a, b) => a - b),
  )
})
