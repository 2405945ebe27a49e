/** `.cnitap/relay.json` beside the originals. */
export type RelayConfig = {
  format: 1
  /** absolute path of the capture directory, 0700 and owned by who runs the plugins */
  capture: string
  /** limit of all segments together: the oldest are pruned to stay below it */
  maxSizeBytes: number
  /** how much of each stream a record keeps */
  streamBytes: number
  /** record secrets too */
  raw: boolean
  /** where probes also write the article's lines */
  logFile?: string
  /** wall clock, milliseconds since 1970: from then on nothing is recorded */
  untilMs?: number
  /** records the calls of one container in so many, chosen by its id: an operation is recorded whole or not at all */
  sampleOneIn?: number
  /** writes both lines of a failed call after its end, and nothing of any other */
  onlyFailures: boolean
}

export const DEFAULT_MAX_SIZE_BYTES = 256 * 1024 * 1024
export const DEFAULT_STREAM_BYTES = 1024 * 1024
/** The host counts the bytes of a stream in 32 bits. */
const LARGEST_STREAM_BYTES = 2 ** 31

/** Anything that is not a configuration of this format means: record nothing. It never means: fail. */
export function readRelayConfig(text: string | null): RelayConfig | undefined {
  if (text === null) return undefined
  const value = parse(text)
  if (typeof value !== "object" || value === null) return undefined
  const { format, capture, maxSizeBytes, streamBytes, raw, logFile, untilMs, sampleOneIn, onlyFailures } =
    value as Record<string, unknown>
  if (format !== 1 || typeof capture !== "string" || !capture.startsWith("/")) return undefined
  return {
    format,
    capture,
    maxSizeBytes: positive(maxSizeBytes, Number.MAX_SAFE_INTEGER, DEFAULT_MAX_SIZE_BYTES),
    streamBytes: positive(streamBytes, LARGEST_STREAM_BYTES, DEFAULT_STREAM_BYTES),
    raw: raw === true,
    ...(typeof logFile === "string" && logFile.startsWith("/") ? { logFile } : {}),
    ...(typeof untilMs === "number" ? { untilMs } : {}),
    ...(typeof sampleOneIn === "number" && sampleOneIn > 1 ? { sampleOneIn } : {}),
    onlyFailures: onlyFailures === true,
  }
}

/** Whether this call is to be recorded: not after the end of the capture, and only if its container was drawn. */
export function isRecorded(config: RelayConfig, wallMs: number, containerId: string | undefined): boolean {
  if (config.untilMs !== undefined && wallMs >= config.untilMs) return false
  return config.sampleOneIn === undefined || fnv1a(containerId ?? "") % Math.floor(config.sampleOneIn) === 0
}

/** FNV-1a, 32 bits: the same container is drawn in every process and on every node. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0
  return hash
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function positive(value: unknown, largest: number, otherwise: number): number {
  return typeof value === "number" && value > 0 && value <= largest ? value : otherwise
}
