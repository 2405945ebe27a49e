import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { cnitap, type Ran } from "./cnitap.ts"
import { containerOf, writeCalls } from "./written-capture.ts"

/** Debian's plugin; its store is below the root of a node of the test's own. */
const HOST_LOCAL = "/usr/lib/cni/host-local"
const START_MS = Date.UTC(2026, 2, 1, 6)
const NODE = "n1"

let root: string

before(() => {
  root = mkdtempSync(join(tmpdir(), "cnitap-ledger-"))
  for (const directory of ["run/netns", "var/lib/cni/networks", "proc/1"])
    mkdirSync(join(root, directory), { recursive: true })
  // As on most distributions; followed by this machine's rules, it would lead out of the node.
  symlinkSync("/run", join(root, "var/run"))
})
after(() => rmSync(root, { recursive: true, force: true }))

const store = (network: string) => join(root, "var/lib/cni/networks", network)

function hostLocal(command: "ADD" | "DEL", pod: string, network: string, subnet = "10.93.0.0/24"): object {
  const ipam = { type: "host-local", dataDir: join(root, "var/lib/cni/networks"), ranges: [[{ subnet }]] }
  const stdout = execFileSync(HOST_LOCAL, {
    input: JSON.stringify({ cniVersion: "1.0.0", name: network, type: "bridge", ipam }),
    env: {
      CNI_COMMAND: command,
      CNI_CONTAINERID: containerOf(pod),
      CNI_NETNS: "/any",
      CNI_IFNAME: "eth0",
      CNI_PATH: "/usr/lib/cni",
    },
    encoding: "utf8",
  })
  return command === "ADD" ? (JSON.parse(stdout) as object) : {}
}

/** host-local assigns an address, and its ADD is recorded. Returns nothing that the capture does not have. */
function added(pod: string, at: number, network = "pods", subnet?: string): void {
  const stdout = hostLocal("ADD", pod, network, subnet)
  const netns = `/var/run/netns/cni-${pod}`
  const call = { node: NODE, pod, network, netns, stdout, plugin: "host-local" }
  writeCalls(join(root, "capture"), [{ ...call, id: `a${pod}`.padEnd(16, "0"), wallMs: START_MS + at }])
}

const COLUMNS = "custom-columns=STATE:.state,POD:.pod.name,IPS:.ips[*],REASON:.reason,RELEASE:.release"

function run(...args: string[]): Promise<Ran> {
  return cnitap([...args, "--root", root, "--capture", "/capture", "-o", COLUMNS, "--no-headers"])
}

/** The node's mount table, in which these namespaces are mounted; undefined: it cannot be read. */
function mountNamespaces(pods: readonly string[] | undefined): void {
  const line = (pod: string) => `61 25 0:4 net:[4026532${pod.length}] /run/netns/cni-${pod} rw shared:20 - nsfs nsfs rw`
  const path = join(root, "proc/1/mountinfo")
  if (pods) writeFileSync(path, `25 1 0:22 / /run rw - tmpfs tmpfs rw\n${pods.map(line).join("\n")}\n`)
  else rmSync(path)
}

function lines({ stdout }: Ran): string[] {
  return stdout
    .split("\n")
    .filter(Boolean)
    .map((line) => line.trim().replace(/ {2,}/g, " | "))
}

test("what the node's own store says decides what is leaked, and the command that is printed releases it", async () => {
  for (const [at, pod] of ["web-1", "web-2", "web-3", "web-4"].entries()) added(pod, at * 1000)
  for (const pod of ["web-1", "web-4"]) writeFileSync(join(root, `run/netns/cni-${pod}`), "")
  mountNamespaces(["web-1"])
  // A DEL while nothing was recorded.
  hostLocal("DEL", "web-2", "pods")
  const leaked = (pod: string, ip: string, why: string) =>
    `leaked | ${pod} | ${ip} | no DEL recorded; its network namespace is ${why} | rm /var/lib/cni/networks/pods/${ip}`
  const all = await run("ledger")
  assert.deepEqual(lines(all), [
    "up | web-1 | 10.93.0.2 | in use | <none>",
    leaked("web-3", "10.93.0.4", "gone"),
    leaked("web-4", "10.93.0.5", "stale"),
  ])
  assert.deepEqual([all.stderr, all.code], ["", 1])
  const leaks = await run("ledger", "--leaks")
  assert.deepEqual(lines(leaks), lines(all).slice(1))
  assert.deepEqual(lines(await run("who-owns", "10.93.0.3")), [
    "gone | web-2 | 10.93.0.3 | no DEL recorded, but host-local no longer reserves its address | <none>",
  ])

  for (const line of lines(leaks))
    execFileSync("sh", ["-c", (line.split(" | ").at(-1) ?? "").replace("/var", `${root}/var`)])
  assert.deepEqual(
    readdirSync(store("pods")).filter((name) => /^\d/.test(name)),
    ["10.93.0.2"],
  )
  const after = await run("ledger", "--leaks")
  assert.deepEqual([after.stdout, after.stderr, after.code], ["", "nothing was left behind\n", 0])
})

test("without the node's mount table, a namespace whose file exists is not judged", async () => {
  added("api-1", 10_000, "api", "10.94.0.0/24")
  added("api-2", 11_000, "api", "10.94.0.0/24")
  writeFileSync(join(root, "run/netns/cni-api-1"), "")
  mountNamespaces(undefined)
  const ledger = lines(await run("ledger")).filter((line) => line.includes("api-"))
  assert.deepEqual(ledger, [
    "up | api-1 | 10.94.0.2 | in use | <none>",
    "leaked | api-2 | 10.94.0.3 | no DEL recorded; its network namespace is gone | rm /var/lib/cni/networks/api/10.94.0.3",
  ])
})

test("two networks with one subnet: both holders of an address are named", async () => {
  added("b-1", 20_000, "crio", "10.95.0.0/24")
  added("b-2", 21_000, "build", "10.95.0.0/24")
  for (const pod of ["b-1", "b-2"]) writeFileSync(join(root, `run/netns/cni-${pod}`), "")
  mountNamespaces(["b-1", "b-2"])
  const { stdout } = await cnitap(["who-owns", "10.95.0.2", "--root", root, "--capture", "/capture", "-o", "json"])
  const { items } = JSON.parse(stdout) as { items: { state: string; warning: string }[] }
  assert.deepEqual(
    items.map(({ state, warning }) => `${state}: ${warning}`),
    ["up: 10.95.0.2 is also held by shop/b-2 (network build)", "up: 10.95.0.2 is also held by shop/b-1 (network crio)"],
  )
})
