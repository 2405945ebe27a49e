import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { isSameAddress, parseAddress } from "../../../src/cni/address.ts"
import { toMatcher } from "../../../src/model/filter/match.ts"
import { parseFilter } from "../../../src/model/filter/parse.ts"
import { Ledger } from "../../../src/model/ledger/ledger.ts"
import { walk } from "../../../src/model/operation.ts"
import { type Statistics, Tally } from "../../../src/model/statistics/statistics.ts"
import { openCapture } from "../../../src/store/capture/capture.ts"
import { ReadErrors } from "../../../src/store/capture/read-errors.ts"
import { IndexWriter } from "../../../src/store/index/index-file.ts"
import { bookLedger, bookOwners } from "../../../src/store/query/ledger.ts"
import { tallyCalls } from "../../../src/store/query/tally.ts"
import { Random } from "../../capture/random.ts"
import { type Noise, writeRandomCapture } from "../random-capture.ts"
import { allAtOnce, fromIndexes } from "./both-ways.ts"

const NOISES: Noise[] = [
  {},
  { torn: true },
  { clockSteps: true },
  { nodes: 3 },
  { nodes: 2, torn: true, clockSteps: true },
]
const NOW_MS = Date.UTC(2026, 3, 1)

test("operations read from indexes are those that are put together from all calls at once", async (t) => {
  for (const noise of NOISES) {
    await withRandomCapture(t, 120, noise, async (directory) => {
      const expected = await allAtOnce(directory)
      const fresh = await fromIndexes(directory)
      assert.deepEqual(fresh, expected)
      assert.ok(readdirSync(directory).some((name) => name.endsWith(".index")))
      const indexed = await fromIndexes(directory)
      assert.deepEqual(indexed, expected)
      const backwards = await fromIndexes(directory, { newestFirst: true })
      assert.deepEqual(backwards, { ...expected, operations: expected.operations.toReversed() })
    })
  }
})

test("an index that cannot be stored has no name that a killed reader could leave behind", async (t) => {
  await withRandomCapture(t, 20, {}, async (directory) => {
    const [segment] = await (await openCapture(directory)).segments()
    assert.ok(segment)
    const temporary = mkdtempSync(join(tmpdir(), "cnitap-"))
    const before = process.env.TMPDIR
    t.after(() => rmSync(temporary, { recursive: true }))
    process.env.TMPDIR = temporary
    const writer = new IndexWriter(segment, false)
    assert.deepEqual(readdirSync(temporary), [])
    const index = writer.finish()
    assert.deepEqual(index.headers, [])
    index.close()
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
})

test("every filter lets the same operations through, with streams and without, with an index and without", async (t) => {
  await withRandomCapture(t, 150, { nodes: 2, torn: true }, async (directory, random) => {
    const { operations } = await allAtOnce(directory)
    for (let round = 0; round < 120; round++) {
      const text = randomFilter(random, 2)
      const parsed = parseFilter(text, NOW_MS)
      assert.ok(parsed.ok, text)
      const matcher = toMatcher(parsed.filter, NOW_MS)
      const expected = operations.filter(matcher.operation).map(({ id }) => id)
      for (const withoutStreams of [true, false]) {
        const found = await fromIndexes(directory, { filter: parsed.filter, nowMs: NOW_MS, withoutStreams })
        assert.deepEqual(
          found.operations.map(({ id }) => id),
          expected,
          `${text}${withoutStreams ? ", without streams" : ""}`,
        )
      }
      if (round % 40 === 20) forgetIndexes(directory)
    }
  })
})

test("a ledger booked from indexes is the one booked from every operation", async (t) => {
  for (const noise of NOISES) {
    await withRandomCapture(t, 300, noise, async (directory) => {
      const whole = new Ledger()
      const { operations } = await allAtOnce(directory)
      for (const operation of operations) whole.add(operation)
      const quick = new Ledger()
      const booked = await bookLedger(quick, await openCapture(directory), new ReadErrors(), {})
      assert.deepEqual(quick.attachments(), whole.attachments())
      assert.deepEqual(booked.dataDirs.toSorted(), whole.dataDirs.toSorted())
      assert.equal(booked.operations, operations.length)
      for (let container = 0; container < 30; container++)
        for (const ifname of ["eth0", "net1"])
          assert.equal(quick.isGone(`c${container}`, ifname), whole.isGone(`c${container}`, ifname))
    })
  }
})

test("segments with only the ends of calls have no place in time", async (t) => {
  for (const noise of NOISES) {
    await withRandomCapture(t, 300, noise, async (directory) => {
      // Of a call that ended: what comes before its beginning is the end of none.
      const [first = ""] = readdirSync(directory)
      const end = readFileSync(`${directory}/${first}`, "utf8")
        .split("\n")
        .find((line) => line.includes('"kind":"end"'))
      for (const hour of ["01", "02", "03"]) writeFileSync(`${directory}/calls-20260228T${hour}.jsonl`, `${end}\n`)
      const { operations, damage } = await allAtOnce(directory)
      assert.deepEqual(await fromIndexes(directory), { operations, damage })
      const [whole, quick] = [new Ledger(), new Ledger()]
      for (const operation of operations) whole.add(operation)
      await bookLedger(quick, await openCapture(directory), new ReadErrors(), {})
      assert.deepEqual(quick.attachments(), whole.attachments())
    })
  }
})

test("statistics counted from indexes are those counted from every call", async (t) => {
  for (const noise of NOISES) {
    await withRandomCapture(t, 300, noise, async (directory, random) => {
      const { operations } = await allAtOnce(directory)
      for (const text of ["", "failed or depth>0", "stderr~a", ...times(8, () => randomFilter(random, 1))]) {
        const parsed = parseFilter(text, NOW_MS)
        assert.ok(parsed.ok, text)
        const { filter } = parsed
        const whole = new Tally(5)
        const matcher = toMatcher(filter, NOW_MS)
        for (const { calls } of operations) for (const { call } of walk(calls)) if (matcher.call(call)) whole.add(call)
        const quick = new Tally(5)
        await tallyCalls(quick, await openCapture(directory), new ReadErrors(), { filter, nowMs: NOW_MS })
        assert.deepEqual(inPlainOrder(quick), inPlainOrder(whole), text)
      }
    })
  }
})

test("who owned an address is known from the lines that contain it", async (t) => {
  for (const noise of NOISES) {
    await withRandomCapture(t, 300, noise, async (directory, random) => {
      const { operations } = await allAtOnce(directory)
      for (let round = 0; round < 6; round++) {
        const address = parseAddress(random.pick([`10.1.2.${random.below(250)}`, `fd00::${random.below(99)}`]))
        assert.ok(address)
        const holds = (ips: readonly string[]) => ips.some((ip) => isSameAddress(ip, address))
        const whole = new Ledger(holds)
        for (const operation of operations) whole.add(operation)
        const quick = new Ledger(holds)
        const others = [`c${random.below(30)}`, `c${random.below(30)}`]
        const wanted = { address, alsoOf: () => Promise.resolve(others) }
        await bookOwners(quick, await openCapture(directory), new ReadErrors(), wanted)
        assert.deepEqual(
          quick.attachments().filter(({ ips }) => holds(ips)),
          whole.attachments().filter(({ ips }) => holds(ips)),
        )
        for (const container of others)
          for (const ifname of ["eth0", "net1"])
            assert.equal(quick.isGone(container, ifname), whole.isGone(container, ifname))
      }
    })
  }
})

test("an address finds the operations with it in a result, in every notation, whatever the clock did", async (t) => {
  for (const noise of NOISES) {
    await withRandomCapture(t, 300, noise, async (directory, random) => {
      const { operations } = await allAtOnce(directory)
      for (let round = 0; round < 12; round++) {
        const text = random.pick([
          `ip=10.1.2.${random.below(250)}`,
          `ip=FD00::${random.below(99).toString(16)}`,
          `ip=10.1.2.${random.below(250)} and plugin=portmap`,
          `ip in (10.1.2.${random.below(250)}, fd00:0:0::${random.below(99).toString(16)})`,
          `ip=10.1.2.${4 * random.below(60)}/30`,
          `ip=10.1.2.${random.below(250)} or failed`,
        ])
        const parsed = parseFilter(text, NOW_MS)
        assert.ok(parsed.ok, text)
        const matcher = toMatcher(parsed.filter, NOW_MS)
        const expected = operations.filter(matcher.operation).map(({ id }) => id)
        const found = await fromIndexes(directory, { filter: parsed.filter, nowMs: NOW_MS })
        assert.deepEqual(
          found.operations.map(({ id }) => id),
          expected,
          text,
        )
      }
    })
  }
})

/** Which of two equal ones comes first depends on the order of reading. */
function inPlainOrder(tally: Tally): Statistics {
  const statistics = tally.statistics()
  const name = ({ plugin, command }: Statistics["groups"][number]) => `${plugin} ${command}`
  statistics.groups.sort((a, b) => (name(a) < name(b) ? -1 : 1))
  statistics.slowest.sort((a, b) => b.durationMs - a.durationMs || (a.id < b.id ? -1 : 1))
  return statistics
}

function times<Value>(count: number, make: () => Value): Value[] {
  return Array.from({ length: count }, make)
}

function forgetIndexes(directory: string): void {
  for (const name of readdirSync(directory)) if (name.endsWith(".index")) rmSync(`${directory}/${name}`)
}

function randomFilter(random: Random, depth: number): string {
  if (depth > 0 && random.below(2) === 0) {
    const part = () => randomFilter(random, depth - 1)
    return random.pick([() => `(${part()} and ${part()})`, () => `(${part()} or ${part()})`, () => `not (${part()})`])()
  }
  return random.pick([
    "plugin=bridge",
    "plugin!=portmap",
    "plugin in (host-local, tuning)",
    "command=ADD",
    "command!=DEL",
    "failed",
    "ok",
    "state=unknown",
    "exit!=0",
    "exit=137",
    "signal=SIGKILL",
    "duration>20ms",
    "duration<=1ms",
    "pod=p-c1*",
    "pod=shop/p-c3",
    "namespace!=ci",
    "node=a",
    "network~net",
    "network=net-a",
    'network="nét\\\\\\"c"',
    "cniVersion=0.4.0",
    "container=c1",
    "ifname=net1",
    "runtime~ird",
    "id=0",
    "id=3",
    "depth>0",
    "memory>10MB",
    "plugin-pid>50100",
    "pluginPid=50007",
    "code=11",
    "ip=10.1.2.0/25",
    "ip=10.1.2.17",
    "ip=10.1.2.0/24",
    "ip=11.0.0.0/8",
    "code>5",
    "stdout~CNIVERSION",
    "stdin~net-a",
    'stdin~"/d1"',
    'stdin!~"/d1"',
    "stdout~aza",
    "stderr~a",
    "msg~z",
    "since=800h",
    "time<2026-03-01T08:00:00Z",
    "c2",
    '"failed"',
  ])
}

async function withRandomCapture(
  t: { diagnostic(text: string): void },
  operations: number,
  noise: Noise,
  run: (directory: string, random: Random) => Promise<void>,
): Promise<void> {
  const random = Random.of(t)
  const directory = writeRandomCapture(random, operations, noise)
  try {
    await run(directory, random)
  } finally {
    rmSync(directory, { recursive: true })
  }
}
