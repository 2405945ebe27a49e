import type { Call, Pod } from "../call.ts"
import { utf8Bytes } from "./utf8-offset.ts"

/**
 * `error`: a runtime or the next plugin fails because of it, or something is left behind. `warning`: it breaks with
 * another runtime, version or retry. `note`: it makes failures harder to diagnose.
 */
export type Severity = "error" | "warning" | "note"

/** Where a rule comes from: a section of the specification, the behaviour of libcni, or an issue. */
export type RuleSource = { text: string; link: string }

export type Rule = {
  /** stable: programs and people refer to it */
  id: string
  severity: Severity
  /** what is wrong, for every finding of the rule */
  title: string
  source: RuleSource
  /** what to do, one imperative sentence */
  remedy: string
  /** rules whose finding in the same call explains this one, which is then left out */
  follows?: readonly string[]
}

/** The parts of a call that a finding can refer to. */
export const EVIDENCE_STREAMS = ["stdin", "stdout", "stderr", "env", "exit"] as const
export type EvidenceStream = (typeof EVIDENCE_STREAMS)[number]

/**
 * `byte`: offset from 0 in the recorded bytes of the stream, where `excerpt` starts. `pointer`: JSON pointer to the field of
 * the configuration.
 */
export type Evidence = { call: string; stream: EvidenceStream; byte?: number; pointer?: string; excerpt: string }

/** Something wrong that a rule found in a call. */
export type Finding = {
  rule: string
  severity: Severity
  /** the rule's title */
  title: string
  /** what is specific to this finding; may be empty */
  detail: string
  plugin: string
  command: string
  /** id of the operation */
  operation: string
  pod?: Pod
  containerId?: string
  node?: string
  /** start of the call, milliseconds since 1970 */
  wallMs: number
  evidence: Evidence
  source: RuleSource
  remedy: string
}

/**
 * What a rule reports for one call. `at`: character offset in the recorded text of the stream. `remedy` replaces that of the
 * rule.
 */
export type CallHit = {
  detail: string
  stream: EvidenceStream
  at?: number
  pointer?: string
  excerpt?: string
  remedy?: string
}

const MAX_EXCERPT_CHARACTERS = 120

export function toFinding(rule: Rule, call: Call, operation: string, hit: CallHit): Finding {
  const { detail, stream, at, pointer, excerpt, remedy = rule.remedy } = hit
  const text = textOf(call, stream)
  const from = at ?? 0
  const evidence = {
    call: call.id,
    stream,
    ...(at === undefined ? {} : { byte: utf8Bytes(text, at) }),
    ...(pointer === undefined ? {} : { pointer }),
    excerpt: excerpt ?? text.slice(from, from + MAX_EXCERPT_CHARACTERS),
  }
  return findingOf(rule, call, operation, { detail, evidence, remedy })
}

/** The finding with everything that its rule and its call say of it. */
export function findingOf(
  { id, severity, title, source }: Rule,
  call: Call,
  operation: string,
  { detail, evidence, remedy }: Pick<Finding, "detail" | "evidence" | "remedy">,
): Finding {
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
    evidence,
    source,
    remedy,
  }
}

function textOf(call: Call, stream: EvidenceStream): string {
  if (stream === "env" || stream === "exit") return ""
  const payload = call[stream]
  return payload && "text" in payload ? payload.text : ""
}
