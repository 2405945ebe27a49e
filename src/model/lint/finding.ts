import type { Call, Pod } from "../call.ts"

/**
 * `error`: a runtime or the next plugin fails on it, or something is left behind. `warning`: breaks with another
 * runtime, version or retry. `note`: costs whoever has to find a fault.
 */
export type Severity = "error" | "warning" | "note"

/** Where a rule is written: a section of the specification, what libcni does, or an issue that it came from. */
export type RuleSource = { text: string; link: string }

export type Rule = {
  /** stable: programs and people refer to it */
  id: string
  severity: Severity
  /** what is wrong, true of every finding of the rule */
  title: string
  source: RuleSource
  /** one imperative sentence */
  remedy: string
}

export type EvidenceStream = "stdin" | "stdout" | "stderr" | "env" | "exit"

/** `byte` counts from 0 in the recorded bytes of the stream; `excerpt` starts there. */
export type Evidence = { call: string; stream: EvidenceStream; byte?: number; excerpt: string }

/** Something wrong that a reader concluded from calls. `detail` tells of this one what `title` cannot. */
export type Finding = {
  rule: string
  severity: Severity
  title: string
  detail: string
  plugin: string
  command: string
  /** id of the operation */
  operation: string
  pod?: Pod
  containerId?: string
  node?: string
  /** of the call, milliseconds since 1970 */
  wallMs: number
  evidence: Evidence
  source: RuleSource
  remedy: string
}

/** What a rule's check says of one call; `at` counts characters of the recorded text. */
export type CallHit = { detail: string; stream: EvidenceStream; at?: number; excerpt?: string }

const EXCERPT_CHARACTERS = 120

export function toFinding(
  rule: Rule,
  call: Call,
  operation: string,
  { detail, stream, at, excerpt }: CallHit,
): Finding {
  const { id, severity, title, source, remedy } = rule
  const text = textOf(call, stream)
  const from = at ?? 0
  return {
    rule: id,
    severity,
    title,
    detail,
    plugin: call.plugin,
    command: call.command,
    operation,
    ...(call.pod ? { pod: call.pod } : {}),
    ...(call.containerId ? { containerId: call.containerId } : {}),
    ...(call.node ? { node: call.node } : {}),
    wallMs: call.wallMs,
    evidence: {
      call: call.id,
      stream,
      ...(at === undefined ? {} : { byte: utf8Bytes(text, at) }),
      excerpt: excerpt ?? text.slice(from, from + EXCERPT_CHARACTERS),
    },
    source,
    remedy,
  }
}

/** How many bytes of UTF-8 the first characters of a text take. */
export function utf8Bytes(text: string, characters: number): number {
  let bytes = 0
  for (let at = 0; at < characters; at++) bytes += bytesOf(text.charCodeAt(at))
  return bytes
}

/** The character that a byte of a text's UTF-8 is of. */
export function characterAt(text: string, byte: number): number {
  let bytes = 0
  for (let at = 0; at < text.length; at++) {
    bytes += bytesOf(text.charCodeAt(at))
    if (bytes > byte) return at
  }
  return text.length
}

/** Each half of a pair counts two of the four bytes. */
function bytesOf(code: number): number {
  return code < 0x80 ? 1 : code < 0x800 || (code >= 0xd800 && code <= 0xdfff) ? 2 : 3
}

function textOf(call: Call, stream: EvidenceStream): string {
  if (stream === "env" || stream === "exit") return ""
  const payload = call[stream]
  return payload && "text" in payload ? payload.text : ""
}
