/**
 * Compiled into an executable by `payloads.proc.test.ts`: the lines of random streams, and what they must be, and what two
 * threads find in them. Its arguments are a seed and how many. Prints how often there is a difference, and the first one.
 */
import { Buffer } from "node:buffer"
import { encode } from "../../src/capture/encode.ts"
import type { Payload } from "../../src/capture/record.ts"
import { clean, type Searcher } from "../../src/capture/redact/clean.ts"
import { ALL_MARK_LINES } from "../../src/capture/redact/rules/marks.ts"
import { SCRIPTED } from "../../src/capture/redact/scripted-text.ts"
import { progressRecord, type RecordContext } from "../../src/observe/call-record.ts"
import type { BeginEvent, DataEvent } from "../../src/observe/event.ts"
import { openBpf } from "../../src/observe/kernel/bpf.ts"
import { ObservedCall } from "../../src/observe/observed-call.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { plantNone, plantOne } from "../capture/plant.ts"
import { Random } from "../capture/random.ts"

const LIMIT_BYTES = 4096
const bpf = openBpf()
bpf.openMarks(ALL_MARK_LINES)
const searcher: Searcher = { ...SCRIPTED, holdsMark: bpf.findMark }
const random = new Random(Number(process.argv[2]))

const pipe = (ino: number) => ({ ino, dev: 1, mode: 0o010600, rdev: 0, isPipe: true })
const BEGIN: BeginEvent = {
  kind: "begin",
  call: 1,
  ns: 0,
  startNs: 0,
  parent: 0,
  plugin: 1,
  isNamed: false,
  isContained: false,
  isNarrow: false,
  pid: 7,
  ppid: 1,
  argBytes: 0,
  envBytes: 0,
  streams: [pipe(10), pipe(11), pipe(12)],
  parentName: "containerd",
  path: "",
}

let differing = 0
for (let round = 0; round < Number(process.argv[3]); round++) {
  const isRaw = random.below(8) === 0
  const context: RecordContext = {
    searcher,
    holdsMark: bpf.findMark,
    validUtf8: bpf.validUtf8,
    splitTexts: bpf.splitTexts,
    isRaw,
    wallMinusMonoNs: random.below(2 ** 31) * 833_000_003,
    node: "node",
    observerPid: 1,
    pageBytes: 4096,
  }
  const call = new ObservedCall("0123456789abcdef", BEGIN, false, undefined, LIMIT_BYTES)
  const [, stdout, stderr] = call.streams
  for (const stream of [stdout, stderr]) {
    stream.add([transfer(content())])
    if (random.below(4) === 0) stream.expect(stream.totalBytes + random.below(3))
  }
  const record = progressRecord(call, context, random.below(2 ** 31) * random.below(2 ** 20))
  bpf.addLine(record)
  const line = Buffer.from(bpf.takeLines()).toString("latin1")
  const expected = { ...record, stdout: payload(stdout, isRaw), stderr: payload(stderr, isRaw) }
  const wanted = Buffer.from(encode(expected, checksum)).toString("latin1")
  if (line !== wanted && differing++ === 0) process.stdout.write(`${line}\n${wanted}\n`)
  // More texts than can wait, of which not every result is asked for.
  const texts = Array.from({ length: random.below(40) }, content)
  for (const text of texts) bpf.searchAhead(text)
  for (const text of texts.slice(random.below(8)))
    if (bpf.findMark(text) !== bpf.findMark(text.slice()) && differing++ === 0)
      process.stdout.write(`${Buffer.from(text).toString("latin1")}\n`)
}
process.stdout.write(`${differing}\n`)

function transfer(bytes: Uint8Array): DataEvent {
  const facts = { ns: 0, call: 1, thread: 7, ino: 11, dev: 1, totalBytes: bytes.length, offset: 0 }
  return { kind: "write", ...facts, bytes, leftBytes: 0 }
}

/** Text, with and without a secret, bytes that are not UTF-8, and both at the border of the limit. */
function content(): Uint8Array {
  const kind = random.below(6)
  if (kind === 0) return Buffer.from(random.text(40))
  if (kind === 1) return Buffer.from(JSON.stringify(random.json(3)))
  if (kind === 2) return Buffer.from(random.below(2) === 0 ? plantOne(random).text : plantNone(random))
  if (kind === 3) return Uint8Array.from({ length: random.below(60) }, () => random.below(256))
  const before = Buffer.from("x y ".repeat(LIMIT_BYTES / 4).slice(0, LIMIT_BYTES - random.below(40)))
  const around =
    kind === 4 ? Buffer.from(random.text(60)) : Buffer.from(" https://user:password@host/ 🌐é token=abcdefgh")
  return Buffer.concat([before, around.subarray(random.below(around.length + 1)), around])
}

/** The payload by strings alone, as a script makes it. */
function payload(stream: ObservedCall["streams"][number], isRaw: boolean): Payload {
  const { kept, totalBytes: sizeBytes, hasGap } = stream
  const isTruncated = hasGap || sizeBytes > kept.length
  const { text, isText } = textOf(Buffer.from(kept), isTruncated)
  const marks = isTruncated ? { truncated: true as const, ...(hasGap ? { truncatedBy: "loss" as const } : {}) } : {}
  const as = (content: string) =>
    isText ? { text: content } : { base64: Buffer.from(content, "latin1").toString("base64") }
  if (isRaw) return { sizeBytes, ...marks, ...as(text) }
  const cleaned = clean(searcher, text, isTruncated)
  const cut = cleaned.isCut ? { truncated: true as const, truncatedBy: "search" as const } : marks
  const redacted = cleaned.redacted === "" ? {} : { redacted: JSON.parse(cleaned.redacted) as string[] }
  return { sizeBytes, ...cut, ...redacted, ...as(cleaned.text) }
}

/** A character that the limit has cut is left out; bytes that are not UTF-8 become one character each. */
function textOf(bytes: Buffer, isTruncated: boolean): { text: string; isText: boolean } {
  for (let cut = 0; cut < (isTruncated ? 4 : 1) && cut <= bytes.length; cut++) {
    const part = bytes.subarray(0, bytes.length - cut)
    const text = part.toString("utf8")
    if (Buffer.from(text, "utf8").equals(part)) return { text, isText: true }
  }
  return { text: bytes.toString("latin1"), isText: false }
}
