/**
 * The node executable beside the same command line on Node.js: wall time, processor time and peak memory of runs that
 * alternate: `npm run bench:node -- [--runs N] [--json]`. The aims: --version in at most a fifth of Node.js' time, `ls` over
 * 2,000 calls in at most 64 MB, install no slower, at most 6 MB on disk.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { Node } from "../test/install/node.ts"
import { generate } from "./generate.ts"

const CALLS = 2_000
const SIDES = [
  { side: "Node.js", command: [process.execPath, join(import.meta.dirname, "../dist/cnitap.js")] },
  { side: "executable", command: [join(import.meta.dirname, "../dist/cnitap-linux-amd64")] },
] as const
const { values } = parseArgs({ options: { runs: { type: "string", default: "10" }, json: { type: "boolean" } } })

/** Node.js does not report the memory of a child; wait4(2) does. */
const MEASURE = `
import os,sys,time
start=time.monotonic()
pid=os.fork()
if pid==0:
  os.dup2(os.open("/dev/null",os.O_WRONLY),1)
  os.execv(sys.argv[1],sys.argv[1:])
_,status,usage=os.wait4(pid,0)
print((time.monotonic()-start)*1000,(usage.ru_utime+usage.ru_stime)*1000,usage.ru_maxrss/1000,os.waitstatus_to_exitcode(status))
`

const root = mkdtempSync(join(tmpdir(), "cnitap-bench-"))
const node = new Node()
process.once("exit", () => {
  rmSync(root, { recursive: true, force: true })
  node.remove()
})
for (const name of ["bridge", "host-local", "portmap"]) node.plugin(name)
node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }])
const capture = join(root, "capture")
generate(capture, CALLS, Date.now() - 3 * 3_600_000, 8)
const fresh = join(root, "fresh")
const onNode = ["--bin-dir", node.bin, "--conf-dir", node.at(node.confDir)]

/** `before`: what is not measured. */
const commands: { what: string; args: string[]; before?: () => void }[] = [
  { what: "--version", args: ["--version"] },
  { what: "help ls", args: ["help", "ls"] },
  { what: "ls, no index yet", args: ["ls", "--capture", fresh], before: copyCapture },
  { what: "ls", args: ["ls", "--capture", capture] },
  { what: "explain", args: ["explain", "--capture", capture] },
  { what: "lint", args: ["lint", "--capture", capture] },
  { what: "install", args: ["install", ...onNode, "--capture", join(root, "recorded")] },
  { what: "uninstall", args: ["uninstall", ...onNode] },
]

type Measured = { wallMs: number; cpuMs: number; peakMb: number }

const rows = new Map<string, Measured[]>()
for (let round = 0; round <= Number(values.runs); round++)
  for (const { side, command } of round % 2 === 0 ? SIDES : SIDES.toReversed())
    for (const { what, args, before } of commands) {
      before?.()
      const measured = measure([...command, ...args])
      // The first round reads files from the disk and leaves indexes.
      if (round > 0) rows.set(`${what}/${side}`, [...(rows.get(`${what}/${side}`) ?? []), measured])
    }

const results = commands.flatMap(({ what }) =>
  SIDES.map(({ side }) => {
    const runs = rows.get(`${what}/${side}`) ?? []
    const median = (key: keyof Measured) => {
      const sorted = runs.map((run) => run[key]).sort((a, b) => a - b)
      return Number((sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1))
    }
    return { what, side, wallMs: median("wallMs"), cpuMs: median("cpuMs"), peakMb: median("peakMb") }
  }),
)
const sizeMb = Number((statSync(SIDES[1].command[0]).size / 1e6).toFixed(2))
if (values.json) console.log(JSON.stringify({ runs: Number(values.runs), calls: CALLS, sizeMb, results }, null, 2))
else {
  console.table(results)
  console.log(`${sizeMb} MB`)
}

function copyCapture(): void {
  rmSync(fresh, { recursive: true, force: true })
  cpSync(capture, fresh, { recursive: true, filter: (path) => path === capture || path.endsWith(".jsonl") })
}

function measure(command: readonly string[]): Measured {
  const { stdout, stderr } = spawnSync("python3", ["-c", MEASURE, ...command], { encoding: "utf8" })
  const [wallMs, cpuMs, peakMb, status] = stdout.split(" ").map(Number)
  if (status !== 0 && status !== 1) throw new Error(`${command.join(" ")}: ${stderr}`)
  return { wallMs: wallMs ?? 0, cpuMs: cpuMs ?? 0, peakMb: peakMb ?? 0 }
}
