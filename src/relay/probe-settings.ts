import { scanJson, unquoted } from "../capture/json-scan.ts"
import { DEFAULT_MAX_SIZE_BYTES } from "../capture/prune.ts"
import type { RelaySettings } from "./host.ts"

/** Where the two scripts that the probes replace write their log. */
export const DEFAULT_PROBE_LOG = "/tmp/cni.log"

/** What a probe does with its call: records it in `capture`, appends its line to `logFile`, both or neither. */
export type ProbeSettings = Omit<RelaySettings, "capture"> & { capture?: string }

/** Without relay.json. */
const DEFAULT_STREAM_BYTES = 64 * 1024

/**
 * Settings come from the probe's own stanza in the plugin list, then from relay.json. A probe that was copied into the
 * plugin directory by hand has neither and writes the log of the scripts. One that an install left behind does not:
 * it may stay after the uninstall, because a cached list names it, and must then write nothing.
 */
export function probeSettings(config: RelaySettings | undefined, stdin: string, isInstalled: boolean): ProbeSettings {
  const stanza = stanzaOf(stdin)
  const capture = stanza.capture ?? config?.capture
  const isUnset = stanza.capture === undefined && config === undefined && !isInstalled
  const logFile = stanza.logFile ?? config?.logFile ?? (isUnset ? DEFAULT_PROBE_LOG : undefined)
  return {
    maxSizeBytes: config?.maxSizeBytes ?? DEFAULT_MAX_SIZE_BYTES,
    streamBytes: config?.streamBytes ?? DEFAULT_STREAM_BYTES,
    raw: stanza.raw ?? config?.raw ?? false,
    ...(capture === undefined ? {} : { capture }),
    ...(logFile === undefined ? {} : { logFile }),
  }
}

/** libcni gives a plugin its own stanza of the list, so these are keys of the document on stdin. */
function stanzaOf(stdin: string): { capture?: string; logFile?: string; raw?: boolean } {
  const found: ReturnType<typeof stanzaOf> = {}
  scanJson(stdin, (node) => {
    const value = stdin.slice(node.from, node.to)
    if (node.depth === 1 && node.kind === "string" && (node.step === "capture" || node.step === "logFile"))
      found[node.step] = unquoted(value)
    if (node.depth === 1 && node.kind === "scalar" && node.step === "raw") found.raw = value === "true"
    return node.depth === 0
  })
  return found
}
