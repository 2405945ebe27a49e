/**
 * Random input for the relay, with sanitizers: `npm run fuzz -- [--seconds 60] [--seed N]`. Half of the time for its parts
 * under AddressSanitizer (test/fuzz/host-parts.c), half for whole calls of a relay whose undefined behaviour traps: the
 * same with and without it, and records that say what happened. Prints the seed first; the same seed makes the same input.
 */
import assert from "node:assert/strict"
import { copyFileSync } from "node:fs"
import { constants } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import type { End, Payload } from "../src/capture/record.ts"
import { Random } from "../test/capture/random.ts"
import { fuzzHostParts } from "../test/fuzz/host-parts.ts"
import { type Seen, Stand } from "../test/relay/stand.ts"

const root = join(import.meta.dirname, "..")
const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: String(Date.now() % 1e9) } },
})
const seconds = Number(values.seconds)
const seed = Number(values.seed)
if (!(seconds >= 2 && Number.isInteger(seed))) {
  console.error("fuzz: --seconds must be a number from 2 on, --seed an integer")
  process.exit(2)
}
console.error(`fuzz: --seed ${seed}, ${seconds} s`)
console.error(`fuzz: parts of the relay: ${fuzzHostParts(seed, Math.floor(seconds / 2))}`)
await fuzzCalls()

async function fuzzCalls(): Promise<void> {
  const random = new Random(seed)
  const stand = new Stand()
  const endsMs = Date.now() + (seconds / 2) * 1000
  let calls = 0
  try {
    for (; Date.now() < endsMs; calls++) await fuzzCall(stand, random, calls)
  } catch (error) {
    console.error(`fuzz: call ${calls} of --seed ${seed} failed`)
    throw error
  } finally {
    stand.remove()
  }
  console.error(`fuzz: ${calls} calls, the same with and without the relay`)
}

async function fuzzCall(stand: Stand, random: Random, number: number): Promise<void> {
  const name = `plugin-${number}`
  const steps = stepsOf(random)
  const stdin = contentOf(random, 200_000)
  const env = {
    CNI_ARGS: contentOf(random, 300).toString("latin1").replaceAll("\0", ""),
    CNITAP_CALL: nestingOf(random),
  }
  const command = random.pick(["ADD", "DEL", "GC"])
  const see = () => stand.run(name, { command, stdin, env })
  stand.forget()
  stand.add(name, steps)
  const bare = await see()
  stand.wrap(name)
  copyFileSync(join(root, "build/fuzz/relay-x86_64"), join(stand.bin, name))
  const isRecorded = random.below(8) > 0
  if (isRecorded) stand.configure({ streamBytes: random.pick([10, 1000, 65_536, 300_000]), raw: random.below(4) === 0 })
  else stand.write(contentOf(random, 2000))
  assert.deepEqual(withoutVariable(await see()), withoutVariable(bare), `${JSON.stringify(steps)}`)
  if (!isRecorded) return
  await ended(stand)
  const kinds = stand.records().map(({ kind }) => kind)
  assert.deepEqual([kinds[0], kinds.at(-1)], ["begin", "end"])
  const [end] = stand.ends()
  if (end) checkEnd(end, bare)
}

/** A recorder that had no processor for a second writes its record later. */
async function ended(stand: Stand): Promise<void> {
  for (let tries = 0; stand.decoded().length < 2; tries++) {
    assert.ok(tries < 3000, `the capture has ${stand.decoded().length} of two records`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

function checkEnd(end: End, bare: Seen): void {
  for (const stream of ["stdout", "stderr"] as const) {
    const payload: Payload = end[stream]
    const actual = Buffer.from(bare[stream], "latin1")
    assert.equal(payload.sizeBytes, actual.length, stream)
    if (payload.redacted) continue
    const recorded = "text" in payload ? Buffer.from(payload.text) : Buffer.from(payload.base64, "base64")
    assert.ok(actual.subarray(0, recorded.length).equals(recorded), `${stream} is recorded as it was`)
    assert.ok(payload.truncated || recorded.length === actual.length, `${stream} is complete`)
  }
  assert.deepEqual(end.exit, bare.signal ? { signal: constants.signals[bare.signal] } : { code: bare.code })
}

function stepsOf(random: Random): string[] {
  const steps = Array.from({ length: 1 + random.below(5) }, () =>
    random.pick([
      "echo",
      "drain",
      `stdout ${size(random)}`,
      `stderr ${size(random)}`,
      `garbage ${size(random)}`,
      'out {"token":"hunter2","a":[1,2]}',
      "err password=hunter2 \u00ff\n",
      "out \u0000\u0001\u00e9\u0080",
      "sleep 3",
      "close 1",
      "close 2",
      "close 0",
    ]),
  )
  return [...steps, random.pick(["exit 0", "exit 1", "exit 255", "signal 9", "signal 15", "signal 6"])]
}

function size(random: Random): number {
  return random.below(2 ** (1 + random.below(18)))
}

function nestingOf(random: Random): string {
  return random.pick(["", ":", "x", "e8cf26337a7a2977:3", ":7", "a:b", "\u00e9:1", "::", "1:-1"])
}

/** Bytes of a random kind: text that looks like a configuration with secrets, garbage, one character. */
function contentOf(random: Random, most: number): Buffer {
  const length = Math.min(most, size(random))
  const kind = random.below(4)
  if (kind === 0) return Buffer.from(Array.from({ length }, () => random.below(256)))
  if (kind === 1) return Buffer.alloc(length, random.pick(["\0", "[", "token[", '{"a":', "\u{1f310}", "user:pw@"]))
  const words = [
    '{"',
    '":"',
    '"',
    "token",
    "=",
    "password",
    ": ",
    "@",
    "\\u0074oken",
    "eyJ",
    "\n",
    "bridge",
    "1.0.0",
    "\u{1f310}",
    "[",
    "]",
    "}",
  ]
  let text = ""
  while (text.length < length) text += random.pick(words)
  return Buffer.from(text)
}

function withoutVariable(seen: Seen): Seen {
  return { ...seen, stdout: seen.stdout.replace(/,"CNITAP_CALL=[0-9a-f]*:\d"\]/, "]") }
}
