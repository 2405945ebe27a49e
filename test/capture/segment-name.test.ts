import assert from "node:assert/strict"
import { test } from "node:test"
import {
  checksName,
  indexedSegment,
  indexName,
  isSegmentName,
  SEGMENT_INTERVAL_MS,
  segmentName,
  segmentStartMs,
} from "../../src/capture/segment-name.ts"

const HOURS = [
  "1970-01-01T00:00Z",
  "2000-02-29T23:59:59.999Z",
  "2026-11-24T15:00Z",
  "2100-03-01T00:00Z",
  "2026-12-31T23:30Z",
]

test("a segment is named after its hour in UTC", () => {
  assert.deepEqual(
    HOURS.map((time) => segmentName(Date.parse(time))),
    HOURS.map((time) => `calls-${time.slice(0, 13).replaceAll("-", "")}.jsonl`),
  )
})

test("the start of a segment's hour is read back from its name", () => {
  for (const time of HOURS) {
    const wallMs = Date.parse(time)
    assert.equal(segmentStartMs(segmentName(wallMs)), wallMs - (wallMs % SEGMENT_INTERVAL_MS), time)
  }
})

test("other files are not segments", () => {
  const names = [
    "calls-20261124T15.jsonl.bak",
    "calls-2026112aT15.jsonl",
    "calls-20261124t15.jsonl",
    "calls-notes.jsonl",
    ".calls-20261124T15.jsonl",
    "calls-20261124T15",
    "",
  ]
  assert.deepEqual(names.filter(isSegmentName), [])
  assert.deepEqual(
    names.map(segmentStartMs).filter((startMs) => startMs !== undefined),
    [],
  )
})

test("an index or checks, finished or not, name their segment", () => {
  const segment = "calls-20261124T15.jsonl"
  assert.equal(indexName(segment), ".calls-20261124T15.jsonl.index")
  assert.equal(checksName(segment), ".calls-20261124T15.jsonl.checks")
  const names = {
    ".calls-20261124T15.jsonl.index": segment,
    ".calls-20261124T15.jsonl.index.4711": segment,
    ".calls-20261124T15.jsonl.checks": segment,
    ".calls-20261124T15.jsonl.checks.4711": segment,
    ".calls-20261124T15.jsonl.checks.bak": undefined,
    ".calls-20261124T15.jsonl.index.": undefined,
    ".calls-20261124T15.jsonl.index.bak": undefined,
    ".calls-20261124T15.jsonl.index4711": undefined,
    ".calls-20261124Tab.jsonl.index": undefined,
    "calls-20261124T15.jsonl.index": undefined,
    "calls-20261124T15.jsonl": undefined,
    index: undefined,
  }
  assert.deepEqual(Object.fromEntries(Object.keys(names).map((name) => [name, indexedSegment(name)])), names)
})
