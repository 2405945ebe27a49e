import { isObject } from "../cni/json.ts"
import type { Begin, CaptureRecord, End, LossRecord, Payload, ProgressRecord } from "./record.ts"

/**
 * Whether a sealed object has the members of its kind, with their types. The seal proves only that a line is complete:
 * anyone can seal a line, and a bundle may come from anyone.
 */
export function isRecord(value: Record<string, unknown>): value is Record<string, unknown> & CaptureRecord {
  return value.kind === "begin" ? hasShape(value, BEGIN) : hasShape(value, value.kind === "end" ? END : PROGRESS)
}

export function isLoss(value: Record<string, unknown>): value is Record<string, unknown> & LossRecord {
  return hasShape(value, LOSS)
}

type Check = (value: unknown) => boolean
type RecordShape<Value> = { [Member in Exclude<keyof Value, "format" | "kind">]-?: Check }

export function hasShape(value: Record<string, unknown>, shape: Readonly<Record<string, Check>>): boolean {
  return Object.entries(shape).every(([member, check]) => check(value[member]))
}

export const BEGIN = {
  id: isText,
  parent: optional(isText),
  depth: isNumber,
  as: (value) => value === "relay" || value === "probe" || value === "observer",
  wallMs: isTime,
  monoMs: isNumber,
  node: optional(isText),
  pid: isNumber,
  ppid: isNumber,
  recorderPid: optional(isNumber),
  parentName: optional(isText),
  plugin: isText,
  path: isText,
  argv: areTexts,
  env: (value) => isObject(value) && areTexts(Object.values(value)),
  envNames: areTexts,
  original: optional((value) => isObject(value) && isNumber(value.sizeBytes) && isTime(value.modifiedMs)),
  stdin: optional(isPayload),
} satisfies RecordShape<Begin>

const PROGRESS = {
  id: isText,
  wallMs: isTime,
  monoMs: isNumber,
  stdout: isPayload,
  stderr: isPayload,
} satisfies RecordShape<ProgressRecord>

const END = {
  ...PROGRESS,
  pluginPid: optional(isNumber),
  durationMs: isNumber,
  spawnMs: isNumber,
  exit: (value) => isObject(value) && Object.values(value).length === 1 && hasShape(value, EXIT),
  usage: (value) => isObject(value) && [value.maxRssBytes, value.userMs, value.systemMs].every(isNumber),
  stdin: optional(isPayload),
} satisfies RecordShape<End>

const LOSS = {
  wallMs: isTime,
  monoMs: isNumber,
  node: isText,
  sinceMs: isTime,
  reason: (value) => value === "full" || value === "preempted" || value === "stopped",
  calls: isNumber,
  ends: isNumber,
  pieces: isNumber,
  misses: isNumber,
  records: isNumber,
} satisfies RecordShape<LossRecord>

const EXIT = { code: optional(isNumber), signal: optional(isNumber), errno: optional(isNumber) }

export function isPayload(value: unknown): value is Payload {
  return (
    isObject(value) &&
    isNumber(value.sizeBytes) &&
    (value.truncated === undefined || value.truncated === true) &&
    (value.truncatedBy === undefined || value.truncatedBy === "search" || value.truncatedBy === "loss") &&
    optional(areTexts)(value.redacted) &&
    (isText(value.text) ? value.base64 === undefined : isText(value.base64) && BASE64.test(value.base64))
  )
}

const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** ECMAScript dates end there; printing a later one throws. */
export const MAX_TIME_MS = 8.64e15

function isTime(value: unknown): boolean {
  return isNumber(value) && Math.abs(value) <= MAX_TIME_MS
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value)
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

function isText(value: unknown): value is string {
  return typeof value === "string"
}

function optional(check: Check): Check {
  return (value) => value === undefined || check(value)
}
