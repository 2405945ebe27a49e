import type { Payload } from "../../capture/record.ts"
import { type Call, jsonObject, parseArgs, type Stream } from "../call.ts"
import { stateText } from "../format.ts"
import { type Operation, walk } from "../operation.ts"
import { type ResultObject, resultObjects } from "../result/chain.ts"
import { type Mask, maskOf } from "./volatile.ts"

/** A value in which two calls differ; `a` or `b` is absent if only the other call has it. */
export type Difference = {
  stream: "exit" | "stdin" | "stdout" | "stderr" | "env"
  /** JSON pointer, object of a result, variable name or line number; empty for `exit` */
  location: string
  a?: string
  b?: string
  /** only in parts that differ between any two pods: addresses, MACs, container IDs, names, times */
  isVolatile: boolean
}

/** Calls of two operations at the same place of the list; one of them may be missing. */
export type CallPair = { plugin: string; level: number; a?: Call; b?: Call; differences: Difference[] }

/** Pairs the calls of two operations by plugin and depth, in order. */
export function compareOperations(a: Operation, b: Operation): CallPair[] {
  const rest = walk(b.calls)
  const pairs: CallPair[] = []
  const addOnlyB = (count: number) => {
    for (const { call, level } of rest.splice(0, count))
      pairs.push({ plugin: call.plugin, level, b: call, differences: [] })
  }
  for (const { call, level } of walk(a.calls)) {
    const at = rest.findIndex((other) => other.level === level && other.call.plugin === call.plugin)
    addOnlyB(at)
    const other = at < 0 ? undefined : rest.shift()?.call
    pairs.push({
      plugin: call.plugin,
      level,
      a: call,
      ...(other ? { b: other } : {}),
      differences: other ? compareCalls(call, other) : [],
    })
  }
  addOnlyB(rest.length)
  return pairs
}

/** What a delegate was given is mostly what its caller was given: differences that the caller has too are left out. */
export function withoutRepeated(pairs: readonly CallPair[]): CallPair[] {
  const callers: CallPair[] = []
  return pairs.map((pair) => {
    callers.length = Math.min(callers.length, pair.level)
    const known = new Set(callers.flatMap(({ differences }) => differences.map(textOf)))
    callers[pair.level] = pair
    // How it ended is its own difference, even if its caller ended so for that reason.
    const own = pair.differences.filter((difference) => difference.stream === "exit" || !known.has(textOf(difference)))
    return { ...pair, differences: own }
  })
}

function textOf({ stream, location, a, b }: Difference): string {
  return JSON.stringify([stream, location, a, b])
}

/** Differences of two calls of one plugin, most relevant first: how they ended, what they printed, what they were given. */
export function compareCalls(a: Call, b: Call): Difference[] {
  const masks: Masks = { a: maskOf(a), b: maskOf(b) }
  return [
    ...compareValues("exit", new Map([["", stateText(a)]]), new Map([["", stateText(b)]]), masks),
    ...MOST_RELEVANT_FIRST.flatMap((stream) => compareStreams(stream, a[stream], b[stream], masks)),
    ...compareValues("env", envValues(a), envValues(b), masks),
  ]
}

/** The call as text without its volatile parts: calls with equal signatures have only volatile differences. */
export function signatureOf(call: Call): string {
  const mask = maskOf(call)
  const lines = [`exit ${stateText(call)}`]
  for (const stream of MOST_RELEVANT_FIRST) {
    const json = jsonObject(call[stream])
    const values = json
      ? [...jsonValues(json, mask)].map(([location, text]) => `${location} ${mask(text, stream)}`)
      : linesOf(call[stream]).map((line) => mask(line, stream))
    lines.push(...values.sort().map((value) => `${stream} ${value}`))
  }
  const env = [...envValues(call)].map(([name, value]) => `env ${name} ${mask(value, "env")}`)
  return [...lines, ...env.sort()].join("\n")
}

const MOST_RELEVANT_FIRST = ["stdout", "stderr", "stdin"] as const satisfies Stream[]

type Masks = { a: Mask; b: Mask }

function compareStreams(stream: Stream, a: Payload | undefined, b: Payload | undefined, masks: Masks): Difference[] {
  const [jsonA, jsonB] = [jsonObject(a), jsonObject(b)]
  if (jsonA && jsonB) return compareValues(stream, jsonValues(jsonA, masks.a), jsonValues(jsonB, masks.b), masks)
  return compareLines(stream, linesOf(a), linesOf(b), masks)
}

function compareValues(
  stream: Difference["stream"],
  valuesA: Map<string, string>,
  valuesB: Map<string, string>,
  masks: Masks,
): Difference[] {
  return [...new Set([...valuesA.keys(), ...valuesB.keys()])].flatMap((location) => {
    const [a, b] = [valuesA.get(location), valuesB.get(location)]
    return a === b ? [] : [differenceOf(stream, location, a, b, masks)]
  })
}

/** Log lines come in any order and number: equal lines are paired first, then equal masked lines, the rest in order. */
function compareLines(stream: Difference["stream"], linesA: string[], linesB: string[], masks: Masks): Difference[] {
  const rest = linesB.map((line, at) => ({ line, at, masked: masks.b(line, stream) }))
  const differences: { at: number; difference: Difference }[] = []
  // Unmasked first: a word that is the name of one pod may be any word in the other.
  const unequal = linesA
    .map((line, at) => ({ line, at }))
    .filter(({ line }) => !takeFirst(rest, (other) => other.line === line))
  const unpaired = unequal.filter(({ line, at }) => {
    const masked = masks.a(line, stream)
    const same = takeFirst(rest, (other) => other.masked === masked)
    if (same) differences.push({ at, difference: differenceOf(stream, `line ${at + 1}`, line, same.line, masks) })
    return !same
  })
  for (const { line, at } of unpaired) {
    const other = rest.shift()
    differences.push({
      at,
      difference: { ...differenceOf(stream, `line ${at + 1}`, line, other?.line, masks), isVolatile: false },
    })
  }
  for (const { line, at } of rest)
    differences.push({ at, difference: differenceOf(stream, `line ${at + 1} of b`, undefined, line, masks) })
  return differences.sort((x, y) => x.at - y.at).map(({ difference }) => difference)
}

/** Removes and returns the first item that matches. */
function takeFirst<Item>(items: Item[], matches: (item: Item) => boolean): Item | undefined {
  const at = items.findIndex(matches)
  return at < 0 ? undefined : items.splice(at, 1)[0]
}

function differenceOf(
  stream: Difference["stream"],
  location: string,
  a: string | undefined,
  b: string | undefined,
  masks: Masks,
): Difference {
  return {
    stream,
    location,
    ...(a === undefined ? {} : { a }),
    ...(b === undefined ? {} : { b }),
    isVolatile: a !== undefined && b !== undefined && masks.a(a, stream) === masks.b(b, stream),
  }
}

/** Non-blank lines of a stream that is not a JSON object; bytes that are not text count as one line of base64. */
function linesOf(payload: Payload | undefined): string[] {
  if (!payload || payload.sizeBytes === 0) return []
  return "text" in payload ? payload.text.split("\n").filter((line) => line.trim() !== "") : [payload.base64]
}

/** By location: the objects of a CNI result, and every leaf of other JSON. */
function jsonValues(json: Record<string, unknown>, mask: Mask): Map<string, string> {
  const values = new Map<string, string>()
  const isResult = "interfaces" in json || "ips" in json || "ip4" in json
  const { prevResult, ...rest } = json
  if (isResult) collectObjects(resultObjects(json), "", mask, values)
  else collectLeaves(rest, "", values)
  if (prevResult !== undefined) collectObjects(resultObjects(prevResult), "prevResult ", mask, values)
  return values
}

/** Locations contain masked names, so that `veth1a2b on the node` of one pod is paired with `veth3c4d` of the other. */
function collectObjects(
  objects: ResultObject[] | undefined,
  prefix: string,
  mask: Mask,
  into: Map<string, string>,
): void {
  for (const { kind, name, fields } of objects ?? []) {
    // Same location as in an error object, which has a cniVersion too.
    const location = kind === "version" || kind === "other" ? `${prefix}/${name}` : `${prefix}${kind} ${mask(name)}`
    const details = Object.entries(fields).flatMap(([field, value]) => (value === name ? [] : [`${field} ${value}`]))
    const text = kind === "version" || kind === "other" ? (fields[name] ?? "") : [name, ...details].join(", ")
    into.set(into.has(location) ? `${location} (${into.size})` : location, text)
  }
}

function collectLeaves(value: unknown, pointer: string, into: Map<string, string>): void {
  if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
    into.set(pointer, typeof value === "string" ? value : (JSON.stringify(value) ?? ""))
    return
  }
  for (const [key, content] of Object.entries(value)) {
    collectLeaves(content, `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`, into)
  }
}

/** CNI_ARGS is split, because runtimes write its pairs in any order. */
function envValues({ env }: Call): Map<string, string> {
  const values = new Map(Object.entries(env))
  values.delete("CNI_ARGS")
  for (const [key, value] of parseArgs(env.CNI_ARGS)) values.set(`CNI_ARGS ${key}`, value)
  return values
}
