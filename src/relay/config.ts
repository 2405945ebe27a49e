/** `.cnitap/relay.json` beside the originals. */
export type RelayConfig = {
  format: 1
  /** absolute path of the capture directory, 0700 and owned by who runs the plugins */
  capture: string
  /** segments beyond this are pruned, oldest first */
  capBytes: number
  /** how much of each stream a record keeps */
  streamBytes: number
  /** record secrets too */
  raw: boolean
  /** where probes also write the article's lines */
  logFile?: string
}

export const DEFAULT_CAP_BYTES = 256 * 1024 * 1024
export const DEFAULT_STREAM_BYTES = 1024 * 1024

/** Anything that is not a configuration of this format means: record nothing. It never means: fail. */
export function readRelayConfig(text: string | null): RelayConfig | undefined {
  if (text === null) return undefined
  const value = parse(text)
  if (typeof value !== "object" || value === null) return undefined
  const { format, capture, capBytes, streamBytes, raw, logFile } = value as Record<string, unknown>
  if (format !== 1 || typeof capture !== "string" || !capture.startsWith("/")) return undefined
  return {
    format,
    capture,
    capBytes: positive(capBytes, DEFAULT_CAP_BYTES),
    streamBytes: positive(streamBytes, DEFAULT_STREAM_BYTES),
    raw: raw === true,
    ...(typeof logFile === "string" && logFile.startsWith("/") ? { logFile } : {}),
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function positive(value: unknown, otherwise: number): number {
  return typeof value === "number" && value > 0 && value <= 2 ** 31 ? value : otherwise
}
