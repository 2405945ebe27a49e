import { type Checksum, encode } from "../capture/codec.ts"
import { type Begin, type CaptureRecord, type End, FORMAT, type Payload } from "../capture/record.ts"
import { redact } from "../capture/redact/redact.ts"
import { isSecretName } from "../capture/redact/secret-name.ts"
import type { Call } from "../model/call.ts"
import { type Operation, walk } from "../model/operation.ts"

/** The first line of a bundle: what it is and where it came from. */
export type BundleManifest = {
  format: number
  kind: "bundle"
  version: string
  /** milliseconds since 1970 */
  createdMs: number
  /** the capture directory, and how it was chosen from */
  source: string
  filter: string
}

export function manifestLine(manifest: Omit<BundleManifest, "format" | "kind">): string {
  return `${JSON.stringify({ format: FORMAT, kind: "bundle", ...manifest })}\n`
}

/** How the host turns base64 into one character a byte and back. */
export type Base64 = { decode(base64: string): string; encode(latin1: string): string }

/**
 * The records of an operation as lines, secrets taken out once more: a relay that was told to may have recorded them.
 * The times of an end line are those of its beginning and the duration.
 */
export function bundleLines(operation: Operation, checksum: Checksum, base64: Base64): string {
  return [...walk(operation.calls)]
    .flatMap(({ call }) => toRecords(cleaned(call, base64)))
    .map((record) => encode(record, checksum))
    .join("")
}

function cleaned(call: Call, base64: Base64): Call {
  const payload = (own: Payload | undefined) => (own ? cleanPayload(own, base64) : undefined)
  const { stdin, stdout, stderr, ...rest } = call
  const clean = { stdin: payload(stdin), stdout: payload(stdout), stderr: payload(stderr) }
  const listed = Object.entries(call.env)
  const secret = listed.flatMap(([name]) => (isSecretName(name) ? [name] : []))
  // Variables beyond the plugin's own are the runtime's: only a raw capture has their values.
  const foreign = listed.flatMap(([name]) => (/^(CNI_|TRACE)/.test(name) || secret.includes(name) ? [] : [name]))
  return {
    ...rest,
    argv: call.argv.map((argument) => redact(argument).text),
    env: Object.fromEntries(
      listed
        .filter(([name]) => !secret.includes(name) && !foreign.includes(name))
        .map(([name, value]) => [name, redact(value).text]),
    ),
    envNames: [...call.envNames, ...secret, ...foreign],
    ...(clean.stdin ? { stdin: clean.stdin } : {}),
    ...(clean.stdout ? { stdout: clean.stdout } : {}),
    ...(clean.stderr ? { stderr: clean.stderr } : {}),
  }
}

function cleanPayload(payload: Payload, base64: Base64): Payload {
  const { text, redacted } = redact("text" in payload ? payload.text : base64.decode(payload.base64))
  const all = [...new Set([...(payload.redacted ?? []), ...redacted])]
  return {
    sizeBytes: payload.sizeBytes,
    ...(payload.truncated ? { truncated: true as const } : {}),
    ...(all.length > 0 ? { redacted: all } : {}),
    ...("text" in payload ? { text } : { base64: base64.encode(text) }),
  }
}

const NOTHING: Payload = { sizeBytes: 0, text: "" }

function toRecords(call: Call): CaptureRecord[] {
  const { exit, durationMs } = call
  const begin: Begin = {
    format: FORMAT,
    kind: "begin",
    id: call.id,
    ...(call.parent === undefined ? {} : { parent: call.parent }),
    depth: call.depth,
    as: call.as,
    wallMs: call.wallMs,
    monoMs: call.monoMs,
    ...(call.node === undefined ? {} : { node: call.node }),
    pid: call.pid,
    ppid: call.ppid,
    ...(call.parentName === undefined ? {} : { parentName: call.parentName }),
    plugin: call.plugin,
    path: call.path,
    argv: call.argv,
    env: call.env,
    envNames: call.envNames,
    ...(call.original ? { original: call.original } : {}),
    ...(call.stdin ? { stdin: call.stdin } : {}),
  }
  if (!exit || durationMs === undefined) return [begin]
  const end: End = {
    format: FORMAT,
    kind: "end",
    id: call.id,
    wallMs: rounded(call.wallMs + durationMs),
    monoMs: rounded(call.monoMs + durationMs),
    durationMs,
    spawnMs: call.spawnMs ?? 0,
    exit,
    usage: call.usage ?? { maxRssBytes: 0, userMs: 0, systemMs: 0 },
    stdout: call.stdout ?? NOTHING,
    stderr: call.stderr ?? NOTHING,
  }
  return [begin, end]
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000
}
