import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../fault/fault.ts"

const MACHINES: Partial<Record<NodeJS.Architecture, string>> = { x64: "x86_64", arm64: "aarch64" }

/**
 * The relay for this architecture: next to the bundled command line, or in dist/ if cnitap runs from its sources. The node
 * executable contains it (`src/engine/replaced/relay-bytes.ts`).
 */
export function relayBytes(): Uint8Array {
  const machine = MACHINES[process.arch]
  if (!machine)
    throw new Fault("REFUSED", `the relay is not available for ${process.arch}`, "Use an x86-64 or arm64 node.")
  const here = import.meta.dirname
  const candidates = [join(here, `relay-${machine}`), join(here, "../../../dist", `relay-${machine}`)]
  for (const path of candidates) {
    const bytes = readIfThere(path)
    if (bytes) return bytes
  }
  throw new Fault(
    "FILE_MISSING",
    `the relay ${candidates[0]} does not exist`,
    "Reinstall cnitap, or run npm run build.",
  )
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}
