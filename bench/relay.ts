/** What the relay and the probes cost, side by side with the plugin alone and with other recorders. `--json` for programs. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { cpus, release } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { compiled } from "../test/doubles/double.ts"
import { RELAY, Stand } from "../test/relay/stand.ts"
import { type Measurement, MILLION, type Recorder, type Report, type Throughput, table, targetsOf } from "./report.ts"
import { type BenchCase, crowd, type Timing, turns } from "./rounds.ts"
import { measureSearches } from "./searches.ts"

const ROUNDS = 2000
const PROBE_ROUNDS = 300
const BATCHES = 10
const WORKERS = 50
/** Number of ADD and DEL pairs of each worker in one batch. */
const TIMES = 4
const PLUGINS = "/usr/lib/cni"
/** About the size of Calico's configuration. */
const CONFIG = JSON.stringify({
  cniVersion: "1.0.0",
  name: "k8s-pod-network",
  type: "calico",
  datastore_type: "kubernetes",
  ipam: { type: "calico-ipam" },
  kubernetes: { kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
  log_file_path: "/var/log/calico/cni/cni.log",
  log_level: "info",
  mtu: 1440,
  nodename: "node-1",
  policy: { type: "k8s" },
})

/** A minimal recorder as a shell script. */
const SHELL_RECORDER = `#!/bin/bash
here=\${0%/*}
{ date +%s.%N; env | grep ^CNI_; } >>$here/calls.log
tee -a $here/calls.log | $here/real/tiny 2> >(tee -a $here/calls.log >&2) | tee -a $here/calls.log
exit \${PIPESTATUS[1]}
`
/** A recorder in Go would have to start as this plugin does, before it starts the plugin. */
const STATIC_CONFIG = JSON.stringify({
  cniVersion: "1.0.0",
  name: "net",
  type: "bridge",
  ipam: { type: "static", addresses: [{ address: "10.1.2.3/24" }] },
})

if (process.getuid?.() !== 0) stop("it makes a network namespace and raises a limit: run it as root")
if (!existsSync(join(PLUGINS, "host-local"))) stop(`${PLUGINS}/host-local is missing: run "npm run setup"`)

const stand = new Stand()
const bare = join(stand.root, "bare")
const floor = join(stand.root, "floor")
const shell = join(stand.root, "shell")
const namespace = await ownNamespace()
try {
  const report = await measure()
  const targets = targetsOf(report)
  console.log(
    process.argv.includes("--json") ? JSON.stringify({ ...report, targets }, null, 2) : table(report, targets),
  )
} finally {
  namespace.kill()
  stand.remove()
}

async function measure(): Promise<Report> {
  setUp()
  const descriptors = mostDescriptors()
  const pair = (name: string, limit = 0) => [bare, stand.bin].map((folder) => addOf(join(folder, name), limit))
  const plugins = await turns(
    stand.root,
    ROUNDS,
    [...pair("tiny"), ...pair("tiny", descriptors), ...pair("loopback")],
    (done) => progress("plugins", done, ROUNDS),
  )
  const probes = await turns(
    stand.root,
    PROBE_ROUNDS,
    [addOf(join(bare, "probe_script.py")), addOf(join(stand.bin, "cni_pre"))],
    (done) => progress("probes", done, PROBE_ROUNDS),
  )
  const recorders = await compareRecorders()
  const relayOf = (stdin: string) => ({ ...addOf(join(stand.bin, "tiny")), stdin })
  const searches = await measureSearches(stand.root, relayOf, (done, all) => progress("searches", done, all))
  progress("streams of 1 GiB", 0, 1)
  const [flood] = await turns(stand.root, 1, [addOf(join(stand.bin, "flood"))], () => {})
  const latency = [
    row("static plugin", plugins, 0),
    row(`the same, ${descriptors} descriptors`, plugins, 2),
    row("loopback", plugins, 4),
  ]
  const probe = row("probe: Python, ours", probes, 0)
  return {
    machine: { cpu: cpus()[0]?.model ?? "", cpus: cpus().length, kernel: release(), descriptors },
    rounds: ROUNDS,
    probeRounds: PROBE_ROUNDS,
    latency,
    probe,
    recorders,
    searches,
    throughput: await throughputs(descriptors),
    // With a plugin smaller than the relay: the kernel reports the maximum of a process and its children.
    peakBytes: Math.max(...[...latency.slice(0, 2), probe].map(({ ours }) => ours.peakBytes)),
    floodPeakBytes: flood?.peakBytes ?? Number.NaN,
    sizeBytes: statSync(RELAY).size,
  }
}

/** Recorders in the place of the same plugin, all in one run: only their ratios mean something. */
async function compareRecorders(): Promise<Recorder[]> {
  const secret = CONFIG.replace('"policy":{', '"policy":{"k8s_auth_token":"eyJhbGciOiJSUzI1NiIsImtpZCI6IiJ9.e30.c2ln",')
  const cases: [what: string, calls: BenchCase][] = [
    ["no recorder", addOf(join(bare, "tiny"))],
    ["the floor: C, two appends", addOf(join(floor, "tiny"))],
    ["the relay", addOf(join(stand.bin, "tiny"))],
    ["the relay, a token in stdin", { ...addOf(join(stand.bin, "tiny")), stdin: secret }],
    ["bash with tee", addOf(join(shell, "tiny"))],
    ["a Go plugin alone: static IPAM", { ...addOf(join(PLUGINS, "static")), stdin: STATIC_CONFIG }],
  ]
  const timings = await turns(
    stand.root,
    ROUNDS / 2,
    cases.map(([, calls]) => calls),
    (done) => progress("recorders", done, ROUNDS / 2),
  )
  return cases.flatMap(([what], at) => {
    const timing = timings[at]
    return timing ? [{ what, timing }] : []
  })
}

function setUp(): void {
  mkdirSync(bare)
  for (const folder of [join(floor, ".floor"), join(shell, "real")]) mkdirSync(folder, { recursive: true })
  stand.add("tiny", ["drain", 'out {"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}]}'])
  for (const name of ["loopback", "host-local"]) copyFileSync(join(PLUGINS, name), join(stand.bin, name))
  for (const name of ["tiny", "tiny.json", "loopback", "host-local"])
    copyFileSync(join(stand.bin, name), join(bare, name))
  stand.add("flood", ["drain", "err token=hunter2\n", `both ${1024 ** 3}`])
  stand.wrap("flood")
  for (const folder of [floor, shell]) copyFileSync(join(bare, "tiny.json"), join(folder, "tiny.json"))
  copyFileSync(join(bare, "tiny"), join(floor, ".floor/tiny"))
  copyFileSync(compiled(join(import.meta.dirname, "floor.c")), join(floor, "tiny"))
  writeFileSync(join(shell, "tiny"), SHELL_RECORDER, { mode: 0o755 })
  for (const name of ["tiny", "tiny.json"]) copyFileSync(join(bare, name), join(shell, "real", name))
  for (const name of ["tiny", "loopback", "host-local"]) stand.wrap(name)
  stand.probe("cni_pre")
  stand.configure({ logFile: join(stand.root, "cni.log") })
  copyFileSync(join(import.meta.dirname, "probe_script.py"), join(bare, "probe_script.py"))
  chmodSync(join(bare, "probe_script.py"), 0o755)
}

function addOf(program: string, descriptors = 0): BenchCase {
  return { program, env: environment("ADD", "c1"), stdin: CONFIG, descriptors }
}

function environment(command: string, container: string): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: container,
    CNI_NETNS: `/proc/${namespace.pid}/ns/net`,
    CNI_IFNAME: "lo",
    CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=c1",
    CNI_PATH: stand.bin,
    PATH: "/usr/bin:/bin",
  }
}

/** Alternating batches of calls without and with the relay, each with the default limit of descriptors and a raised one. */
async function throughputs(descriptors: number): Promise<Throughput[]> {
  const kinds = [
    { what: "host-local", limit: 0 },
    { what: `the same, ${descriptors} descriptors`, limit: descriptors },
  ].map((kind) => ({ ...kind, bareMs: [] as number[], wrappedMs: [] as number[] }))
  const calls = WORKERS * TIMES * 2
  for (let batch = 0; batch < BATCHES; batch++) {
    for (const { limit, bareMs, wrappedMs } of kinds) {
      const inBare = async () => bareMs.push(await crowd(stand.root, WORKERS, TIMES, hostLocal(bare, limit)))
      const inOurs = async () => wrappedMs.push(await crowd(stand.root, WORKERS, TIMES, hostLocal(stand.bin, limit)))
      for (const turn of batch % 2 === 0 ? [inBare, inOurs] : [inOurs, inBare]) await turn()
    }
    progress(`host-local, ${WORKERS} at once`, batch + 1, BATCHES)
  }
  return kinds.map(({ what, bareMs, wrappedMs }) => ({
    what,
    atOnce: WORKERS,
    calls: calls * BATCHES,
    bareCallsPerS: (calls * BATCHES * 1000) / sum(bareMs),
    wrappedCallsPerS: (calls * BATCHES * 1000) / sum(wrappedMs),
    share: sum(bareMs) / sum(wrappedMs),
  }))
}

function hostLocal(folder: string, descriptors: number): BenchCase[] {
  const ipam = { type: "host-local", dataDir: join(stand.root, "leases"), ranges: [[{ subnet: "10.0.0.0/16" }]] }
  const stdin = JSON.stringify({ cniVersion: "1.0.0", name: "bench", type: "bridge", ipam })
  const program = join(folder, "host-local")
  return ["ADD", "DEL"].map((command) => ({ program, env: environment(command, "c%"), stdin, descriptors }))
}

function row(what: string, timings: readonly Timing[], at: number): Measurement {
  const [first, second] = timings.slice(at, at + 2)
  if (!first || !second) throw new Error(`no timings of ${what}`)
  return { what, bare: first, ours: second }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** A million if root may raise its limit so far, otherwise what this machine allows. */
function mostDescriptors(): number {
  try {
    execFileSync("prlimit", [`--nofile=${MILLION}:${MILLION}`, "true"], { stdio: "ignore" })
    return MILLION
  } catch {
    const limit = /^Max open files +\d+ +(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1]
    return Number(limit)
  }
}

/** loopback changes its network namespace, which must not be this machine's. */
async function ownNamespace(): Promise<ChildProcess> {
  const child = spawn("unshare", ["--net", "sleep", "infinity"], { stdio: "ignore" })
  const ours = readlinkSync("/proc/self/ns/net")
  for (let tries = 0; tries < 500; tries++) {
    await sleep(10)
    if (child.exitCode !== null) break
    if (readlinkSync(`/proc/${child.pid}/ns/net`) !== ours) return child
  }
  return stop("this machine does not let it make a network namespace")
}

function progress(what: string, done: number, all: number): void {
  if (!process.stderr.isTTY) return
  const percent = Math.floor((done / all) * 100)
  process.stderr.write(`\r\u001b[Kbench: ${what} ${percent} %${done >= all ? "\r\u001b[K" : ""}`)
}

function stop(why: string): never {
  console.error(`bench: ${why}`)
  process.exit(1)
}
