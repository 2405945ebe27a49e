import { crc32 } from "node:zlib"
import type { Checksum } from "../../capture/encode.ts"

/** Size and CRC-32 of a seal, computed by Node's zlib. */
export const checksum: Checksum = (text) => ({
  sizeBytes: Buffer.byteLength(text),
  crc32: crc32(text).toString(16).padStart(8, "0"),
})
