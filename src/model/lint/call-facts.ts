import type { Payload } from "../../capture/record.ts"
import { isObject } from "../../cni/json.ts"
import { SPEC_VERSIONS, VERSION_WHEN_MISSING } from "../../cni/version.ts"
import { type Call, jsonObject } from "../call.ts"
import type { CallNode, Operation } from "../operation.ts"
import { errorIn, isError, type OutputPiece, splitDocuments } from "../result/document.ts"
import type { CallHit, Rule } from "./finding.ts"

export type JsonObject = Record<string, unknown>

/** One call as the rules look at it: everything parsed once. */
export type CallFacts = {
  operation: Operation
  call: Call
  /** 0 for the calls that the runtime made */
  level: number
  /** the call whose plugin made this one */
  parent: CallFacts | undefined
  /** the call of the same list before this one */
  previous: CallFacts | undefined
  children: CallFacts[]
  /** the object on stdin */
  config: JsonObject | undefined
  /** `cniVersion` of the configuration, or what libcni takes a missing one for */
  version: string
  prevResult: JsonObject | undefined
  /** whole, recorded and UTF-8; undefined where it is not, and nothing can be said about its content */
  stdout: string | undefined
  /** of stdout; empty where that is undefined or blank */
  pieces: OutputPiece[]
  /** the only document on stdout, where it is an object and no error: what ADD answers */
  result: JsonObject | undefined
  /** the error object that is on stdout, alone or not */
  error: JsonObject | undefined
  isOk: boolean
  /** exited with another status than 0; neither killed nor hung */
  isFailed: boolean
  /** what a successful ADD brought into its result; empty for every other call */
  added: AddedObjects
}

/** Objects of a result that came neither with `prevResult` nor from a delegate. */
export type AddedObjects = Readonly<Record<"ips" | "interfaces" | "routes", readonly JsonObject[]>>

/** A rule that looks at one call and those around it. */
export type CallRule = Rule & { check(facts: CallFacts): readonly CallHit[] }

/** The calls of an operation, parents before children. */
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
  const code = call.exit && "code" in call.exit ? call.exit.code : undefined
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
    added: NOTHING,
  }
}

const NOTHING: AddedObjects = { ips: [], interfaces: [], routes: [] }

function addedBy(facts: CallFacts): AddedObjects {
  const { call, isOk, result, prevResult } = facts
  if (call.command !== "ADD" || !isOk || !result) return NOTHING
  const own = (key: keyof AddedObjects) => {
    if (prevResult && isPassedOn(result[key], prevResult[key])) return []
    return objects(result[key]).filter(isNew(facts, key))
  }
  return { ips: own("ips"), interfaces: own("interfaces"), routes: own("routes") }
}

/** Sooner seen than object by object, and what most plugins of a list do. */
export function isPassedOn(result: unknown, prevResult: unknown): boolean {
  return JSON.stringify(result) === JSON.stringify(prevResult)
}

/** An IPAM plugin's address has no index yet. */
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

/** Text that is all there; undefined where it was not recorded, cut off in the record or is no text. */
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

/** Whether a released version is at least another; false for what is no released version. */
export function isAtLeast(version: string, least: (typeof SPEC_VERSIONS)[number]): boolean {
  const versions: readonly string[] = SPEC_VERSIONS
  return versions.indexOf(version) >= versions.indexOf(least)
}

/** Where a value stands in a text that holds it as JSON; undefined where it stands nowhere. */
export function positionOf(whole: string | undefined, ...candidates: string[]): number | undefined {
  for (const candidate of candidates) {
    const at = whole?.indexOf(candidate) ?? -1
    if (at >= 0) return at
  }
  return undefined
}
