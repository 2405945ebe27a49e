import { crc32 } from "node:zlib"
/** Size and CRC-32 of a seal, computed by Node's zlib. */
export function checksum(content: string | Uint8Array): { sizeBytes: number; crc32: string } {
  return { sizeBytes: Buffer.byteLength(content), crc32: crc32(content).toString(16).padStart(8, "0") }
}
