/**
 * Writes a capture as a busy node would: `node --import tsx bench/generate.ts DIRECTORY [CALLS]`. Three networks
 * (Calico with its IPAM, flannel over bridge, Multus over Calico and macvlan), two hundred pods alive at a time, one
 * ADD in fifty that fails, one call in two thousand that never ends. Everything else conforms to the specification: `lint`
 * finds nothing else. The same CALLS give the same bytes, except for times.
 */
import { mkdirSync, readdirSync } from "node:fs"
import type { Begin, CaptureRecord, End, Payload } from "../src/capture/record.ts"
import { SEGMENT_INTERVAL_MS } from "../src/capture/segment-name.ts"
import { Random } from "../test/capture/random.ts"
import { CHAINS, type Chain, configOf, type ListPlugin, type PluginResult, resultText } from "./payloads.ts"
import { SegmentWriter, type TimedRecord } from "./segment-writer.ts"

const PODS_ALIVE = 200
const SEED = 20_260_921

export type Generated = { calls: number; sizeBytes: number; segments: number }

/** Fills an empty directory. `endMs`: when the last call begins; `hours`: how long the whole lasts. */
export function generate(directory: string, wantedCalls: number, endMs: number, hours: number): Generated {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const writer = new SegmentWriter(directory)
  const node = new BusyNode(new Random(SEED))
  const startMs = endMs - hours * SEGMENT_INTERVAL_MS
  // Nearly four calls per operation.
  const stepMs = (hours * SEGMENT_INTERVAL_MS) / (wantedCalls / 4.1)
  for (let wallMs = startMs; node.calls < wantedCalls; wallMs += stepMs * node.random.pick([0.1, 0.5, 1, 1, 2.4])) {
    node.operation(wallMs)
    writer.writeUntil(node.lines, wallMs)
  }
  writer.writeUntil(node.lines, Number.POSITIVE_INFINITY)
  writer.close()
  return { calls: node.calls, sizeBytes: writer.sizeBytes, segments: readdirSync(directory).length }
}

/** `results`: by network, the result of its list's ADD, as libcni caches it. */
type LivePod = {
  name: string
  namespace: string
  uid: string
  id: string
  netns: string
  number: number
  chain: Chain
  results: Map<string, PluginResult>
}
type EndFields = Pick<End, "exit" | "stdout" | "stderr">
/** How a call or a list of them ended; `result`: of an ADD. */
type Ending = { endMs: number; outcome: "ok" | "failed" | "never"; result: PluginResult | undefined }
/** The properties of a call, besides its command. */
type CallOptions = { given: PluginResult | undefined; ppid: number; parent?: Begin; fails: boolean }

/** Creates pods and deletes them. */
export class BusyNode {
  readonly random: Random
  readonly lines: TimedRecord[] = []
  calls = 0
  readonly #alive: LivePod[] = []
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
      if (pod) this.#delete(pod, wallMs)
    } else this.#add(this.#pod(), wallMs)
  }

  #add(pod: LivePod, wallMs: number): void {
    const { endMs, outcome } = this.#run("ADD", pod, wallMs, this.random.below(50) === 0)
    if (outcome === "ok") this.#alive.push(pod)
    else {
      pod.results.clear()
      this.#delete(pod, endMs + 20)
    }
  }

  /** Until it succeeds, as kubelet does. */
  #delete(pod: LivePod, wallMs: number): void {
    const { endMs, outcome } = this.#run("DEL", pod, wallMs)
    if (outcome !== "ok") this.#delete(pod, endMs + 1000)
  }

  #status(wallMs: number): void {
    let at = wallMs
    for (const plugin of CHAINS[0]?.plugins ?? []) {
      const { endMs, outcome } = this.#call("STATUS", undefined, plugin, at, {
        given: undefined,
        ppid: 900,
        fails: false,
      })
      if (outcome !== "ok") break
      at = endMs + 0.4
    }
  }

  /** The list as libcni runs it. */
  #run(command: string, pod: LivePod, wallMs: number, fails = false): Ending {
    const ppid = this.#pid++
    const { network, plugins } = pod.chain
    let last: Ending = { endMs: wallMs, outcome: "ok", result: undefined }
    for (const plugin of command === "DEL" ? plugins.toReversed() : plugins) {
      const given = command === "ADD" ? last.result : pod.results.get(network)
      last = this.#call(command, pod, plugin, last.endMs, { given, ppid, fails })
      last.endMs += 0.4 + this.random.below(200) / 1000
      if (last.outcome !== "ok") break
    }
    return last
  }

  #call(command: string, pod: LivePod | undefined, plugin: ListPlugin, wallMs: number, asked: CallOptions): Ending {
    const { random } = this
    const { given, fails } = asked
    const begin = this.#begin(command, pod, plugin, wallMs, asked)
    let at = wallMs + 1 + random.below(4000) / 1000
    let outcome: Ending["outcome"] = fails && plugin.delegates === undefined ? "failed" : "ok"
    const delegates: PluginResult[] = []
    for (const delegate of delegatesOf(plugin, command)) {
      const isOfList = delegate.network !== plugin.network && command !== "ADD"
      const nested = this.#call(command, pod, delegate, at, {
        given: isOfList ? pod?.results.get(delegate.network) : undefined,
        ppid: begin.pid,
        parent: begin,
        fails,
      })
      at = nested.endMs + random.below(3000) / 1000
      outcome = nested.outcome
      if (outcome !== "ok") break
      if (nested.result) delegates.push(nested.result)
    }
    at += random.below(100) === 0 ? 400 + random.below(4000) : random.below(12_000) / 1000
    this.#line(begin)
    if (random.below(2000) === 0) outcome = "never"
    if (outcome === "never") return { endMs: at, outcome, result: undefined }
    const result = pod && command === "ADD" && outcome === "ok" ? plugin.result(pod, { given, delegates }) : undefined
    if (result) pod?.results.set(plugin.network, result)
    this.#line(this.#end(begin, at, endFieldsOf(pod, plugin, outcome, result)))
    return { endMs: at, outcome, result }
  }

  #begin(
    command: string,
    pod: LivePod | undefined,
    plugin: ListPlugin,
    wallMs: number,
    { given, ppid, parent }: CallOptions,
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
              CNI_NETNS: pod.netns,
              CNI_IFNAME: plugin.ifname ?? "eth0",
              CNI_ARGS: `K8S_POD_INFRA_CONTAINER_ID=${pod.id};K8S_POD_UID=${pod.uid};IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name}`,
            }
          : {}),
        CNI_PATH: "/opt/cni/bin",
      },
      envNames: ENV_NAMES,
      original: { sizeBytes: 4_121_984, modifiedMs: 1_788_000_000_000 },
      stdin: (plugin.isIpam && parent?.stdin) || payload(configOf(plugin, command, given), plugin.redacted),
    }
  }

  #end(begin: Begin, wallMs: number, { exit, stdout, stderr }: EndFields): End {
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
    // Nearly in order already: a call's lines come a few milliseconds after those of others.
    let at = lines.length
    while (at > 0 && (lines[at - 1]?.wallMs ?? 0) > record.wallMs) at--
    lines.splice(at, 0, { wallMs: record.wallMs, record })
  }

  #pod(): LivePod {
    const { random } = this
    // Not the network's own address, the gateway's or the broadcast address.
    do this.#pods++
    while (this.#pods % 256 < 2 || this.#pods % 256 === 255)
    const uid = `${this.#hex(8)}-${this.#hex(4)}-4${this.#hex(3)}-a${this.#hex(3)}-${this.#hex(12)}`
    const app = random.pick(["web", "cart", "orders", "search", "etl-nightly", "ci-runner"])
    return {
      namespace: random.pick(["shop", "shop", "search", "batch", "ci", "kube-system"]),
      name: `${app}-${this.#hex(10)}-${this.#hex(5)}`,
      uid,
      id: this.#hex(64),
      netns: `/var/run/netns/cni-${uid}`,
      number: this.#pods,
      chain: random.pick(CHAINS),
      results: new Map(),
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

/** Few plugins call their delegates for CHECK, and none for STATUS. */
function delegatesOf({ delegates = [], checksDelegates }: ListPlugin, command: string): ListPlugin[] {
  return command === "STATUS" || (command === "CHECK" && !checksDelegates) ? [] : delegates
}

function endFieldsOf(
  pod: LivePod | undefined,
  plugin: ListPlugin,
  outcome: "ok" | "failed",
  result: PluginResult | undefined,
): EndFields {
  if (outcome === "failed") {
    const msg = `failed to allocate for range 0: no IP addresses available in range set: 10.244.0.1-10.244.255.254`
    return {
      exit: { code: 1 },
      stdout: payload(JSON.stringify({ cniVersion: plugin.cniVersion, code: 11, msg, details: "" }, null, 4)),
      stderr: payload(`time="2026-09-21T03:00:00Z" level=error msg="${msg}" container=${pod?.id}\n`),
    }
  }
  return {
    exit: { code: 0 },
    stdout: payload(result ? resultText(result) : ""),
    stderr: payload(plugin.log === undefined || !pod ? "" : plugin.log(pod.id)),
  }
}

function payload(text: string, redacted?: string[]): Payload {
  return { sizeBytes: Buffer.byteLength(text), ...(redacted ? { redacted } : {}), text }
}

function micro(ms: number): number {
  return Math.round(ms * 1000) / 1000
}

if (process.argv[1] === import.meta.filename) {
  const [directory, calls = "1000000"] = process.argv.slice(2)
  if (directory === undefined) throw new Error("usage: generate.ts DIRECTORY [CALLS]")
  const endMs = Math.floor(Date.now() / SEGMENT_INTERVAL_MS - 2) * SEGMENT_INTERVAL_MS
  const { sizeBytes, segments, ...made } = generate(directory, Number(calls), endMs, 48)
  console.log(`${made.calls} calls, ${(sizeBytes / 1e9).toFixed(2)} GB in ${segments} segments in ${directory}`)
}
