/** src/install/disk/relay-bytes.ts: the relay is a part of the executable. */
import * as native from "native"
import { Buffer } from "../modules/buffer.ts"

export function relayBytes(): Buffer {
  return Buffer.from(native.relayFile())
}
