import assert from "node:assert/strict"
import { test } from "node:test"
import { type Decoded, decode } from "../../../src/capture/decode.ts"
import { encode } from "../../../src/capture/encode.ts"
import type { Begin, CaptureRecord, End } from "../../../src/capture/record.ts"
import { type Call, configOf, textOf, toCall } from "../../../src/model/call.ts"
import { summarize } from "../../../src/model/packed-operations.ts"
import { checksum } from "../../../src/store/capture/checksum.ts"
import { HeaderReader, type RecordHeader } from "../../../src/store/scan/read-header.ts"
import { Random } from "../../capture/random.ts"
import { randomRecord } from "./random-record.ts"

const LINES = 4000

test("lines as the relay writes them: the header is the one of the decoded record", (t) => {
  const random = Random.of(t)
  const fallbacks = compare(random, () => written(randomRecord(random)))
  // Most of these lines have a text with an escape somewhere.
  assert.ok(fallbacks < (2 * LINES) / 3, `${fallbacks} of ${LINES} lines were left to the decoder`)
})

test("lines of an ordinary node are never left to the decoder", (t) => {
  assert.equal(compare(Random.of(t), ordinaryLines()), 0)
})

test("sealed lines in another layout: the header is the one of the decoded record", (t) => {
  const random = Random.of(t)
  compare(random, () => sealed(otherLayout(random, bodyOf(randomRecord(random)))))
})

test("damaged lines: the decoder's verdict, and none of them changes what the next line says", (t) => {
  const random = Random.of(t)
  compare(random, () => {
    const line = written(randomRecord(random))
    return random.below(3) > 0 ? line : damaged(random, line)
  })
})

test("lines of other formats and kinds are classified by the decoder", () => {
  const lines = [
    sealed('{"format":2,"kind":"begin","id":"a"'),
    sealed('{"format":1,"kind":"pause","id":"a"'),
    "{}",
    "not a record",
    '{"format":1,"kind":"begin","id":"a"',
  ]
  const reader = new HeaderReader()
  const bytes = Buffer.from(lines.join("\n"))
  reader.open(bytes, bytes.length)
  const kinds = [...lines, "end"].map(() => reader.next())
  assert.deepEqual(kinds, ["newer", "unknown", "foreign", "foreign", "torn", undefined])
})

/** Reads many lines, some at once, by one reader: what it remembers of earlier lines must not show. Returns its fallbacks. */
function compare(random: Random, nextLine: () => string): number {
  const reader = new HeaderReader()
  for (let count = 0; count < LINES; ) {
    const lines = Array.from({ length: Math.min(LINES - count, 1 + random.below(50)) }, nextLine)
    count += lines.length
    const isEnded = random.below(2) > 0
    const bytes = Buffer.from(`\n${lines.join("\n".repeat(1 + random.below(3)))}${isEnded ? "\n" : ""}`)
    reader.open(bytes, bytes.length)
    for (const line of lines) {
      const decoded = decode(line, checksum)
      assert.deepEqual(read(reader, bytes), expected(decoded), line)
    }
    assert.equal(reader.next(), undefined)
  }
  return reader.fallbacks
}

/** Begin and end lines, in turn, of calls that succeed and of calls that fail. */
function ordinaryLines(): () => string {
  let count = 0
  return () => {
    const call = Math.floor(count / 2)
    const record = count++ % 2 === 0 ? ordinaryBegin(call) : ordinaryEnd(call)
    return written(record)
  }
}

function ordinaryBegin(call: number): Begin {
  const plugin = ["calico", "calico-ipam", "portmap"][call % 3] ?? ""
  const config = JSON.stringify({ cniVersion: "1.0.0", name: "k8s-pod-network", type: plugin, mtu: call % 7 })
  return {
    format: 1,
    kind: "begin",
    id: idOf(call),
    ...(plugin === "calico-ipam" ? { parent: idOf(call - 1) } : {}),
    depth: plugin === "calico-ipam" ? 1 : 0,
    as: call % 5 === 0 ? "observer" : "relay",
    wallMs: 1795619822441.376 + call,
    monoMs: 3029545.208 + call,
    node: "worker-1",
    pid: 1000 + call,
    ppid: 900,
    parentName: "containerd",
    plugin,
    path: `/opt/cni/bin/${plugin}`,
    argv: [`/opt/cni/bin/${plugin}`],
    env: {
      CNI_COMMAND: call % 2 === 0 ? "ADD" : "DEL",
      CNI_CONTAINERID: idOf(Math.floor(call / 3)).repeat(4),
      CNI_NETNS: `/var/run/netns/cni-${call}`,
      CNI_IFNAME: "eth0",
      CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=web-0;K8S_POD_UID=u-1",
      CNI_PATH: "/opt/cni/bin",
    },
    envNames: ["PATH", "HOME"],
    original: { sizeBytes: 4_000_000, modifiedMs: 1795000000000 },
    stdin: { sizeBytes: config.length, text: config },
  }
}

function ordinaryEnd(call: number): End {
  const isFailed = call % 5 === 0
  const text = isFailed
    ? '{"code":11,"msg":"try again later","details":"no addresses"}'
    : '{"cniVersion":"1.0.0","ips":[{"address":"10.1.2.3/24"}]}'
  return {
    format: 1,
    kind: "end",
    id: idOf(call),
    wallMs: 1795619822541.376 + call,
    monoMs: 3029645.208 + call,
    durationMs: 100.25,
    spawnMs: 0.412,
    exit: isFailed ? { code: 1 } : { code: 0 },
    usage: { maxRssBytes: 7915776, userMs: 1.948, systemMs: 1.102 },
    stdout: { sizeBytes: text.length, text },
    stderr: { sizeBytes: 0, text: "" },
  }
}

function idOf(call: number): string {
  return call.toString(16).padStart(16, "0")
}

type Facts = { kind: Decoded["kind"] | undefined; header?: object }

function read(reader: HeaderReader, bytes: Buffer): Facts {
  const kind = reader.next()
  if (kind !== "record") return { kind }
  assert.ok(reader.from === 0 || bytes[reader.from - 1] === 10)
  return { kind, header: factsOf(reader.header) }
}

function expected(decoded: Decoded): Facts {
  if (decoded.kind !== "record") return { kind: decoded.kind }
  const { record } = decoded
  return { kind: "record", header: expectedHeader(record) }
}

function expectedHeader(record: CaptureRecord): object {
  if (record.kind === "progress") return { kind: "progress", id: record.id, monoMs: record.monoMs }
  return record.kind === "begin" ? beginFacts(record) : endFacts(record)
}

function factsOf(header: RecordHeader): object {
  if (header.kind === "progress") return { kind: "progress", id: header.id.text(), monoMs: header.monoMs }
  if (header.kind === "end") return { kind: "end", ...header.end(), maxRssBytes: header.maxRssBytes }
  const { depth, as, wallMs, monoMs, pid, ppid, context, dataDir } = header
  return {
    kind: "begin",
    id: header.id.text(),
    parent: header.parent.text(),
    depth,
    as,
    wallMs,
    monoMs,
    node: header.node.text(),
    pid,
    ppid,
    parentName: header.parentName.text(),
    plugin: header.plugin.text(),
    command: context.command.text(),
    containerId: context.containerId.text(),
    netns: context.netns.text(),
    ifname: context.ifname.text(),
    namespace: context.namespace.text(),
    podName: context.name.text(),
    podUid: context.uid.text(),
    network: header.network.text(),
    cniVersion: header.cniVersion.text(),
    dataDir,
  }
}

/** The model makes calls of decoded records without any part of the scan. */
function beginFacts(begin: Begin): object {
  const { as, pod, ...call } = toCall(begin, undefined)
  return {
    kind: "begin",
    id: call.id,
    parent: call.parent || undefined,
    depth: call.depth,
    as,
    wallMs: call.wallMs,
    monoMs: call.monoMs,
    node: call.node || undefined,
    pid: call.pid,
    ppid: call.ppid,
    parentName: call.parentName || undefined,
    plugin: call.plugin,
    command: call.command || undefined,
    containerId: call.containerId,
    netns: call.netns,
    ifname: call.ifname,
    namespace: pod?.namespace,
    podName: pod?.name,
    podUid: pod?.uid,
    network: call.network,
    cniVersion: call.cniVersion,
    dataDir: call.plugin === "host-local" ? dataDirOf(begin.stdin) : undefined,
  }
}

function dataDirOf(stdin: Begin["stdin"]): unknown {
  const { ipam } = JSON.parse(textOf(stdin) ?? "{}") as { ipam?: { dataDir?: string } }
  return ipam?.dataDir
}

function endFacts(end: End): object {
  const { id, exit, durationMs, spawnMs, usage, stdin, stdout, stderr } = end
  const { reason } = summarize({ exit, stdout, stderr } as Call)
  const { name, cniVersion } = configOf(stdin) ?? {}
  const config = { ...(name ? { network: name } : {}), ...(cniVersion ? { cniVersion } : {}) }
  return {
    kind: "end",
    id,
    end: { exit, durationMs, spawnMs },
    summary: reason ? { reason } : {},
    ...(stdin ? { config } : {}),
    maxRssBytes: usage.maxRssBytes,
  }
}

function written(record: CaptureRecord): string {
  return encode(record, checksum).trim()
}

function bodyOf(record: CaptureRecord): string {
  return JSON.stringify(record).slice(0, -1)
}

function sealed(body: string): string {
  return `${body},"seal":${JSON.stringify(checksum(body))}}`
}

/** The same record as another writer of the format may lay it out. */
function otherLayout(random: Random, body: string): string {
  const members = Object.entries(JSON.parse(`${body}}`) as Record<string, unknown>)
  const at = 2 + random.below(members.length - 2)
  const texts = members.map(([name, value]) => `"${name}":${JSON.stringify(value)}`)
  const [moved = ""] = texts.splice(at, 1)
  return random.pick([
    () => `{${[...texts.slice(0, 2), moved, ...texts.slice(2)].join(",")}`,
    () => `{${[...texts, moved].join(",")}`,
    () => body.replace(/,"/g, random.pick([', "', ',\t"'])),
    () => body.replace(/":(\d)/g, '": $1'),
    () => body.replace(/":(\d+)([,}])/g, '":$1.0$2'),
    () => body.replace(/":(\d+),/g, '":$1e0,'),
    () => body.replace(/("(?:node|plugin|id|CNI_IFNAME)":")(\w)/g, (_, key, letter: string) => key + escaped(letter)),
    () => `{${[...texts.slice(0, at), '"added":{"in":[1,"later"]}', moved, ...texts.slice(at)].join(",")}`,
  ])()
}

function escaped(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`
}

function damaged(random: Random, line: string): string {
  const at = 1 + random.below(line.length - 1)
  const other = random.pick(['"', "\\", "0", "x", "}", ","])
  return random.pick([line.slice(0, at), line.slice(at), `${line.slice(0, at)}${other}${line.slice(at + 1)}`, other])
}
