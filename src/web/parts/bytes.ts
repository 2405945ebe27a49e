import type { Payload } from "../../capture/record.ts"

/** The bytes that the record kept of a stream. */
export function bytesOf(payload: Payload): Uint8Array<ArrayBuffer> {
  if ("text" in payload) return new TextEncoder().encode(payload.text)
  return Uint8Array.from(atob(payload.base64), (character) => character.charCodeAt(0))
}

/** `00000010  7b 22 …  |{".|`: sixteen bytes a line. */
export function hexLines(bytes: Uint8Array): string[] {
  const lines: string[] = []
  for (let from = 0; from < bytes.length; from += 16) {
    const part = [...bytes.subarray(from, from + 16)]
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("")
    lines.push(`${from.toString(16).padStart(8, "0")}  ${hex.padEnd(47)}  |${text}|`)
  }
  return lines
}

/** `812 B`, `14.2 kB`, `1.05 MB`. */
export function sizeText(sizeBytes: number): string {
  if (sizeBytes < 1000) return `${sizeBytes} B`
  return sizeBytes < 1e6 ? `${(sizeBytes / 1e3).toFixed(1)} kB` : `${(sizeBytes / 1e6).toFixed(2)} MB`
}

/** Hands a file to the browser's download; nothing is opened. */
export function saveFile(
  name: string,
  content: Uint8Array<ArrayBuffer> | string,
  type = "application/octet-stream",
): void {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const anchor = document.createElement("a")
  anchor.href = url
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
