/** `.cnitap/relay.json`, next to the originals. */
export type RelayConfig = {
  format: 1
  /** absolute path of the capture directory, 0700 and owned by who runs the plugins */
  capture: string
  /** limit of all segments together: the oldest are pruned to stay below it */
  maxSizeBytes: number
  /** how many bytes of each stream are recorded */
  streamBytes: number
  /** record secrets too */
  raw: boolean
  /** absolute path of the probe log */
  logFile?: string
  /** milliseconds since 1970, after which nothing is recorded */
  untilMs?: number
  /** record one in N containers, chosen by container ID: an operation is recorded as a whole or not at all */
  sampleOneIn?: number
  /** record only failed calls; both lines are written when the call has ended */
  onlyFailures: boolean
}

export const DEFAULT_MAX_SIZE_BYTES = 256 * 1024 * 1024
export const DEFAULT_STREAM_BYTES = 1024 * 1024
/** The host counts the bytes of a stream in 32 bits. */
const LARGEST_STREAM_BYTES = 2 ** 31

/** Undefined if the text is not a configuration of this format: then nothing is recorded, and the plugin runs. */
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

/** Whether to record this call: before the end of the capture, and if its container is in the sample. */
export function isRecorded(config: RelayConfig, wallMs: number, containerId: string | undefined): boolean {
  if (config.untilMs !== undefined && wallMs >= config.untilMs) return false
  return config.sampleOneIn === undefined || fnv1a(containerId ?? "") % Math.floor(config.sampleOneIn) === 0
}

/** FNV-1a, 32 bits: the same containers are selected in every process and on every node. */
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
