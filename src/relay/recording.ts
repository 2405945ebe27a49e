import { encode } from "../capture/encode.ts"
import {
  type Begin,
  type CaptureRecord,
  type End,
  type Exit,
  FORMAT,
  type Payload,
  type ProgressRecord,
} from "../capture/record.ts"
import { runStart } from "../capture/redact/character.ts"
import type { Redaction } from "../capture/redact/redact.ts"
import { isSecretName, SECRET_MARKS } from "../capture/redact/secret-name.ts"
import { isAddressCode } from "../capture/redact/secret-shape.ts"
import { REDACTED } from "../capture/redact/secret-value.ts"
import { segmentName } from "../capture/segment-name.ts"
import { toBase64 } from "./base64.ts"
import type { RelayConfig } from "./config.ts"
import type { Host, PluginOutcome, StreamIndex } from "./host.ts"
import type { CallNesting } from "./nesting.ts"
import { isTimeToPrune, prune } from "./prune.ts"

type StreamSettings = Pick<RelayConfig, "raw" | "streamBytes">

const MARKS = SECRET_MARKS.join("\n")

/** The begin record of this call. */
export function beginRecord(
  host: Host,
  config: StreamSettings,
  id: string,
  as: Begin["as"],
  nesting: CallNesting,
): Begin {
  const { process } = host
  const { env, envNames } = splitEnv(host, config.raw)
  return {
    format: FORMAT,
    kind: "begin",
    id,
    ...nesting,
    as,
    wallMs: host.wallMs(),
    monoMs: host.monoMs(),
    ...(process.node === null ? {} : { node: process.node }),
    pid: process.pid,
    ppid: process.ppid,
    ...(process.parentName === null ? {} : { parentName: process.parentName.trimEnd() }),
    plugin: process.name,
    path: process.path,
    argv: config.raw ? process.argv : cleanArguments(host, process.argv),
    env,
    envNames,
    ...(process.hasOriginal
      ? { original: { sizeBytes: process.originalSizeBytes, modifiedMs: process.originalModifiedMs } }
      : {}),
    ...(host.stdinComplete() ? { stdin: payload(host, 0, config) } : {}),
  }
}

/** How many bytes of each output a progress record has: it is written several times. */
const PROGRESS_BYTES = 65_536

/** What a running call has written so far. */
export function progressRecord(host: Host, config: StreamSettings, id: string): ProgressRecord {
  const limited = { ...config, streamBytes: Math.min(config.streamBytes, PROGRESS_BYTES) }
  return {
    format: FORMAT,
    kind: "progress",
    id,
    wallMs: host.wallMs(),
    monoMs: host.monoMs(),
    stdout: payload(host, 1, limited),
    stderr: payload(host, 2, limited),
  }
}

/** The end record. It holds stdin if the begin record was written before stdin was complete. */
export function endRecord(
  host: Host,
  config: StreamSettings,
  id: string,
  outcome: PluginOutcome,
  stdinWasRecorded: boolean,
): End {
  return {
    format: FORMAT,
    kind: "end",
    id,
    wallMs: host.wallMs(),
    monoMs: host.monoMs(),
    ...(outcome.pluginPid ? { pluginPid: outcome.pluginPid } : {}),
    durationMs: rounded(outcome.durationMs),
    spawnMs: rounded(outcome.spawnMs),
    exit: exitOf(outcome),
    usage: { maxRssBytes: outcome.maxRssBytes, userMs: outcome.userMs, systemMs: outcome.systemMs },
    ...(stdinWasRecorded ? {} : { stdin: payload(host, 0, config) }),
    stdout: payload(host, 1, config),
    stderr: payload(host, 2, config),
  }
}

/** Appends one line to the segment of its hour. If it cannot be written, the line is lost and the call continues. */
export function record(host: Host, config: Pick<RelayConfig, "capture" | "maxSizeBytes">, line: CaptureRecord): void {
  const segment = segmentName(line.wallMs)
  const place = host.append(config.capture, segment, encode(line, host.checksum), true, config.maxSizeBytes)
  if (place && isTimeToPrune(place, config.maxSizeBytes)) prune(host, config.capture, config.maxSizeBytes, segment)
}

/** libcni passes the runtime's whole environment to every plugin, including proxies with passwords and cloud keys. */
function splitEnv(host: Host, raw: boolean): { env: Record<string, string>; envNames: string[] } {
  const env: Record<string, string> = {}
  const envNames: string[] = []
  const listed: string[] = []
  for (const entry of host.process.env) {
    if (raw || entry.startsWith("CNI_") || entry.startsWith("TRACE")) listed.push(entry)
    else envNames.push(nameOf(entry))
  }
  const mayBeSecret = !raw && host.holdsAny(listed.join("\n"), MARKS)
  for (const entry of listed) {
    const name = nameOf(entry)
    const value = entry.slice(name.length + 1)
    if (mayBeSecret && isSecretName(name)) envNames.push(name)
    else env[name] ??= mayBeSecret && host.holdsAny(value, MARKS) ? host.redact(value).text : value
  }
  return { env, envNames }
}

/** `--token=x` is one argument, `--token x` is two. */
function cleanArguments(host: Host, argv: readonly string[]): string[] {
  return argv.map((argument, at) => {
    const before = argv[at - 1] ?? ""
    const isValue = before.startsWith("-") && !before.includes("=") && isSecretName(before) && !argument.startsWith("-")
    return isValue ? REDACTED : cleaned(host, argument).text
  })
}

function nameOf(entry: string): string {
  const equals = entry.indexOf("=")
  return equals < 0 ? entry : entry.slice(0, equals)
}

function payload(host: Host, stream: StreamIndex, config: StreamSettings): Payload {
  const sizeBytes = host.sizeBytes(stream)
  const text = host.text(stream, config.streamBytes)
  const kept = text ?? host.latin1(stream, config.streamBytes)
  const content = sizeBytes > config.streamBytes && !config.raw ? withoutCutAddress(kept) : kept
  const safe = config.raw ? { text: content, redacted: [], isCut: false } : cleaned(host, content)
  const truncated = sizeBytes > config.streamBytes || safe.isCut ? { truncated: true as const } : {}
  const redacted = safe.redacted.length > 0 ? { redacted: safe.redacted } : {}
  return {
    sizeBytes,
    ...truncated,
    ...redacted,
    ...(text === null ? { base64: toBase64(safe.text) } : { text: safe.text }),
  }
}

/** Takes about 20 ms to search, and 220 ms for an adversarial text. */
const SEARCHED_CHARACTERS = 65_536

/**
 * The text without secrets. Native code searches for marks first, because the script's own search would take as long as
 * the rest of the call. A long text with a mark is truncated, because the call waits.
 */
export function cleaned(host: Host, text: string): Redaction & { isCut: boolean } {
  if (!host.holdsAny(text, MARKS)) return { text, redacted: [], isCut: false }
  if (text.length <= SEARCHED_CHARACTERS) return { ...host.redact(text), isCut: false }
  return { ...host.redact(withoutCutAddress(text.slice(0, wholeCharacters(text, SEARCHED_CHARACTERS)))), isCut: true }
}

const LONGEST_ADDRESS = 4096

/** If the text was truncated inside an address, the `@` that marks the password before it may be missing. */
function withoutCutAddress(text: string): string {
  const word = runStart(text, text.length, Math.max(0, text.length - LONGEST_ADDRESS), isAddressCode)
  const colon = text.indexOf(":", word)
  return colon < 0 ? text : text.slice(0, colon + 1)
}

/** The length without half of a surrogate pair at the end. */
function wholeCharacters(text: string, length: number): number {
  const last = text.charCodeAt(length - 1)
  return last >= 0xd800 && last < 0xdc00 ? length - 1 : length
}

function exitOf(outcome: PluginOutcome): Exit {
  if (outcome.errno) return { errno: outcome.errno }
  return outcome.signal ? { signal: outcome.signal } : { code: outcome.code }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
