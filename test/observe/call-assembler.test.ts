import assert from "node:assert/strict"
import { test } from "node:test"
import { CallAssembler } from "../../src/observe/call-assembler.ts"
import type { BeginEvent, DataEvent, StreamFile } from "../../src/observe/event.ts"

const pipe = (ino: number): StreamFile => ({ ino, dev: 1, mode: 0o010600, rdev: 0, isPipe: true })
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

function transfer(kind: "read" | "write", ino: number, text: string): DataEvent {
  const bytes = new TextEncoder().encode(text)
  return { kind, ns: 0, call: 1, thread: 7, ino, dev: 1, totalBytes: bytes.length, offset: 0, bytes, leftBytes: 0 }
}

test("if the kernel did not run a program, the streams of calls in flight are marked, but not a stdin that is recorded already", () => {
  assert.deepEqual(streamsAfterMiss(false), [
    { text: "{}", totalBytes: 2, hasGap: true },
    { text: "before", totalBytes: 11, hasGap: true },
    { text: "", totalBytes: 0, hasGap: true },
  ])
  assert.deepEqual(streamsAfterMiss(true)?.[0], { text: "{}", totalBytes: 2, hasGap: false })
})

function streamsAfterMiss(isStdinRecorded: boolean) {
  const assembler = new CallAssembler(
    () => "0123456789abcdef",
    () => true,
    65_536,
    () => {},
  )
  assembler.add(BEGIN)
  assembler.add(transfer("read", 10, "{}"))
  assembler.add(transfer("read", 10, ""))
  const call = assembler.calls.get(1) ?? assert.fail()
  call.hasStdin = isStdinRecorded
  assembler.add(transfer("write", 11, "before"))
  assembler.markMissed()
  assembler.add(transfer("write", 11, "after"))
  return call.streams.map(({ kept, totalBytes, hasGap }) => ({
    text: new TextDecoder().decode(kept),
    totalBytes,
    hasGap,
  }))
}
