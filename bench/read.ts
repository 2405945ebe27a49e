/**
 * Reading a large capture, ours against jq, ripgrep with jq, and DuckDB, in one run over the same files:
 * `npm run bench:read -- [--calls N] [--capture DIRECTORY] [--json]`. Every tool answers the same questions. If jq would
 * need a program for a complete answer, it computes less and the table says so. The page cache is warm for all tools.
 */
import { spawn, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { cpus, tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { isSegmentName, SEGMENT_INTERVAL_MS } from "../src/capture/segment-name.ts"
import { generate } from "./generate.ts"

const CNITAP = join(import.meta.dirname, "../dist/cnitap.js")
const { values } = parseArgs({
  options: { calls: { type: "string", default: "1000000" }, capture: { type: "string" }, json: { type: "boolean" } },
})

type Measured = {
  tool: string
  question: string
  wallMs: number
  cpuMs: number
  peakMb: number
  lines: number
  note: string
}

const root = mkdtempSync(join(tmpdir(), "cnitap-bench-"))
process.once("exit", () => rmSync(root, { recursive: true, force: true }))
process.once("SIGINT", () => process.exit(130))
const capture = values.capture ?? generated(join(root, "capture"))
const segments = readdirSync(capture).filter(isSegmentName)
const files = segments.map((name) => join(capture, name))
const sizeBytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
// Read once, so that no tool waits for the disk.
for (const file of files) readFileSync(file)
const duck = duckDb()
const id = anId()
const address = anAddress()
const results: Measured[] = []

/** Each failed call of the plugin: begin and end lines joined by their id. */
const JQ_JOIN = `reduce inputs as $r ({}; if $r.kind == "begin" then (if $r.plugin == "calico-ipam" then .[$r.id] = 1 else . end) elif .[$r.id] == 1 then (if $r.exit.code != 0 then .[$r.id] = 2 else del(.[$r.id]) end) else . end) | to_entries[] | select(.value == 2) | .key`

const glob = join(capture, "calls-*.jsonl")
const table = (columns: string) => `read_json('${glob}', format='newline_delimited', columns={${columns}})`
const BEGINS = table(
  "kind:'VARCHAR', id:'VARCHAR', plugin:'VARCHAR', env:'STRUCT(CNI_COMMAND VARCHAR, CNI_CONTAINERID VARCHAR)'",
)
const ENDS = table(`kind:'VARCHAR', id:'VARCHAR', "durationMs":'DOUBLE', exit:'STRUCT(code BIGINT)'`)

await ask("ls failed plugin=calico-ipam", {
  "cnitap, no index": () => ours(false, "ls", "failed", "and", "plugin=calico-ipam", "-o", "name"),
  "cnitap, index": () => ours(true, "ls", "failed", "and", "plugin=calico-ipam", "-o", "name"),
  "jq, ends alone": () =>
    run("jq", ["-r", 'select(.kind == "end" and .exit.code != 0) | .id', ...files], "no plugin, no operation"),
  "jq, joined": () => run("jq", ["-n", "-r", JQ_JOIN, ...files], "no operation"),
  "rg + jq, ends alone": () =>
    shell(
      `rg -N --no-filename '"exit":\\{"(code":[1-9]|signal|errno)' ${quoted(files)} | jq -r .id`,
      "no plugin, no operation",
    ),
  duckdb: () =>
    ducks(
      `SELECT b.id FROM ${BEGINS} b JOIN ${ENDS} e USING (id) WHERE b.kind='begin' AND e.kind='end' AND b.plugin='calico-ipam' AND e.exit.code<>0`,
      "no operation",
    ),
})
await ask("stats", {
  "cnitap, no index": () => ours(false, "stats"),
  "cnitap, index": () => ours(true, "stats"),
  "jq, fields alone": () =>
    run("jq", ["-c", "[.id, .plugin, .env.CNI_COMMAND, .durationMs]", ...files], "nothing counted"),
  duckdb: () =>
    ducks(
      `SELECT b.plugin, b.env.CNI_COMMAND, count(*), quantile_cont(e."durationMs", [0.5, 0.95, 0.99]) FROM ${BEGINS} b JOIN ${ENDS} e USING (id) WHERE b.kind='begin' AND e.kind='end' GROUP BY ALL`,
      "no histogram, nothing in flight",
    ),
})
await ask("show ID", {
  "cnitap, no index": () => ours(false, "show", id),
  "cnitap, index": () => ours(true, "show", id),
  jq: () => run("jq", ["-c", `select(.id == "${id}")`, ...files], "two lines, no tree"),
  "rg + jq": () => shell(`rg -N --no-filename -F '"id":"${id}"' ${quoted(files)} | jq .`, "two lines, no tree"),
  duckdb: () => ducks(`SELECT * FROM ${BEGINS} WHERE id='${id}'`, "one line, no tree"),
})
await ask("ledger", {
  "cnitap, no index": () => ours(false, "ledger", "-o", "name"),
  "cnitap, index": () => ours(true, "ledger", "-o", "name"),
  "jq, fields alone": () =>
    run("jq", ["-r", "[.env.CNI_COMMAND, .env.CNI_CONTAINERID, .plugin] | @tsv", ...files], "nothing compared"),
  duckdb: () =>
    ducks(
      `SELECT DISTINCT env.CNI_CONTAINERID FROM ${BEGINS} WHERE env.CNI_COMMAND='ADD' AND env.CNI_CONTAINERID NOT IN (SELECT env.CNI_CONTAINERID FROM ${BEGINS} WHERE env.CNI_COMMAND='DEL')`,
      "failed DELs and addresses not looked at",
    ),
})
await ask("who-owns IP", {
  "cnitap, index": () => ours(true, "who-owns", address, "-o", "name"),
  "jq, lines alone": () =>
    run("jq", ["-c", `select(.stdout.text // "" | contains("${address}/")) | .id`, ...files], "no DEL"),
  "rg + jq": () => shell(`rg -N --no-filename -F '${address}/' ${quoted(files)} | jq -r .id`, "no DEL"),
})
await ask("ls ip=IP", {
  "cnitap, index": () => ours(true, "ls", `ip=${address}`, "-o", "name"),
  "rg + jq": () =>
    shell(`rg -N --no-filename -F '${address}/' ${quoted(files)} | jq -r .id`, "lines instead of operations"),
})
report()

async function ask(
  question: string,
  tools: Record<string, () => Promise<Omit<Measured, "tool" | "question"> | undefined>>,
): Promise<void> {
  for (const [tool, measure] of Object.entries(tools)) {
    process.stderr.write(`${question}: ${tool} ... `)
    const measured = await measure()
    process.stderr.write(measured ? `${(measured.wallMs / 1000).toFixed(2)} s\n` : "not there\n")
    if (measured) results.push({ tool, question, ...measured })
  }
}

function ours(isIndexed: boolean, ...args: string[]) {
  if (!isIndexed) for (const name of readdirSync(capture)) if (name.endsWith(".index")) rmSync(join(capture, name))
  return run(process.execPath, [CNITAP, ...args, "--capture", capture], "")
}

function ducks(sql: string, note: string) {
  return duck ? run(process.execPath, [duck, sql], note) : Promise.resolve(undefined)
}

function shell(command: string, note: string) {
  return run("sh", ["-c", command], note)
}

/** Time and memory of a process itself (without a shell's children); undefined if the tool is not installed. */
function run(file: string, args: string[], note: string): Promise<Omit<Measured, "tool" | "question"> | undefined> {
  const startMs = performance.now()
  const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"] })
  let [lines, peakMb, cpuMs, stderr] = [0, 0, 0, ""]
  child.stdout.on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 10) lines++
  })
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk)
  })
  const look = () => {
    try {
      peakMb =
        Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "latin1"))?.[1] ?? 0) / 1024 || peakMb
      const stat = readFileSync(`/proc/${child.pid}/stat`, "latin1")
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
      cpuMs = 10 * (Number(fields[11]) + Number(fields[12])) || cpuMs
    } catch {
      // It ended between two samples.
    }
  }
  const timer = setInterval(look, 20)
  return new Promise((resolve) => {
    child.once("error", () => {
      clearInterval(timer)
      resolve(undefined)
    })
    child.once("close", (code) => {
      clearInterval(timer)
      if (code !== 0 && !(code === 1 && args.includes("ledger")))
        process.stderr.write(`(exit ${code}: ${stderr.slice(0, 200)}) `)
      resolve({ wallMs: performance.now() - startMs, cpuMs, peakMb, lines, note })
    })
  })
}

/** Installs DuckDB, an npm package that contains its library, into a temporary folder. */
function duckDb(): string | undefined {
  const folder = join(root, "duckdb")
  mkdirSync(folder)
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}')
  const { status } = spawnSync("npm", ["install", "--no-audit", "--no-fund", "@duckdb/node-api@1.5.6-r.1"], {
    cwd: folder,
  })
  if (status !== 0 || !existsSync(join(folder, "node_modules/@duckdb"))) {
    console.log("DuckDB could not be installed: not compared.")
    return undefined
  }
  const script = join(folder, "query.js")
  writeFileSync(
    script,
    `import { DuckDBInstance } from "@duckdb/node-api"
const connection = await (await DuckDBInstance.create()).connect()
const rows = (await connection.runAndReadAll(process.argv[2])).getRowsJson()
for (const row of rows) console.log(JSON.stringify(row))
`,
  )
  return script
}

function generated(directory: string): string {
  process.stderr.write(`generating ${values.calls} calls ... `)
  const { calls, sizeBytes } = generate(
    directory,
    Number(values.calls),
    Math.floor(Date.now() / SEGMENT_INTERVAL_MS - 2) * SEGMENT_INTERVAL_MS,
    48,
  )
  process.stderr.write(`${calls} calls, ${(sizeBytes / 1e9).toFixed(2)} GB\n`)
  return directory
}

/** The ID of an ADD in the middle. */
function anId(): string {
  const file = files[Math.floor(files.length / 2)] ?? ""
  const [, found = ""] =
    /"kind":"begin","id":"([0-9a-f]{16})","depth":0/.exec(readFileSync(file, "latin1").slice(0, 1e6)) ?? []
  return found
}

/** An address from the middle. */
function anAddress(): string {
  const file = files[Math.floor(files.length / 2)] ?? ""
  const [, found = ""] = /\\"address\\":\\"([0-9.]+)/.exec(readFileSync(file, "latin1").slice(0, 1e6)) ?? []
  return found
}

function quoted(paths: string[]): string {
  return paths.map((path) => `'${path}'`).join(" ")
}

function report(): void {
  const of = (question: string, tool: string) => results.find((one) => one.question === question && one.tool === tool)
  const questions = [...new Set(results.map(({ question }) => question))]
  const ratios = questions.map((question) => {
    const [scan, jq] = [
      of(question, "cnitap, no index"),
      results.find((one) => one.question === question && one.tool.startsWith("jq")),
    ]
    return { question, scanAgainstJq: scan && jq ? jq.wallMs / scan.wallMs : undefined }
  })
  const setting = {
    calls: Number(values.calls),
    sizeBytes,
    segments: segments.length,
    cpu: cpus()[0]?.model,
    processors: cpus().length,
  }
  if (values.json) {
    console.log(JSON.stringify({ setting, results, ratios }, null, 2))
    return
  }
  console.log(
    `${(sizeBytes / 1e9).toFixed(2)} GB in ${segments.length} segments; ${cpus().length} processors, ${setting.cpu}`,
  )
  console.table(
    results.map(({ question, tool, wallMs, cpuMs, peakMb, lines, note }) => ({
      question,
      tool,
      "wall s": Number((wallMs / 1000).toFixed(2)),
      "cpu s": Number((cpuMs / 1000).toFixed(2)),
      "peak MB": Math.round(peakMb),
      lines,
      note,
    })),
  )
  for (const { question, scanAgainstJq } of ratios)
    if (scanAgainstJq) console.log(`${question}: without an index ${scanAgainstJq.toFixed(1)} times jq`)
}
