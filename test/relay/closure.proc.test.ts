import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"

const root = join(import.meta.dirname, "../..")
const MACHINES = { x86_64: 62, aarch64: 183 } as const
const DYNAMIC = 2
const INTERPRETER = 3

test("the relay consists of exactly the reviewed files", () => {
  const read = (path: string) => readFileSync(join(root, path), "utf8").trim().split("\n")
  assert.deepEqual(read("build/relay-closure.txt"), read("test/relay/closure.txt"))
})

for (const [machine, number] of Object.entries(MACHINES)) {
  const path = join(root, `dist/relay-${machine}`)

  test(`the relay for ${machine} is a static executable without dependencies`, () => {
    const elf = readFileSync(path)
    assert.equal(elf.subarray(0, 4).toString("latin1"), "\u007fELF")
    assert.equal(elf.readUInt16LE(18), number)
    const segments = programHeaders(elf)
    assert.deepEqual(
      segments.filter((type) => type === DYNAMIC || type === INTERPRETER),
      [],
    )
  })

  test(`the relay for ${machine} contains a started engine, and no address of the process that started it`, () => {
    const image = section(readFileSync(path), ".image")
    const words = Array.from({ length: image.length / 8 }, (_, at) => image.readBigUInt64LE(at * 8))
    assert.ok(words[0] !== 0n && words.filter((word) => word !== 0n).length > 10_000)
    // Addresses of the stack and the vDSO; the engine's own addresses are small numbers.
    assert.deepEqual(
      words.filter((word) => word >= 0x7f00_0000_0000n && word < 0x8000_0000_0000n),
      [],
    )
  })

  test(`the relay for ${machine} is smaller than 1.5 MB`, () => {
    assert.ok(statSync(path).size <= 1_500_000, `${statSync(path).size} bytes`)
  })
}

test("run outside of a plugin directory it reports the missing original and fails", () => {
  assert.throws(() => execFileSync(join(root, "dist/relay-x86_64"), { stdio: "pipe" }), {
    status: 1,
    stderr: Buffer.from(`cnitap: cannot execute ${root}/dist/.cnitap/real/relay-x86_64: the original is missing\n`),
  })
})

/** Types of the program headers (ELF-64, little endian). */
function programHeaders(elf: Buffer): number[] {
  const offset = Number(elf.readBigUInt64LE(32))
  const size = elf.readUInt16LE(54)
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => elf.readUInt32LE(offset + index * size))
}

function section(elf: Buffer, name: string): Buffer {
  const [offset, size, count, names] = [
    Number(elf.readBigUInt64LE(40)),
    elf.readUInt16LE(58),
    elf.readUInt16LE(60),
    elf.readUInt16LE(62),
  ]
  const at = (index: number) => {
    const header = elf.subarray(offset + index * size)
    const from = Number(header.readBigUInt64LE(24))
    return { name: header.readUInt32LE(0), bytes: elf.subarray(from, from + Number(header.readBigUInt64LE(32))) }
  }
  const text = at(names).bytes.toString("latin1")
  const found = Array.from({ length: count }, (_, index) => at(index)).find(
    (each) => text.slice(each.name, text.indexOf("\0", each.name)) === name,
  )
  assert.ok(found, `no section ${name}`)
  return found.bytes
}
