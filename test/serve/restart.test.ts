import assert from "node:assert/strict"
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { Operation } from "../../src/model/operation.ts"
import type { OperationSummary } from "../../src/model/packed-operations.ts"
import { Session } from "../../src/serve/session.ts"
import { openCapture } from "../../src/store/capture/capture.ts"
import { allAtOnce } from "../store/index/both-ways.ts"
import { type Noise, temporaryRandomCapture } from "../store/random-capture.ts"

const MIB = 1024 * 1024

test("a server knows the operations of all lines, and knows the same when it is started again", async (t) => {
  const noises: Noise[] = [{}, { torn: true }, { nodes: 3 }]
  for (const noise of noises) {
    // The last records of so many are read before the indexes are built.
    const directory = temporaryRandomCapture(t, noise, 1_200)
    assert.ok(sizeOf(directory) > 2 * MIB)
    const first = await start(directory)
    assert.deepEqual(first.whole, byId((await allAtOnce(directory)).operations))
    assert.ok(indexesIn(directory).length > 0)
    assert.deepEqual(await start(directory), first)
  }
})

test("an index of a former version is built again, and the server knows the same", async (t) => {
  const directory = temporaryRandomCapture(t, {}, 80)
  const first = await start(directory)
  const [name = ""] = indexesIn(directory)
  const file = join(directory, name)
  const index = readFileSync(file)
  const former = Buffer.from(index)
  former.writeUInt32LE(former.readUInt32LE(4) - 1, 4)
  // A server that read it would find other operations.
  former.fill(0, 24, 2_000)
  writeFileSync(file, former)
  assert.deepEqual(await start(directory), first)
  assert.deepEqual(readFileSync(file), index)
})

/** What a started server shows of the capture: as a list has it, and with streams. */
async function start(directory: string): Promise<{ listed: OperationSummary[]; whole: Operation[] }> {
  const session = new Session(await openCapture(directory))
  try {
    await session.open()
    const listed = byId(session.catalog.newestFirst())
    const whole: Operation[] = []
    for (const operation of listed) whole.push(await session.whole(operation))
    return { listed, whole }
  } finally {
    session.close()
  }
}

function byId<One extends Operation>(operations: readonly One[]): One[] {
  return operations.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

function indexesIn(directory: string): string[] {
  return readdirSync(directory).filter((name) => name.endsWith(".index"))
}

function sizeOf(directory: string): number {
  return readdirSync(directory).reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
}
