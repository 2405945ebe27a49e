/**
 * Writes a capture as a busy node would: `node --import tsx bench/generate.ts DIRECTORY [CALLS]`. Three networks
 * (Calico with its IPAM, flannel over bridge, Multus over Calico and macvlan), two hundred pods alive at a time, one
 * ADD in fifty that fails, one call in two thousand that never ends. The same CALLS give the same bytes, but for the time.
 */
import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from "node:fs"
import { join } from "node:path"
import { encode } from "../src/capture/codec.ts"
import type { Begin, CaptureRecord, End, Payload } from "../src/capture/record.ts"
import { segmentName } from "../src/relay/segment.ts"
import { checksum } from "../src/store/checksum.ts"
import { Random } from "../test/capture/random.ts"
import { CHAINS, type Chain, configOf, type Plugin, resultOf } from "./payloads.ts"

export const HOUR_MS = 3_600_000
const PODS_ALIVE = 200
const SEED = 20_260_921

export type Generated = { calls: number; sizeBytes: number; segments: number }

/** Fills an empty directory. `endMs`: when the last call begins; `hours`: how long the whole lasts. */
export function generate(directory: string, wantedCalls: number, endMs: number, hours: number): Generated {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const writer = new SegmentWriter(directory)
  const node = new BusyNode(new Random(SEED))
  const startMs = endMs - hours * HOUR_MS
  // Nearly four calls an operation.
  const stepMs = (hours * HOUR_MS) / (wantedCalls / 4.1)
  for (let wallMs = startMs; node.calls < wantedCalls; wallMs += stepMs * node.random.pick([0.1, 0.5, 1, 1, 2.4])) {
    node.operation(wallMs)
    writer.writeUntil(node.lines, wallMs)
  }
  writer.writeUntil(node.lines, Number.POSITIVE_INFINITY)
  writer.close()
  return { calls: node.calls, sizeBytes: writer.sizeBytes, segments: readdirSync(directory).length }
}

type Pod = { name: string; namespace: string; uid: string; id: string; ip: string; chain: Chain; sandbox: number }
type Line = { wallMs: number; record: CaptureRecord }
type Told = Pick<End, "exit" | "stdout" | "stderr">

/** Makes pods and takes them away. */
class BusyNode {
  readonly random: Random
  readonly lines: Line[] = []
  calls = 0
  readonly #alive: Pod[] = []
  #pods = 0
  #pid = 1000

  constructor(random: Random) {
    this.random = random
  }

  operation(wallMs: number): void {
    const { random } = this
    if (random.below(40) === 0) this.#status(wallMs)
    else if (this.#alive.length > 0 && random.below(300) === 0) this.#run("CHECK", random.pick(this.#alive), wallMs)
    else if (this.#alive.length > random.below(2 * PODS_ALIVE)) {
      const [pod] = this.#alive.splice(random.below(this.#alive.length), 1)
      if (pod) this.#run("DEL", pod, wallMs)
    } else this.#add(this.#pod(), wallMs)
  }

  #add(pod: Pod, wallMs: number): void {
    if (this.random.below(50) > 0) {
      this.#run("ADD", pod, wallMs)
      this.#alive.push(pod)
      return
    }
    const endMs = this.#run("ADD", pod, wallMs, true)
    this.#run("DEL", pod, endMs + 20)
  }

  #status(wallMs: number): void {
    let at = wallMs
    for (const plugin of CHAINS[0]?.plugins ?? [])
      at = this.#call("STATUS", undefined, plugin, at, 900, undefined).endMs + 0.4
  }

  /** The list as libcni runs it; returns when it was over. */
  #run(command: string, pod: Pod, wallMs: number, fails = false): number {
    const ppid = this.#pid++
    const plugins = command === "DEL" ? pod.chain.plugins.toReversed() : pod.chain.plugins
    let at = wallMs
    for (const plugin of plugins) {
      const { endMs, isFailed } = this.#call(command, pod, plugin, at, ppid, undefined, fails)
      at = endMs + 0.4 + this.random.below(200) / 1000
      if (isFailed) break
    }
    return at
  }

  #call(
    command: string,
    pod: Pod | undefined,
    plugin: Plugin,
    wallMs: number,
    ppid: number,
    parent: Begin | undefined,
    fails = false,
  ): { endMs: number; isFailed: boolean } {
    const { random } = this
    const begin = this.#begin(command, pod, plugin, wallMs, ppid, parent)
    let at = wallMs + 1 + random.below(4000) / 1000
    let isFailed = fails && plugin.delegates === undefined
    for (const delegate of (command !== "STATUS" && plugin.delegates) || []) {
      const nested = this.#call(command, pod, delegate, at, begin.pid, begin, fails)
      at = nested.endMs + random.below(3000) / 1000
      isFailed ||= nested.isFailed
    }
    at += random.below(100) === 0 ? 400 + random.below(4000) : random.below(12_000) / 1000
    this.#line(begin)
    if (random.below(2000) === 0) return { endMs: at, isFailed: true }
    this.#line(this.#end(begin, at, told(command, pod, plugin, isFailed)))
    return { endMs: at, isFailed }
  }

  #begin(
    command: string,
    pod: Pod | undefined,
    plugin: Plugin,
    wallMs: number,
    ppid: number,
    parent: Begin | undefined,
  ): Begin {
    this.calls++
    const path = `/opt/cni/bin/${plugin.type}`
    return {
      format: 1,
      kind: "begin",
      id: this.#hex(16),
      ...(parent ? { parent: parent.id } : {}),
      depth: parent ? parent.depth + 1 : 0,
      as: "relay",
      wallMs: micro(wallMs),
      monoMs: micro(wallMs - BOOT_MS),
      node: "worker-17",
      pid: this.#pid++ % 4_194_304,
      ppid,
      parentName: parent ? parent.plugin : "containerd",
      plugin: plugin.type,
      path,
      argv: [path],
      env: {
        CNI_COMMAND: command,
        ...(pod
          ? {
              CNI_CONTAINERID: pod.id,
              CNI_NETNS: `/var/run/netns/cni-${pod.uid}`,
              CNI_IFNAME: plugin.ifname ?? "eth0",
              CNI_ARGS: `K8S_POD_INFRA_CONTAINER_ID=${pod.id};K8S_POD_UID=${pod.uid};IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name}`,
            }
          : {}),
        CNI_PATH: "/opt/cni/bin",
      },
      envNames: ENV_NAMES,
      original: { sizeBytes: 4_121_984, modifiedMs: 1_788_000_000_000 },
      stdin: payload(configOf(plugin, command, pod?.ip, pod?.uid), plugin.redacted),
    }
  }

  #end(begin: Begin, wallMs: number, { exit, stdout, stderr }: Told): End {
    return {
      format: 1,
      kind: "end",
      id: begin.id,
      wallMs: micro(wallMs),
      monoMs: micro(wallMs - BOOT_MS),
      durationMs: micro(wallMs - begin.wallMs),
      spawnMs: micro(0.3 + this.random.below(400) / 1000),
      exit,
      usage: { maxRssBytes: 12_582_912 + 4096 * this.random.below(2000), userMs: 3.1, systemMs: 2.2 },
      stdout,
      stderr,
    }
  }

  #line(record: CaptureRecord): void {
    const { lines } = this
    // Nearly in order already: a call's lines come some milliseconds after those of others.
    let at = lines.length
    while (at > 0 && (lines[at - 1]?.wallMs ?? 0) > record.wallMs) at--
    lines.splice(at, 0, { wallMs: record.wallMs, record })
  }

  #pod(): Pod {
    const { random } = this
    const number = this.#pods++
    const app = random.pick(["web", "cart", "orders", "search", "etl-nightly", "ci-runner"])
    return {
      namespace: random.pick(["shop", "shop", "search", "batch", "ci", "kube-system"]),
      name: `${app}-${this.#hex(10)}-${this.#hex(5)}`,
      uid: `${this.#hex(8)}-${this.#hex(4)}-4${this.#hex(3)}-a${this.#hex(3)}-${this.#hex(12)}`,
      id: this.#hex(64),
      ip: `10.${244 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`,
      chain: random.pick(CHAINS),
      sandbox: 0,
    }
  }

  #hex(digits: number): string {
    let text = ""
    while (text.length < digits)
      text += this.random
        .below(2 ** 32)
        .toString(16)
        .padStart(8, "0")
    return text.slice(0, digits)
  }
}

const BOOT_MS = 1_700_000_000_000
const ENV_NAMES = "PATH HOME LANG INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID NOTIFY_SOCKET GOTRACEBACK".split(" ")

function told(command: string, pod: Pod | undefined, plugin: Plugin, isFailed: boolean): Told {
  if (isFailed) {
    const msg = `failed to allocate for range 0: no IP addresses available in range set: 10.244.0.1-10.244.255.254`
    return {
      exit: { code: 1 },
      stdout: payload(JSON.stringify({ cniVersion: "1.0.0", code: 11, msg, details: "" }, null, 4)),
      stderr: payload(`time="2026-09-21T03:00:00Z" level=error msg="${msg}" container=${pod?.id}\n`),
    }
  }
  return {
    exit: { code: 0 },
    stdout: payload(command === "ADD" && pod ? resultOf(plugin, pod.ip, pod.uid) : ""),
    stderr: payload(plugin.log === undefined || !pod ? "" : plugin.log(pod.id)),
  }
}

function payload(text: string, redacted?: string[]): Payload {
  return { sizeBytes: Buffer.byteLength(text), ...(redacted ? { redacted } : {}), text }
}

function micro(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

const BUFFER_BYTES = 8 * 1024 * 1024

/** Lines in the order of their time, each in the segment of its hour. */
class SegmentWriter {
  readonly #directory: string
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #used = 0
  #name = ""
  #file: number | undefined
  sizeBytes = 0

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Takes the lines that nothing later can come before. */
  writeUntil(lines: Line[], wallMs: number): void {
    let count = 0
    for (const line of lines) {
      if (line.wallMs >= wallMs) break
      this.#write(line.record)
      count++
    }
    lines.splice(0, count)
  }

  close(): void {
    this.#flush()
    if (this.#file !== undefined) closeSync(this.#file)
  }

  #write(record: CaptureRecord): void {
    const name = segmentName(record.wallMs)
    if (name !== this.#name) {
      this.close()
      this.#name = name
      this.#file = openSync(join(this.#directory, name), "ax", 0o600)
    }
    const text = encode(record, checksum)
    if (this.#used + 4 * text.length > BUFFER_BYTES) this.#flush()
    this.#used += this.#buffer.write(text, this.#used)
  }

  #flush(): void {
    if (this.#file === undefined || this.#used === 0) return
    writeSync(this.#file, this.#buffer, 0, this.#used)
    this.sizeBytes += this.#used
    this.#used = 0
  }
}

if (process.argv[1] === import.meta.filename) {
  const [directory, calls = "1000000"] = process.argv.slice(2)
  if (directory === undefined) throw new Error("usage: generate.ts DIRECTORY [CALLS]")
  const endMs = Math.floor(Date.now() / HOUR_MS - 2) * HOUR_MS
  const { sizeBytes, segments, ...made } = generate(directory, Number(calls), endMs, 48)
  console.log(`${made.calls} calls, ${(sizeBytes / 1e9).toFixed(2)} GB in ${segments} segments in ${directory}`)
}
