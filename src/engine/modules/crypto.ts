/** node:crypto: SHA-256 and random numbers. */
import * as native from "native"
import { Buffer } from "./buffer.ts"

export function createHash(algorithm: "sha256"): Hash {
  if (algorithm !== "sha256") throw new Error("Digest method not supported")
  return new Hash()
}

class Hash {
  readonly #parts: Uint8Array[] = []

  update(data: string | Uint8Array): this {
    this.#parts.push(typeof data === "string" ? Buffer.from(data) : data)
    return this
  }

  digest(): Buffer
  digest(encoding: "hex" | "base64" | "base64url"): string
  digest(encoding?: "hex" | "base64" | "base64url"): Buffer | string {
    const bytes = Buffer.from(native.sha256(this.#parts))
    return encoding ? bytes.toString(encoding) : bytes
  }
}

export function randomBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  if (native.fillRandom(bytes) < 0) throw new Error("no random numbers")
  return bytes
}

/** RFC 9562, version 4. */
export function randomUUID(): string {
  const bytes = randomBytes(16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
}
