import { Buffer } from "node:buffer"
import type { Begin, End, Payload } from "../capture/record.ts"

/** A text without secrets is written as the bytes that were observed. */
export type ObservedPayload = Payload | (Omit<Extract<Payload, { text: string }>, "text"> & { text: Uint8Array })

/** A record before it is written. */
export type Observed<Written> = {
  [Key in keyof Written]: Payload extends Written[Key] ? ObservedPayload : Written[Key]
}

/** As a reader of the capture gets it. */
export function writtenBegin({ stdin, ...facts }: Observed<Begin>): Begin {
  return { ...facts, ...(stdin && { stdin: written(stdin) }) }
}

export function writtenEnd({ stdin, stdout, stderr, ...facts }: Observed<End>): End {
  return { ...facts, ...(stdin && { stdin: written(stdin) }), stdout: written(stdout), stderr: written(stderr) }
}

function written(payload: ObservedPayload): Payload {
  if ("base64" in payload) return payload
  const { text } = payload
  return { ...payload, text: typeof text === "string" ? text : Buffer.from(text).toString("utf8") }
}
