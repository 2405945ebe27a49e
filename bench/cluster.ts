/**
 * `kubectl cnitap` over a large cluster: `npm run bench:cluster -- [--nodes N] [--calls N]`. kubectl is a shell script that
 * prints what a node with that many calls printed before, so that what is measured is ours: starting kubectl for every
 * node, merging, and memory. What one node does is measured apart, once.
 */
import { spawn, spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { VERSION } from "../src/cli/version.ts"
import { labelsOf } from "../src/cluster/names.ts"
import { generate } from "./generate.ts"

const CNITAP = join(import.meta.dirname, "../dist/cnitap.js")
const { values } = parseArgs({
  options: { nodes: { type: "string", default: "1000" }, calls: { type: "string", default: "1000" } },
})
const nodes = Number(values.nodes)
const calls = Number(values.calls)

const root = mkdtempSync(join(tmpdir(), "cnitap-bench-"))
process.once("exit", () => rmSync(root, { recursive: true, force: true }))
process.once("SIGINT", () => process.exit(130))
const capture = join(root, "capture")
generate(capture, calls, Date.now(), 2)
mkdirSync(join(root, "bin"))
symlinkSync(CNITAP, join(root, "bin/kubectl-cnitap"))

/** What a node is asked for each verb, and what of its command line says so. */
const ANSWERS: readonly { verb: string[]; node: string[]; pattern: string }[] = [
  { verb: ["explain"], node: ["ls", "outcome!=ok", "--last", "1", "--brief", "-o", "jsonl"], pattern: "* ls *--last*" },
  { verb: ["ls"], node: ["ls", "--brief", "-o", "jsonl"], pattern: "* ls *" },
  { verb: ["tail", "--last", "50"], node: ["tail", "--last", "50", "-o", "jsonl"], pattern: "* tail *" },
  { verb: ["ledger"], node: ["ledger", "-o", "jsonl"], pattern: "* ledger *" },
  { verb: ["stats"], node: ["export", "bundle"], pattern: "* export *" },
]
const perNode = ANSWERS.map(({ node }, at) => {
  const startMs = performance.now()
  const { stdout } = spawnSync(process.execPath, [CNITAP, ...node, "--capture", capture], { maxBuffer: 1 << 30 })
  writeFileSync(join(root, `answer-${at}`), stdout)
  return { ms: performance.now() - startMs, bytes: stdout.length }
})
const explained = spawnSync(process.execPath, [CNITAP, "explain", "--capture", capture])
writeFileSync(join(root, "explained"), explained.stdout)
writeFileSync(join(root, "pods.json"), JSON.stringify({ kind: "List", items: Array.from({ length: nodes }, podOf) }))
writeFileSync(
  join(root, "bin/kubectl"),
  [
    "#!/bin/sh",
    'case "$*" in',
    `*"get pods"*) exec cat '${root}/pods.json' ;;`,
    `*" explain "*) exec cat '${root}/explained' ;;`,
    ...ANSWERS.map(({ pattern }, at) => `${pattern.replace(/[^*]+/g, '"$&"')}) exec cat '${root}/answer-${at}' ;;`),
    "esac",
    "",
  ].join("\n"),
  { mode: 0o755 },
)

console.log(`${nodes} nodes of ${calls} calls`)
for (const [at, { verb }] of ANSWERS.entries()) {
  const { wallMs, peakMb, lines, code } = await measure(verb)
  console.table({
    [verb.join(" ")]: {
      seconds: Number((wallMs / 1000).toFixed(1)),
      "peak MB": Math.round(peakMb),
      lines,
      exit: code,
      "one node, ms": Math.round(perNode[at]?.ms ?? 0),
      "one node, kB": Math.round((perNode[at]?.bytes ?? 0) / 1024),
    },
  })
}

function podOf(_: unknown, at: number) {
  const metadata = { name: `cnitap-node-${at}`, labels: labelsOf("recorder", VERSION) }
  const status = { phase: "Running", containerStatuses: [{ state: { running: {} } }] }
  return { metadata, spec: { nodeName: `node-${at}` }, status }
}

/** Our own process; kubectl is the script. */
function measure(
  verb: readonly string[],
): Promise<{ wallMs: number; peakMb: number; lines: number; code: number | null }> {
  const startMs = performance.now()
  const child = spawn(process.execPath, [join(root, "bin/kubectl-cnitap"), ...verb], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PATH: `${join(root, "bin")}:${process.env.PATH}`, TMPDIR: root },
  })
  let [lines, peakMb] = [0, 0]
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, "latin1")
      peakMb = Math.max(peakMb, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
    } catch {
      // It has just ended.
    }
  }, 50)
  child.stdout.on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++
  })
  return new Promise((resolve) =>
    child.on("close", (code) => {
      clearInterval(timer)
      resolve({ wallMs: performance.now() - startMs, peakMb, lines, code })
    }),
  )
}
