/**
 * What `cnitap observe` costs the calls and other processes, and what it loses: `npm run bench:observe -- [--json]`. Batches with
 * and without the observer alternate, so that a ratio is of one run.
 */
import { execFileSync } from "node:child_process"
import { copyFileSync, createReadStream, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import type { End } from "../src/capture/record.ts"
import { compiled, double } from "../test/doubles/double.ts"
import { ObservedStand } from "../test/observe/observed-stand.ts"
import { type RatioRow, ratioTable, SYSTEM_CALL_ROWS } from "./ratio-table.ts"
import { type BenchCase, crowd, type Timing, turns } from "./rounds.ts"

const PLUGINS = "/usr/lib/cni"
const BATCHES = 6
const ROUNDS = 300
const [WORKERS, TIMES] = [50, 4]
/** Calls with 64 KiB of output, and how many are made at once. */
const FLOODS = [
  [20, 2_000],
  [100, 10_000],
] as const
const IDLE_MS = 10_000
const TICK_MS = 10

const stand = new ObservedStand()
const swapped = join(stand.root, "swapped")
try {
  setUp()
  const report = await measure()
  console.log(process.argv.includes("--json") ? JSON.stringify(report, null, 2) : table(report))
} finally {
  stand.remove()
}

function setUp(): void {
  copyFileSync(join(PLUGINS, "host-local"), join(stand.bin, "host-local"))
  stand.add("flood", ["drain", "stdout 65536"])
  mkdirSync(join(swapped, ".cnitap/real"), { recursive: true })
  mkdirSync(join(stand.root, "relayed"), { mode: 0o700 })
  copyFileSync(join(PLUGINS, "host-local"), join(swapped, ".cnitap/real/host-local"))
  copyFileSync(join(import.meta.dirname, "../dist/relay-x86_64"), join(swapped, "host-local"))
  writeFileSync(
    join(swapped, ".cnitap/relay.json"),
    JSON.stringify({ format: 1, capture: join(stand.root, "relayed") }),
  )
  double("plugin")
}

type Side = { latency: Timing[]; crowdMs: number; systemCallNs: number[] }
type Flood = { atOnce: number; made: number; recorded: number; marked: number; lost: string }
type Report = { bare: Side[]; observed: Side[]; idlePercent: number; peakMb: number; floods: Flood[] }

async function measure(): Promise<Report> {
  const bare: Side[] = []
  const observed: Side[] = []
  let [idlePercent, peakMb] = [0, 0]
  for (let batch = 0; batch < BATCHES; batch++) {
    bare.push(await side())
    await stand.observe()
    observed.push(await side())
    if (batch === 0) {
      const before = processorMs()
      await sleep(IDLE_MS)
      idlePercent = (100 * (processorMs() - before)) / IDLE_MS
    }
    peakMb = Math.max(peakMb, peakOf())
    await stand.end()
    stand.forget()
  }
  const floods: Flood[] = []
  for (const [atOnce, made] of FLOODS) {
    await stand.observe(["--max-size", "4GiB"])
    const [rounds, file] = [compiled(join(import.meta.dirname, "rounds.c")), join(stand.root, "flood-stdin")]
    writeFileSync(file, "{}")
    const one = ["--case", file, "0", join(stand.bin, "flood"), "CNI_COMMAND=ADD", "CNI_CONTAINERID=c%"]
    // At ordinary priority, like a runtime's plugins.
    execFileSync("setpriv", [
      "--bounding-set",
      "-sys_nice",
      rounds,
      "crowd",
      String(atOnce),
      String(made / atOnce),
      ...one,
    ])
    await sleep(1_000)
    peakMb = Math.max(peakMb, peakOf())
    const { stderr } = await stand.end()
    const lost = stderr.split("\n").slice(1).join(" ").trim()
    floods.push({ atOnce, made, ...(await countEnds(stand.capture)), lost })
    stand.forget()
  }
  return { bare, observed, idlePercent, peakMb, floods }
}

/** Line by line: a capture of ten thousand such calls is longer than a string can be. */
async function countEnds(capture: string): Promise<{ recorded: number; marked: number }> {
  const counts = { recorded: 0, marked: 0 }
  for (const segment of readdirSync(capture))
    for await (const line of createInterface(createReadStream(join(capture, segment)))) {
      if (!line.startsWith('{"format":1,"kind":"end"')) continue
      counts.recorded++
      if ((JSON.parse(line) as End).stdout.truncatedBy === "loss") counts.marked++
    }
  return counts
}

async function side(): Promise<Side> {
  const cases = [callOf(stand.bin, "host-local"), callOf(swapped, "host-local")]
  const pair = ["ADD", "DEL"].map((command) => ({
    ...callOf(stand.bin, "host-local"),
    env: environment(stand.bin, command),
  }))
  return {
    latency: await turns(stand.root, ROUNDS, cases, () => {}),
    crowdMs: await crowd(stand.root, WORKERS, TIMES, pair),
    systemCallNs: execFileSync(compiled(join(import.meta.dirname, "system-calls.c")), { encoding: "utf8" })
      .split(" ")
      .map(Number),
  }
}

function callOf(directory: string, name: string): BenchCase {
  const stdin = JSON.stringify({
    cniVersion: "1.0.0",
    name: "net",
    type: "bridge",
    ipam: { type: "host-local", dataDir: join(stand.root, "leases"), ranges: [[{ subnet: "10.0.0.0/8" }]] },
  })
  return { program: join(directory, name), env: environment(directory, "VERSION"), stdin, descriptors: 0 }
}

function environment(directory: string, command: string): Record<string, string> {
  return {
    CNI_COMMAND: command,
    CNI_CONTAINERID: "c%",
    CNI_NETNS: "/run/netns/c1",
    CNI_IFNAME: "eth0",
    CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-%",
    CNI_PATH: directory,
  }
}

function processorMs(): number {
  const fields = readFileSync(`/proc/${stand.pid}/stat`, "latin1").split(" ")
  return (Number(fields[13]) + Number(fields[14])) * TICK_MS
}

function peakOf(): number {
  return Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${stand.pid}/status`, "latin1"))?.[1]) / 1000
}

/** The best of the batches: others on the machine only ever add. */
function best(sides: readonly Side[], of: (side: Side) => number | undefined): number {
  return Math.min(...sides.map((it) => of(it) ?? Number.POSITIVE_INFINITY))
}

function table({ bare, observed, idlePercent, peakMb, floods }: Report): string {
  const rows: RatioRow<Side>[] = [
    ["a call of host-local, bare", ({ latency }) => latency[0]?.p50Ms, "ms"],
    ["a call of host-local, swap", ({ latency }) => latency[1]?.p50Ms, "ms"],
    [`host-local, ${WORKERS} at once`, ({ crowdMs }) => crowdMs, "ms"],
    ...SYSTEM_CALL_ROWS,
  ]
  const ofTheBest = rows.map(([what, of, unit]): RatioRow<readonly Side[]> => [what, (sides) => best(sides, of), unit])
  return [
    ...ratioTable("", [bare, observed], ofTheBest),
    `the observer: ${idlePercent.toFixed(2)} % of a processor while nothing is called, ${peakMb.toFixed(1)} MB at most`,
    ...floods.map(
      ({ atOnce, made, recorded, marked, lost }) =>
        `64 KiB of output, ${atOnce} at once: ${made} made, ${recorded} recorded, ${marked} of them cut by a loss. ${lost}`,
    ),
  ].join("\n")
}
