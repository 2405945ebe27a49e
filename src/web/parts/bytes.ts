import type { Payload } from "../../capture/record.ts"

/** The bytes of a stream, as recorded. */
export function bytesOf(payload: Payload): Uint8Array<ArrayBuffer> {
  if ("text" in payload) return new TextEncoder().encode(payload.text)
  return Uint8Array.from(atob(payload.base64), (character) => character.charCodeAt(0))
}

/** `812 B`, `14.2 kB`, `1.05 MB`. */
export function sizeText(sizeBytes: number): string {
  if (sizeBytes < 1000) return `${sizeBytes} B`
  return sizeBytes < 1e6 ? `${(sizeBytes / 1e3).toFixed(1)} kB` : `${(sizeBytes / 1e6).toFixed(2)} MB`
}

/** Saves a file with the browser's download. */
export function saveFile(
  name: string,
  content: Uint8Array<ArrayBuffer> | string | Blob,
  type = "application/octet-stream",
): void {
  const url = URL.createObjectURL(new Blob([content], { type }))
  const anchor = document.createElement("a")
  anchor.href = url
  anchor.download = name
  anchor.click()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
