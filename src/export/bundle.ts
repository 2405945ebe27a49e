import { type Checksum, encode } from "../capture/encode.ts"
import {
  type Begin,
  type CaptureRecord,
  type End,
  FORMAT,
  type LossRecord,
  type Payload,
  type ProgressRecord,
} from "../capture/record.ts"
import { redact } from "../capture/redact/redact.ts"
import { isSecretName } from "../capture/redact/secret-name.ts"
import type { Call } from "../model/call.ts"
import { BEGIN_MEMBERS, END_MEMBERS } from "../model/call-schema.ts"
import { type Operation, walk } from "../model/operation.ts"

/** The first line of a bundle: format, origin and creation time. */
export type BundleManifest = {
  format: number
  kind: "bundle"
  version: string
  /** milliseconds since 1970 */
  createdMs: number
  /** the capture directory, and the filter that selected the calls; empty for all of them */
  source: string
  filter: string
}

export function manifestLine(manifest: Omit<BundleManifest, "format" | "kind">): string {
  return `${JSON.stringify({ format: FORMAT, kind: "bundle", ...manifest })}\n`
}

/** The host's base64 codec; `latin1` has one character per byte. */
export type Base64 = { decode(base64: string): string; encode(latin1: string): string }

/**
 * The records of an operation as lines. Secrets are redacted again, because a capture recorded with `raw` contains them.
 * The times of an end line are computed from the begin line and the duration.
 */
export function bundleLines(operation: Operation, checksum: Checksum, base64: Base64): string {
  return walk(operation.calls)
    .flatMap(({ call }) => toRecords(redactedCall(call, base64)))
    .map((record) => encode(record, checksum))
    .join("")
}

/** What observers did not record. */
export function lossLines(losses: readonly LossRecord[], checksum: Checksum): string {
  return losses.map((loss) => encode(loss, checksum)).join("")
}

function redactedCall(call: Call, base64: Base64): Call {
  const payload = (own: Payload | undefined) => (own ? redactedPayload(own, base64) : undefined)
  const { stdin, stdout, stderr, ...rest } = call
  const redacted = { stdin: payload(stdin), stdout: payload(stdout), stderr: payload(stderr) }
  const variables = Object.entries(call.env)
  const secret = variables.flatMap(([name]) => (isSecretName(name) ? [name] : []))
  // Other variables belong to the runtime; only a raw capture has their values.
  const foreign = variables.flatMap(([name]) => (/^(CNI_|TRACE)/.test(name) || secret.includes(name) ? [] : [name]))
  return {
    ...rest,
    argv: call.argv.map((argument) => redact(argument).text),
    env: Object.fromEntries(
      variables
        .filter(([name]) => !secret.includes(name) && !foreign.includes(name))
        .map(([name, value]) => [name, redact(value).text]),
    ),
    envNames: [...call.envNames, ...secret, ...foreign],
    ...(redacted.stdin ? { stdin: redacted.stdin } : {}),
    ...(redacted.stdout ? { stdout: redacted.stdout } : {}),
    ...(redacted.stderr ? { stderr: redacted.stderr } : {}),
  }
}

function redactedPayload(payload: Payload, base64: Base64): Payload {
  const { text, redacted } = redact("text" in payload ? payload.text : base64.decode(payload.base64))
  const all = [...new Set([...(payload.redacted ?? []), ...redacted])]
  return {
    sizeBytes: payload.sizeBytes,
    ...(payload.truncated ? { truncated: true as const } : {}),
    ...(payload.truncatedBy ? { truncatedBy: payload.truncatedBy } : {}),
    ...(all.length > 0 ? { redacted: all } : {}),
    ...("text" in payload ? { text } : { base64: base64.encode(text) }),
  }
}

const EMPTY: Payload = { sizeBytes: 0, text: "" }
const NO_USAGE: End["usage"] = { maxRssBytes: 0, userMs: 0, systemMs: 0 }

function toRecords(call: Call): CaptureRecord[] {
  const { id, wallMs, monoMs, exit, durationMs } = call
  const begin = { format: FORMAT, kind: "begin", ...membersOf(call, BEGIN_MEMBERS) } as Begin
  if (!exit || durationMs === undefined) return call.stdout || call.stderr ? [begin, progressOf(call)] : [begin]
  const whole = { spawnMs: 0, usage: NO_USAGE, stdout: EMPTY, stderr: EMPTY, ...call }
  const end = {
    format: FORMAT,
    kind: "end",
    id,
    wallMs: roundToMicros(wallMs + durationMs),
    monoMs: roundToMicros(monoMs + durationMs),
    ...membersOf(whole, END_MEMBERS),
  } as End
  return [begin, end]
}

/** What a call without an end has written so far. The time of that output is no longer known. */
function progressOf({ id, wallMs, monoMs, stdout = EMPTY, stderr = EMPTY }: Call): ProgressRecord {
  return { format: FORMAT, kind: "progress", id, wallMs, monoMs, stdout, stderr }
}

function membersOf(call: Call, names: readonly (keyof Call)[]): Partial<Call> {
  return Object.fromEntries(names.flatMap((name) => (call[name] === undefined ? [] : [[name, call[name]]])))
}

function roundToMicros(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
