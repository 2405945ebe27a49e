import type { Payload } from "../../capture/record.ts"
import { isObject } from "../../cni/json.ts"
import { SPEC_VERSIONS, VERSION_WHEN_MISSING } from "../../cni/version.ts"
import { type Call, jsonObject } from "../call.ts"
import type { CallNode, Operation } from "../operation.ts"
import { errorIn, isError, type OutputPiece, splitDocuments } from "../result/document.ts"
import type { CallHit, EvidenceStream, Rule } from "./finding.ts"

export type JsonObject = Record<string, unknown>

/** One call as the rules see it: parsed once, with the calls around it. */
export type CallFacts = {
  operation: Operation
  call: Call
  /** nesting depth: 0 for the calls that the runtime made */
  level: number
  /** the call whose plugin made this one */
  parent: CallFacts | undefined
  /** the call of the plugin before this one in the list; undefined for nested calls */
  previous: CallFacts | undefined
  children: CallFacts[]
  /** the JSON object on stdin */
  config: JsonObject | undefined
  /** `cniVersion` of the configuration, or the version that libcni assumes if it is missing */
  version: string
  prevResult: JsonObject | undefined
  /** undefined unless the complete stream was recorded and is UTF-8 */
  stdout: string | undefined
  /** documents and other text on stdout; empty if `stdout` is undefined or blank */
  pieces: OutputPiece[]
  /** the only document on stdout, if it is an object and not an error */
  result: JsonObject | undefined
  /** the error object on stdout, alone or among other text */
  error: JsonObject | undefined
  /** exit status 0 */
  isOk: boolean
  /** non-zero exit status; false for calls that were killed or still run */
  isFailed: boolean
  /** what a successful ADD added to the result; empty for every other call */
  added: AddedObjects
}

/** Objects of a result that are neither in `prevResult` nor in the result of a delegate. */
export type AddedObjects = Readonly<Record<"ips" | "interfaces" | "routes", readonly JsonObject[]>>

/** A rule that checks one call and those around it. */
export type CallRule = Rule & { check(facts: CallFacts): readonly CallHit[] }

/** The facts of all calls of an operation, parents before children. */
export function factsOf(operation: Operation): CallFacts[] {
  const all: CallFacts[] = []
  const visit = (nodes: CallNode[], parent: CallFacts | undefined, level: number): CallFacts[] => {
    const own: CallFacts[] = []
    for (const { call, children } of nodes) {
      const facts = callFacts(operation, call, level, parent, parent ? undefined : own.at(-1))
      own.push(facts)
      all.push(facts)
      facts.children = visit(children, facts, level + 1)
      facts.added = addedBy(facts)
    }
    return own
  }
  visit(operation.calls, undefined, 0)
  return all
}

function callFacts(
  operation: Operation,
  call: Call,
  level: number,
  parent: CallFacts | undefined,
  previous: CallFacts | undefined,
): CallFacts {
  const config = jsonObject(call.stdin)
  const stdout = wholeText(call.stdout)
  const pieces = stdout === undefined ? [] : splitDocuments(stdout)
  const documents = pieces.flatMap((piece) => (piece.kind === "json" ? [piece.value] : []))
  const [only] = pieces.length === 1 ? documents : []
  const code = exitCode(call)
  return {
    operation,
    call,
    level,
    parent,
    previous,
    children: [],
    config,
    version: typeof config?.cniVersion === "string" ? config.cniVersion : VERSION_WHEN_MISSING,
    prevResult: isObject(config?.prevResult) ? config.prevResult : undefined,
    stdout,
    pieces,
    result: isObject(only) && !isError(only) ? only : undefined,
    error: errorIn(pieces),
    isOk: code === 0,
    isFailed: code !== undefined && code !== 0,
    added: NOTHING_ADDED,
  }
}

/** Undefined for a call that was killed, could not be started or still runs. */
export function exitCode({ exit }: Call): number | undefined {
  return exit && "code" in exit ? exit.code : undefined
}

const NOTHING_ADDED: AddedObjects = { ips: [], interfaces: [], routes: [] }

function addedBy(facts: CallFacts): AddedObjects {
  const { call, isOk, result, prevResult } = facts
  if (call.command !== "ADD" || !isOk || !result) return NOTHING_ADDED
  const own = (key: keyof AddedObjects) => {
    if (prevResult && isPassedOn(result[key], prevResult[key])) return []
    return objects(result[key]).filter(isNew(facts, key))
  }
  return { ips: own("ips"), interfaces: own("interfaces"), routes: own("routes") }
}

/** Most plugins of a list pass a list on unchanged; this is faster than comparing object by object. */
export function isPassedOn(result: unknown, prevResult: unknown): boolean {
  return JSON.stringify(result) === JSON.stringify(prevResult)
}

/** Compares with IPAM results without `interface`, which the calling plugin adds. */
function isNew({ prevResult, children }: CallFacts, key: keyof AddedObjects): (object: JsonObject) => boolean {
  const known = new Set<string>()
  for (const object of objects(prevResult?.[key])) known.add(canonical(object))
  for (const { result, call } of children) {
    if (call.command === "ADD")
      for (const object of objects(result?.[key])) known.add(canonical(object)).add(canonical(object, true))
  }
  if (known.size === 0) return () => true
  return (object) => !known.has(canonical(object)) && !(children.length > 0 && known.has(canonical(object, true)))
}

function canonical(object: JsonObject, withoutIndex = false): string {
  const keys = Object.keys(object).sort()
  return JSON.stringify(keys.flatMap((key) => (withoutIndex && key === "interface" ? [] : [key, object[key]])))
}

/** The complete text of a stream; undefined if it was not recorded, was truncated in the record or is not text. */
export function wholeText(payload: Payload | undefined): string | undefined {
  return payload && "text" in payload && !payload.truncated ? payload.text : undefined
}

export function objects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}

export function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "")
}

export function isReleased(version: string): boolean {
  return (SPEC_VERSIONS as readonly string[]).includes(version)
}

/** Whether a version is at least another; false for a version that was never released. */
export function isAtLeast(version: string, least: (typeof SPEC_VERSIONS)[number]): boolean {
  const versions: readonly string[] = SPEC_VERSIONS
  return versions.indexOf(version) >= versions.indexOf(least)
}

/** The version whose format the result must have: its own; `result-version-differs` compares that with the request's. */
export function resultVersion({ result, version }: Pick<CallFacts, "result" | "version">): string {
  return typeof result?.cniVersion === "string" && isReleased(result.cniVersion) ? result.cniVersion : version
}

/** Position of the first candidate that occurs in a stream; without `at` if none does. */
export function locate(
  stream: EvidenceStream,
  text: string | undefined,
  ...candidates: string[]
): Pick<CallHit, "stream" | "at"> {
  for (const candidate of candidates) {
    const at = text?.indexOf(candidate) ?? -1
    if (at >= 0) return { stream, at }
  }
  return { stream }
}
