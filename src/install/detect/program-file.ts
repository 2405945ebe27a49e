import { closeSync, openSync, readSync } from "node:fs"
import type { NodeFiles } from "./node-files.ts"

/** Why the kernel cannot execute an executable file; undefined if it can. */
export function whyNotRunnable(files: NodeFiles, path: string, machine: string = process.arch): string | undefined {
  const head = programHead(files, path)
  if (head === undefined) return undefined
  if (head.length === 0) return "it is empty"
  const text = head.toString("latin1")
  if (text.startsWith("#!")) {
    const [interpreter = ""] = (text.slice(2).split("\n")[0] ?? "").trim().split(/\s+/)
    return missing(files, interpreter)
  }
  if (!text.startsWith("\x7fELF")) return `it is not a program: it begins with ${JSON.stringify(text.slice(0, 16))}`
  if (head[5] !== LITTLE_ENDIAN || head.length < 64) return undefined
  const wanted = MACHINES[machine]
  const built = head.readUInt16LE(18)
  if (wanted !== undefined && built !== wanted)
    return `it is built for ${architectureOf(built)}, but the node is ${machine}`
  const interpreter = interpreterOf(head)
  return interpreter === undefined ? undefined : missing(files, interpreter)
}

const LITTLE_ENDIAN = 1
const PT_INTERP = 3
const HEAD_BYTES = 64 * 1024

/** e_machine (elf.h) by Node.js architecture name. */
const MACHINES: Record<string, number> = { x64: 62, arm64: 183, arm: 40, ia32: 3, riscv64: 243, ppc64: 21, s390x: 22 }

function architectureOf(machine: number): string {
  return Object.entries(MACHINES).find(([, number]) => number === machine)?.[0] ?? `machine ${machine}`
}

/** The loader of a dynamically linked program; execve fails with ENOENT if it is missing. */
function interpreterOf(head: Buffer): string | undefined {
  const is64 = head[4] === 2
  const offset = is64 ? Number(head.readBigUInt64LE(32)) : head.readUInt32LE(28)
  const size = head.readUInt16LE(is64 ? 54 : 42)
  const count = head.readUInt16LE(is64 ? 56 : 44)
  for (let at = offset; at < offset + size * count && at + size <= head.length; at += size) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue
    const from = is64 ? Number(head.readBigUInt64LE(at + 8)) : head.readUInt32LE(at + 4)
    const bytes = is64 ? Number(head.readBigUInt64LE(at + 32)) : head.readUInt32LE(at + 16)
    return head.toString("latin1", from, from + bytes).replace(/\0+$/, "")
  }
  return undefined
}

function missing(files: NodeFiles, interpreter: string): string | undefined {
  if (interpreter === "" || files.isFile(interpreter)) return undefined
  return `it requires ${interpreter}, which does not exist`
}

/** The first 64 KiB; undefined if it cannot be read. */
export function programHead(files: NodeFiles, path: string): Buffer | undefined {
  const host = files.host(path)
  if (host === undefined) return undefined
  try {
    const file = openSync(host, "r")
    try {
      const buffer = Buffer.alloc(HEAD_BYTES)
      return buffer.subarray(0, readSync(file, buffer, 0, HEAD_BYTES, 0))
    } finally {
      closeSync(file)
    }
  } catch {
    return undefined
  }
}
