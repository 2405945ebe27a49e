/**
 * What short commands cost beside the smallest program of Node.js, `node -e 0`: processor time (user and system) of runs
 * that alternate, so that whatever else the machine does meets all of them: `npm run bench:startup -- [--runs N] [--json]`.
 * The aim is at most 1.5 times `node -e 0` for --version and for `ls` over a hundred calls.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { SEGMENT_INTERVAL_MS } from "../src/capture/segment-name.ts"
import { generate } from "./generate.ts"

const CNITAP = join(import.meta.dirname, "../dist/cnitap.js")
const CALLS = 100
const AIM = 1.5
const { values } = parseArgs({ options: { runs: { type: "string", default: "40" }, json: { type: "boolean" } } })

const root = mkdtempSync(join(tmpdir(), "cnitap-startup-"))
process.once("exit", () => rmSync(root, { recursive: true, force: true }))

const indexed = captureOfHour("past", -2)
const commands: [what: string, args: string[], isAim?: true][] = [
  ["node -e 0", ["-e", "0"]],
  ["cnitap --version", [CNITAP, "--version"], true],
  ["cnitap ls, a past hour", [CNITAP, "ls", "--capture", indexed], true],
  ["cnitap ls, this hour", [CNITAP, "ls", "--capture", captureOfHour("current", 0)]],
  ["completion of a flag", [CNITAP, "__complete", "cnitap ls --pl"]],
  ["cnitap help ls", [CNITAP, "help", "ls"]],
]
const runs = commands.map((): number[] => [])
// The first runs read files from the disk, and leave an index beside the past hour.
for (const [, args] of commands) cpuMs(args)
for (let round = 0; round < Number(values.runs); round++)
  for (const at of commands.keys()) {
    const turn = (at + round) % commands.length
    runs[turn]?.push(cpuMs(commands[turn]?.[1] ?? []))
  }

const [bare] = runs.map(summary)
const results = commands.map(([what, , isAim], at) => {
  const { minMs, medianMs } = summary(runs[at] ?? [])
  const ratios = { minRatio: ratio(minMs, bare?.minMs), medianRatio: ratio(medianMs, bare?.medianMs) }
  return { what, minMs, medianMs, ...ratios, ...(isAim ? { isReached: ratios.medianRatio <= AIM } : {}) }
})
if (values.json) console.log(JSON.stringify({ runs: Number(values.runs), aim: AIM, results }, null, 2))
else console.table(results)

/** User and system time of a process. Node.js reports its own only; the shell's `time` has milliseconds. */
function cpuMs(args: readonly string[]): number {
  const { stderr } = spawnSync(
    "bash",
    ["-c", 'TIMEFORMAT="%U %S"; time "$@" > /dev/null', "bash", process.execPath, ...args],
    { encoding: "utf8", env: { PATH: process.env.PATH, LANG: "C" } },
  )
  const [, user, system] = /^([\d.]+) ([\d.]+)$/m.exec(stderr) ?? []
  if (user === undefined) throw new Error(`no time of ${args.join(" ")}: ${stderr}`)
  return 1000 * (Number(user) + Number(system))
}

function summary(times: readonly number[]): { minMs: number; medianMs: number } {
  const sorted = times.toSorted((a, b) => a - b)
  return { minMs: Math.round(sorted[0] ?? 0), medianMs: Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0) }
}

function ratio(ms: number, bareMs = 1): number {
  return Number((ms / bareMs).toFixed(2))
}

/** A capture of one segment. A past hour's index is stored; that of the current hour is built each time. */
function captureOfHour(name: string, hours: number): string {
  const directory = join(root, name)
  const hourMs = (Math.floor(Date.now() / SEGMENT_INTERVAL_MS) + hours) * SEGMENT_INTERVAL_MS
  generate(directory, CALLS, hourMs + SEGMENT_INTERVAL_MS / 2, 0.3)
  const { length } = readdirSync(directory)
  if (length !== 1) throw new Error(`${length} segments, not one`)
  return directory
}
