import assert from "node:assert/strict"
import { before, test } from "node:test"
import { decode } from "../../src/capture/decode.ts"
import type { Begin, CaptureRecord, End, Payload } from "../../src/capture/record.ts"
import { checksum } from "../relay/stand.ts"
import { boot, fetchKernels } from "./kernels/guest.ts"
import { TRANSFERS, unseen } from "./transfers.ts"

let kernels: string

before(() => {
  kernels = fetchKernels()
})

const SWAP =
  "swap this kernel does not trace its functions of pipes, so every system call of the node would take longer"
const OBSERVE = "observe "
/** `chosen`: the mode of `--mode auto`. Pipes are followed by their functions from 5.15 on, and on arm64 from 6.4 on. */
const KERNELS = [
  ["5.10", "amd64", /^5\.10\./, SWAP],
  ["6.1", "amd64", /^6\.1\./, OBSERVE],
  ["6.12", "amd64", /^6\.12\./, OBSERVE],
  ["newest", "amd64", /^\d+\./, OBSERVE],
  ["6.1", "arm64", /^6\.1\./, SWAP],
  ["6.12", "arm64", /^6\.12\./, OBSERVE],
] as const

for (const [version, machine, release, chosen] of KERNELS)
  test(`Linux ${version} on ${machine}: every call is recorded whole, and nothing is left in the kernel`, async () => {
    const guest = await boot(kernels, version, machine)
    assert.match(guest.get("release")?.join() ?? "", release)
    assert.deepEqual(guest.get("chosen"), [chosen, "0"])
    const narrow = machine === "amd64" ? [NARROW] : []
    const expected = [...RECORDED, ...narrow]
    const observing = `cnitap: observing ${17 + narrow.length} plugins; the capture is /tmp/capture`
    assert.deepEqual(guest.get("calls"), [observing, ...SEEN, ...narrow.map(() => "narrow 0 11")])
    assert.deepEqual(guest.get("programs")?.slice(1), ["exit 0", "0"])
    const [started, ...lost] = guest.get("messages") ?? []
    assert.equal(started, observing)
    const calls = callsIn(guest.get("capture") ?? [])
    if (lost.length === 0) {
      // A header and 19 or 20 calls; the nested ones are one operation.
      assert.deepEqual(guest.get("listed"), [String(20 + narrow.length), String(17 + narrow.length)])
      assert.deepEqual(calls, expected)
    } else {
      assert.deepEqual(calls, withLosses(expected, calls, missesIn(lost)))
    }
    assert.deepEqual(guest.get("killed"), ["0"])
    for (const [place, refusal] of REFUSALS) assert.deepEqual(guest.get(place), refusal, place)
  })

test("a kernel that is locked down is refused in one sentence", async () => {
  for (const version of ["5.10", "6.12"]) {
    const guest = await boot(kernels, version, "amd64", "lockdown=confidentiality lsm=lockdown")
    assert.deepEqual(guest.get("chosen"), [SWAP, "0"], version)
    assert.deepEqual(
      guest.get("locked down"),
      [
        "cnitap: this kernel is locked down to confidentiality: no program may read its memory. Record with `cnitap install`.",
        "exit 5",
        "0",
      ],
      version,
    )
  }
})

/** What the caller of each plugin gets: its name, its exit status and the bytes of its output. */
const SEEN = [
  "echo 3 11",
  "killed 139 4",
  "script 4 11",
  "vectors 0 8",
  "positioned 0 11",
  "interrupted 0 150000",
  "twice 0 300000",
  "duplicated 0 11",
  "sent 0 24",
  "spliced 0 23",
  "teed 0 11",
  "mapped 0 7",
  "ringed 0 17",
  "polled 0 17",
  "submitted 0 25",
  "long 0 65536",
  "nested 0 11",
]

type Recorded = { plugin: string; argv: string[]; depth: number; command?: string | undefined } & Partial<
  Pick<End, "stdin" | "stdout" | "stderr" | "exit">
>

const STDIN = payload("hello world")
const DONE = { exit: { code: 0 }, stderr: payload("") }
const RECORDED: Recorded[] = [
  { ...plugin("echo"), stdin: STDIN, stdout: STDIN, stderr: payload("warning"), exit: { code: 3 } },
  { ...plugin("killed"), stdout: payload("half"), stderr: payload(""), exit: { signal: 11 } },
  { ...plugin("script"), stdin: STDIN, stdout: STDIN, stderr: payload("to stderr"), exit: { code: 4 } },
  ...Object.entries(TRANSFERS).map(([name, streams]) => ({ ...plugin(name), ...DONE, ...streams })),
  { ...plugin("long"), ...DONE, stdin: payload("x".repeat(65_536)), stdout: payload("x".repeat(65_536)) },
  ...[0, 1, 2].map((depth) => ({ ...plugin("nested", depth), ...DONE, stdin: STDIN, stdout: STDIN })),
]

/** A 32-bit program: that it has read and written is not seen, and marked. */
const NOT_SEEN = unseen("", 0)
const NARROW: Recorded = { ...plugin("narrow"), ...DONE, stdin: NOT_SEEN, stdout: NOT_SEEN, stderr: NOT_SEEN }

const DENIED = [
  "cnitap: permission denied: cannot create a map. Run as root, or with CAP_BPF and CAP_PERFMON, outside of an unprivileged container.",
  "exit 4",
]
const REFUSALS = [
  ["without rights", DENIED],
  ["root of a user namespace", DENIED],
  [
    "without types",
    [
      "cnitap: this kernel does not describe its types (/sys/kernel/btf/vmlinux is missing). Record with `cnitap install`.",
      "exit 5",
    ],
  ],
] as const

function plugin(name: string, depth = 0): Pick<Recorded, "plugin" | "argv" | "depth" | "command"> {
  return { plugin: name, argv: [`/opt/cni/bin/${name}`], depth, command: "ADD" }
}

/**
 * Since Linux 7, the kernel preempts a process also in the observer's programs, which are not run for another process
 * meanwhile. What is lost then is marked in each call that it may concern; a call is missing if its execution was missed.
 */
function withLosses(expected: readonly Recorded[], calls: readonly Recorded[], misses: number): Recorded[] {
  const missing = expected.filter((call) => !calls.some((seen) => isSameCall(seen, call)))
  assert.ok(missing.length <= misses, `${missing.map((call) => call.plugin)} are missing, and ${misses} events`)
  return expected
    .filter((call) => !missing.includes(call))
    .map((call) =>
      marked(
        call,
        calls.find((seen) => isSameCall(seen, call)),
      ),
    )
}

function isSameCall(a: Recorded, b: Recorded): boolean {
  return a.plugin === b.plugin && a.depth === b.depth
}

/** No other loss is expected: whatever the guest does fits into the ring. */
function missesIn(messages: readonly string[]): number {
  const counts = messages.map((message) => {
    const [, count] =
      /^cnitap: (\d+) events? (?:was|were) not seen, because a process was preempted in /.exec(message) ?? []
    assert.ok(count, message)
    return Number(count)
  })
  return counts.reduce((sum, count) => sum + count, 0)
}

function marked(call: Recorded, seen: Recorded | undefined): Recorded {
  const streams = (["stdin", "stdout", "stderr"] as const).flatMap((name) => {
    const [whole, part] = [call[name], seen?.[name]]
    const isPart = part?.truncatedBy === "loss" && textOf(whole).startsWith(textOf(part))
    return isPart ? [[name, part]] : []
  })
  return { ...call, ...Object.fromEntries(streams) }
}

function textOf(payload: Payload | undefined): string {
  return payload && "text" in payload ? payload.text : ""
}

function payload(text: string): Payload {
  return { sizeBytes: text.length, text }
}

/** A line that is not a whole record fails the test. */
function callsIn(lines: readonly string[]): Recorded[] {
  const records = lines.flatMap((line): CaptureRecord[] => {
    const decoded = decode(line, checksum)
    if (decoded.kind === "loss") return []
    if (decoded.kind !== "record") throw new Error(`a line of the capture is ${decoded.kind}: ${line}`)
    return [decoded.record]
  })
  const ends = new Map(records.filter((it): it is End => it.kind === "end").map((end) => [end.id, end]))
  return records
    .filter((it): it is Begin => it.kind === "begin")
    .map(({ id, plugin, argv, depth, env, stdin = ends.get(id)?.stdin }) => {
      const { stdout, stderr, exit } = ends.get(id) ?? {}
      const streams = { ...(stdin && { stdin }), ...(stdout && { stdout }), ...(stderr && { stderr }) }
      return { plugin, argv, depth, command: env.CNI_COMMAND, ...streams, ...(exit && { exit }) }
    })
}
