import { closeSync, constants, fstatSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { checksName } from "../../capture/segment-name.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { EVIDENCE_STREAMS } from "../../model/lint/finding.ts"
import type { PackedChecks } from "../../model/lint/packed-checks.ts"
import { isSealed, type Segment } from "../capture/segments.ts"
import { isStampOf, type SegmentStamp, stampOf } from "../index/segment-stamp.ts"

/** `ruleSet`: identifies the rules that made them; undefined: nothing is kept. */
type KeptChecks = PackedChecks & SegmentStamp & { ruleSet: string }

/** The checks that are kept beside a segment. Undefined if there are none, or if the segment or the rules have changed since. */
export function readChecks(segment: Segment, ruleSet: string | undefined): PackedChecks | undefined {
  if (ruleSet === undefined || !isSealed(segment)) return undefined
  let file: number | undefined
  try {
    // Opening a FIFO would wait for its writer.
    file = openSync(checksPath(segment), constants.O_RDONLY | constants.O_NONBLOCK)
    const stat = fstatSync(file)
    // More than the segment itself was not written by us.
    if (!stat.isFile() || stat.size > segment.sizeBytes + LEAST_BYTES) return undefined
    const kept = parseJson(readFileSync(file, "utf8"))
    return isKept(kept) && kept.ruleSet === ruleSet && isStampOf(kept, segment) ? kept : undefined
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Keeps the checks beside a segment that no longer grows. If they cannot be written, the next server makes them again. */
export function keepChecks(segment: Segment, checks: PackedChecks, ruleSet: string | undefined): void {
  if (ruleSet === undefined || !isSealed(segment)) return
  const path = checksPath(segment)
  const temporary = `${path}.${process.pid}`
  try {
    const kept: KeptChecks = { ...stampOf(segment), ruleSet, ...checks }
    writeFileSync(temporary, JSON.stringify(kept), { flag: "wx", mode: 0o600 })
  } catch {
    // The directory cannot be written or is full, or another process is writing the same.
    return
  }
  try {
    renameSync(temporary, path)
  } catch {
    rmSync(temporary, { force: true })
  }
}

/** A segment of a few calls is smaller than the checks of these. */
const LEAST_BYTES = 64 * 1024

function checksPath({ path }: Segment): string {
  return join(dirname(path), checksName(basename(path)))
}

/** The file may have been copied with a capture: nothing in it is taken for granted. */
function isKept(value: unknown): value is KeptChecks {
  return (
    isObject(value) &&
    typeof value.stamp === "string" &&
    typeof value.ruleSet === "string" &&
    Array.isArray(value.digests) &&
    value.digests.every(isDigest) &&
    isObject(value.operations) &&
    Object.values(value.operations).every((checks) => Array.isArray(checks) && checks.every(isCheck))
  )
}

function isDigest(value: unknown): boolean {
  if (!isObject(value)) return false
  const { path, build, version, pool, supports, refusesVersion, dataDir } = value
  return (
    typeof path === "string" &&
    (build === undefined ||
      (isObject(build) && typeof build.sizeBytes === "number" && typeof build.modifiedMs === "number")) &&
    isTextOrNone(version) &&
    isTextOrNone(dataDir) &&
    (pool === undefined || isObject(pool)) &&
    (supports === undefined || isTexts(supports)) &&
    (refusesVersion === undefined || refusesVersion === true)
  )
}

function isCheck(value: unknown): boolean {
  if (!Array.isArray(value)) return false
  const [digest, ips = [], findings = []]: unknown[] = value
  return typeof digest === "number" && isTexts(ips) && Array.isArray(findings) && findings.every(isFinding)
}

function isFinding(value: unknown): boolean {
  if (!isObject(value) || !isObject(value.evidence)) return false
  const { stream, byte, pointer, excerpt } = value.evidence
  return (
    typeof value.rule === "string" &&
    typeof value.detail === "string" &&
    isTextOrNone(value.remedy) &&
    EVIDENCE_STREAMS.some((known) => known === stream) &&
    (byte === undefined || typeof byte === "number") &&
    isTextOrNone(pointer) &&
    typeof excerpt === "string"
  )
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((text) => typeof text === "string")
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || typeof value === "string"
}
