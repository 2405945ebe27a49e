export const BYTES_PER_LINE = 16

/** `00000010  7b 22 …  |{".|`, as `hexdump -C` prints bytes. */
export function hexDump(bytes: Uint8Array): string[] {
  const lines: string[] = []
  for (let from = 0; from < bytes.length; from += BYTES_PER_LINE) {
    const part = [...bytes.subarray(from, from + BYTES_PER_LINE)]
    const hex = part.map((byte) => byte.toString(16).padStart(2, "0")).join(" ")
    const text = part.map((byte) => (byte >= 32 && byte < 127 ? String.fromCharCode(byte) : ".")).join("")
    lines.push(`${from.toString(16).padStart(8, "0")}  ${hex.padEnd(3 * BYTES_PER_LINE - 1)}  |${text}|`)
  }
  return lines
}
