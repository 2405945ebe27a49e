/**
 * How soon a follower shows a call: a writer appends 1,000 calls a second as relays do, `cnitap tail -f -o jsonl` reads
 * them, and the time from a call's end line to its line from tail is measured. `npm run bench:follow [-- --json]`.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { parseArgs } from "node:util"
import { encode } from "../src/capture/encode.ts"
import type { Begin, End } from "../src/capture/record.ts"
import { segmentName } from "../src/capture/segment-name.ts"
import { checksum } from "../src/store/capture/checksum.ts"
import { CHAINS, configOf, resultText } from "./payloads.ts"

const CNITAP = join(import.meta.dirname, "../dist/cnitap.js")
const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    seconds: { type: "string", default: "10" },
    json: { type: "boolean" },
  },
})
const rate = Number(values.rate)
const directory = mkdtempSync(join(tmpdir(), "cnitap-follow-"))
process.once("exit", () => rmSync(directory, { recursive: true, force: true }))

const POD = { number: 258, uid: "00a58597-4f1c-4c0e-a001-3b6ae4d1c2f7", netns: "/var/run/netns/cni-00a58597" }

/** Appends both lines of a call, each with one write, as a relay does. */
class Writer {
  /** when a call's end line was written, by performance.now() */
  readonly written = new Map<string, number>()
  readonly #file: number
  readonly #plugin = CHAINS[0]?.plugins[0]

  constructor(directory: string) {
    this.#file = openSync(join(directory, segmentName(Date.now())), "ax", 0o600)
  }

  call(id: string): void {
    if (!this.#plugin) throw new RangeError("no plugin")
    const wallMs = Date.now()
    const monoMs = performance.now()
    const stdin = configOf(this.#plugin, "ADD", undefined)
    const delegates = (this.#plugin.delegates ?? []).map(({ result }) =>
      result(POD, { given: undefined, delegates: [] }),
    )
    const stdout = resultText(this.#plugin.result(POD, { given: undefined, delegates }))
    const begin: Begin = {
      format: 1,
      kind: "begin",
      id,
      depth: 0,
      as: "relay",
      wallMs,
      monoMs,
      node: "worker-17",
      pid: 100,
      ppid: 99,
      parentName: "containerd",
      plugin: "calico",
      path: "/opt/cni/bin/calico",
      argv: ["/opt/cni/bin/calico"],
      env: { CNI_COMMAND: "ADD", CNI_CONTAINERID: id.repeat(4), CNI_IFNAME: "eth0" },
      envNames: ["PATH"],
      stdin: { sizeBytes: stdin.length, text: stdin },
    }
    const end: End = {
      format: 1,
      kind: "end",
      id,
      wallMs,
      monoMs,
      durationMs: 1,
      spawnMs: 0.3,
      exit: { code: 0 },
      usage: { maxRssBytes: 4096, userMs: 1, systemMs: 1 },
      stdout: { sizeBytes: stdout.length, text: stdout },
      stderr: { sizeBytes: 0, text: "" },
    }
    writeSync(this.#file, encode(begin, checksum))
    writeSync(this.#file, encode(end, checksum))
    this.written.set(id, performance.now())
  }

  close(): void {
    closeSync(this.#file)
  }
}

const writer = new Writer(directory)
writer.call("warm")
const follower = spawn(process.execPath, [CNITAP, "tail", "-f", "--last", "0", "-o", "jsonl", "--capture", directory], {
  stdio: ["ignore", "pipe", "inherit"],
})
const latencies: number[] = []
createInterface({ input: follower.stdout }).on("line", (line) => {
  const writtenMs = writer.written.get((JSON.parse(line) as { id: string }).id)
  if (writtenMs !== undefined) latencies.push(performance.now() - writtenMs)
})
await sleep(2000)
const calls = rate * Number(values.seconds)
const startMs = performance.now()
for (let made = 0; made < calls; ) {
  const due = Math.min(calls, Math.floor(((performance.now() - startMs) / 1000) * rate))
  while (made < due) writer.call((made++).toString(16).padStart(16, "0"))
  await sleep(1)
}
await sleep(1000)
await end(follower)
writer.close()
const sorted = latencies.sort((a, b) => a - b)
const at = (share: number) =>
  Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1))
const result = {
  rate,
  written: calls,
  shown: sorted.length,
  p50Ms: at(0.5),
  p95Ms: at(0.95),
  p99Ms: at(0.99),
  maxMs: at(1),
}
if (values.json) console.log(JSON.stringify(result, null, 2))
else console.table([result])

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once("exit", () => resolve())
    child.kill("SIGINT")
  })
}
