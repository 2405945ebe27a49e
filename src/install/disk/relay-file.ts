import { createHash } from "node:crypto"
import { relayBytes } from "./relay-bytes.ts"

/** The native executable that replaces a plugin. */
export type RelayFile = { bytes: Uint8Array; sizeBytes: number; sha256: string }

/** The relay for this architecture. Throws a Fault if it is not available. */
export function readRelay(): RelayFile {
  const bytes = relayBytes()
  return { bytes, sizeBytes: bytes.length, sha256: sha256(bytes) }
}

export function sha256(bytes: Uint8Array | string): string {
  return createHash("sha256").update(bytes).digest("hex")
}
