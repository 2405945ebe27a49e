import type { Payload } from "../capture/record.ts"
import { type Call, isFailed } from "../model/call.ts"
import { podName, stateText } from "../model/format.ts"
import type { CallNode, Operation } from "../model/operation.ts"
import { outcomeText } from "../model/outcome.ts"

/** OTLP's JSON encoding of protobuf: IDs in lower-case hexadecimal, 64-bit integers as strings, enums as numbers. */
export type OtlpValue =
  | { stringValue: string }
  | { intValue: string }
  | { doubleValue: number }
  | { boolValue: boolean }
  | { arrayValue: { values: OtlpValue[] } }
export type OtlpAttribute = { key: string; value: OtlpValue }
export type OtlpEvent = { timeUnixNano: string; name: string; attributes: OtlpAttribute[] }
export type OtlpSpan = {
  traceId: string
  spanId: string
  parentSpanId?: string
  name: string
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  attributes: OtlpAttribute[]
  events: OtlpEvent[]
  status: { code: number; message?: string }
}
export type TracesData = {
  resourceSpans: {
    resource: { attributes: OtlpAttribute[] }
    scopeSpans: { scope: { name: string; version: string }; spans: OtlpSpan[]; schemaUrl: string }[]
    schemaUrl: string
  }[]
}

const SCHEMA = "https://opentelemetry.io/schemas/1.36.0"
const INTERNAL = 1
const STATUS = { unset: 0, ok: 1, error: 2 } as const
/** Collectors reject messages of several megabytes; longer streams are truncated and marked as such. */
const PAYLOAD_CHARACTERS = 16 * 1024

/**
 * Operations as traces, one resource per node and one span per call, with the attributes of OpenTelemetry's semantic
 * conventions for command line programs. Streams are span events. A call with TRACEPARENT in its environment joins that
 * trace.
 */
export function toOtlp(operations: readonly Operation[], version: string, nowMs: number): TracesData {
  const byNode = new Map<string, OtlpSpan[]>()
  for (const operation of operations) {
    const spans = byNode.get(operation.node ?? "") ?? []
    byNode.set(operation.node ?? "", spans)
    spans.push(...spansOf(operation, nowMs))
  }
  return {
    resourceSpans: [...byNode].map(([node, spans]) => ({
      resource: {
        attributes: attributes({
          "service.name": "cni",
          "host.name": node || undefined,
          "k8s.node.name": node || undefined,
        }),
      },
      scopeSpans: [{ scope: { name: "cnitap", version }, spans, schemaUrl: SCHEMA }],
      schemaUrl: SCHEMA,
    })),
  }
}

function spansOf(operation: Operation, nowMs: number): OtlpSpan[] {
  const remote = traceParent(operation.calls[0]?.call)
  const traceId = remote?.traceId ?? hexOf(`trace ${operation.id}`, 32)
  const root: OtlpSpan = {
    traceId,
    spanId: hexOf(`operation ${operation.id}`, 16),
    ...(remote ? { parentSpanId: remote.spanId } : {}),
    name: `CNI ${operation.command}`,
    kind: INTERNAL,
    ...startAndEnd(operation.wallMs, lastEnd(operation.calls, nowMs)),
    attributes: attributes({
      ...contextOf(operation),
      "cni.operation": operation.id,
      "cni.outcome": operation.outcome,
    }),
    events: [],
    status: operation.outcome === "ok" ? { code: STATUS.ok } : { code: STATUS.error, message: outcomeText(operation) },
  }
  return [root, ...operation.calls.flatMap((node) => callSpans(node, traceId, root.spanId, nowMs))]
}

function callSpans({ call, children }: CallNode, traceId: string, parentSpanId: string, nowMs: number): OtlpSpan[] {
  const spanId = /^[0-9a-f]{16}$/.test(call.id) && !/^0+$/.test(call.id) ? call.id : hexOf(call.id, 16)
  const endMs = endOf(call, nowMs)
  const span: OtlpSpan = {
    traceId,
    spanId,
    parentSpanId,
    name: call.plugin,
    kind: INTERNAL,
    ...startAndEnd(call.wallMs, endMs),
    attributes: attributes({
      ...contextOf(call),
      "process.executable.name": call.plugin,
      "process.executable.path": call.path || undefined,
      "process.command_args": call.argv,
      "process.pid": call.pid,
      "process.parent_pid": call.ppid,
      "process.exit.code": call.exit && "code" in call.exit ? call.exit.code : undefined,
      "error.type": isFailed(call) ? stateText(call) : undefined,
      "cni.call": call.id,
      "cni.state": call.state,
      "cni.spawn_ms": call.spawnMs,
      "cni.max_rss_bytes": call.usage?.maxRssBytes,
    }),
    events: [
      ...payloadEvent("stdin", call.stdin, call.wallMs),
      ...payloadEvent("stdout", call.stdout, endMs),
      ...payloadEvent("stderr", call.stderr, endMs),
    ],
    status: isFailed(call)
      ? { code: STATUS.error, message: stateText(call) }
      : { code: call.state === "ended" ? STATUS.ok : STATUS.unset },
  }
  return [span, ...children.flatMap((child) => callSpans(child, traceId, spanId, nowMs))]
}

function contextOf(one: Operation | Call): Record<string, string | undefined> {
  return {
    "cni.command": one.command,
    "cni.network": one.network,
    "cni.ifname": one.ifname,
    "cni.netns": one.netns,
    "container.id": one.containerId,
    "k8s.namespace.name": one.pod?.namespace,
    "k8s.pod.name": one.pod?.name,
    "k8s.pod.uid": one.pod?.uid,
    "cni.subject": podName(one) || undefined,
  }
}

function payloadEvent(name: string, payload: Payload | undefined, ms: number): OtlpEvent[] {
  if (!payload || payload.sizeBytes === 0) return []
  const content = "text" in payload ? payload.text : payload.base64
  const isTruncated = payload.truncated === true || content.length > PAYLOAD_CHARACTERS
  return [
    {
      timeUnixNano: nanos(ms),
      name: `cni.${name}`,
      attributes: attributes({
        "cni.size_bytes": payload.sizeBytes,
        ["text" in payload ? "cni.text" : "cni.base64"]: content.slice(0, PAYLOAD_CHARACTERS),
        "cni.truncated": isTruncated || undefined,
        "cni.redacted": payload.redacted,
      }),
    },
  ]
}

/** W3C Trace Context from the environment of the call. */
function traceParent(call: Call | undefined): { traceId: string; spanId: string } | undefined {
  const [, traceId, spanId] =
    /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}/.exec(call?.env.TRACEPARENT ?? "") ?? []
  if (!traceId || !spanId || /^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined
  return { traceId, spanId }
}

function startAndEnd(startMs: number, endMs: number): Pick<OtlpSpan, "startTimeUnixNano" | "endTimeUnixNano"> {
  return { startTimeUnixNano: nanos(startMs), endTimeUnixNano: nanos(Math.max(startMs, endMs)) }
}

/** Times have microsecond resolution. A string, because a number cannot hold nanoseconds since 1970 exactly. */
function nanos(ms: number): string {
  return `${Math.round(ms * 1000)}000`
}

function lastEnd(nodes: CallNode[], nowMs: number): number {
  return Math.max(...nodes.map(({ call, children }) => Math.max(endOf(call, nowMs), lastEnd(children, nowMs))), 0)
}

function endOf({ wallMs, durationMs, state }: Call, nowMs: number): number {
  return durationMs === undefined ? (state === "running" ? Math.max(wallMs, nowMs) : wallMs) : wallMs + durationMs
}

function attributes(
  values: Record<string, string | number | boolean | readonly string[] | undefined>,
): OtlpAttribute[] {
  return Object.entries(values).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value: toValue(value) }]))
}

function toValue(value: string | number | boolean | readonly string[]): OtlpValue {
  if (typeof value === "string") return { stringValue: value }
  if (typeof value === "boolean") return { boolValue: value }
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value }
  return { arrayValue: { values: value.map(toValue) } }
}

/** Repeated FNV-1a: the same text yields the same ID on every machine. */
function hexOf(text: string, digits: number): string {
  let hex = ""
  let hash = 0x811c9dc5
  for (let round = 0; hex.length < digits; round++) {
    for (const character of `${round} ${text}`)
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
    hex += hash.toString(16).padStart(8, "0")
  }
  return hex.slice(0, digits)
}
