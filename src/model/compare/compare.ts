import type { Payload } from "../../capture/record.ts"
import { type Call, jsonObject, parseArgs } from "../call.ts"
import { stateText } from "../format.ts"
import { type Operation, walk } from "../operation.ts"
import { type ResultObject, resultObjects } from "../result/chain.ts"
import { type Mask, maskOf } from "./volatile.ts"

/** One value that two calls do not share. `a` or `b` is absent where only the other has it. */
export type Difference = {
  stream: "exit" | "stdin" | "stdout" | "stderr" | "env"
  /** JSON pointer, variable name or line number */
  location: string
  a?: string
  b?: string
  /** both are what differs between any two pods: an address, a MAC, a container id, a name, a time */
  isVolatile: boolean
}

/** Calls of two operations that stand at the same place of the list; one of them may be missing. */
export type CallPair = { plugin: string; level: number; a?: Call; b?: Call; differences: Difference[] }

/** Lays two operations side by side, call by call: the same plugin at the same depth, in order. */
export function compareOperations(a: Operation, b: Operation): CallPair[] {
  const ofA = [...walk(a.calls)]
  const left = [...walk(b.calls)]
  const pairs: CallPair[] = []
  const takeUntil = (at: number) => {
    for (const { call, level } of left.splice(0, at))
      pairs.push({ plugin: call.plugin, level, b: call, differences: [] })
  }
  for (const { call, level } of ofA) {
    const at = left.findIndex((other) => other.level === level && other.call.plugin === call.plugin)
    takeUntil(at)
    const other = at < 0 ? undefined : left.shift()?.call
    pairs.push({
      plugin: call.plugin,
      level,
      a: call,
      ...(other ? { b: other } : {}),
      differences: other ? compareCalls(call, other) : [],
    })
  }
  takeUntil(left.length)
  return pairs
}

/** What two calls of one plugin do not share, the telling first: how they ended, what they said, what they were given. */
export function compareCalls(a: Call, b: Call): Difference[] {
  const [maskA, maskB] = [maskOf(a), maskOf(b)]
  return [
    ...compareValues("exit", new Map([["", stateText(a)]]), new Map([["", stateText(b)]]), maskA, maskB),
    ...STREAMS.flatMap((stream) => compareStreams(stream, a[stream], b[stream], maskA, maskB)),
    ...compareValues("env", envValues(a), envValues(b), maskA, maskB),
  ]
}

/** All that a call shares with its like, as one text: two calls of one form have no difference but volatile ones. */
export function signatureOf(call: Call): string {
  const mask = maskOf(call)
  const lines = [`exit ${stateText(call)}`]
  for (const stream of STREAMS) {
    const json = jsonObject(call[stream])
    const values = json
      ? [...jsonValues(json, mask)].map(([at, text]) => `${at} ${mask(text, stream)}`)
      : linesOf(call[stream]).map((line) => mask(line, stream))
    lines.push(...values.sort().map((value) => `${stream} ${value}`))
  }
  const env = [...envValues(call)].map(([name, value]) => `env ${name} ${mask(value, "env")}`)
  return [...lines, ...env.sort()].join("\n")
}

const STREAMS = ["stdout", "stderr", "stdin"] as const

function compareStreams(
  stream: (typeof STREAMS)[number],
  a: Payload | undefined,
  b: Payload | undefined,
  maskA: Mask,
  maskB: Mask,
): Difference[] {
  const [jsonA, jsonB] = [jsonObject(a), jsonObject(b)]
  if (jsonA && jsonB) return compareValues(stream, jsonValues(jsonA, maskA), jsonValues(jsonB, maskB), maskA, maskB)
  return compareLines(stream, linesOf(a), linesOf(b), maskA, maskB)
}

function compareValues(
  stream: Difference["stream"],
  ofA: Map<string, string>,
  ofB: Map<string, string>,
  maskA: Mask,
  maskB: Mask,
): Difference[] {
  return [...new Set([...ofA.keys(), ...ofB.keys()])].flatMap((at) => {
    const [a, b] = [ofA.get(at), ofB.get(at)]
    return a === b ? [] : [differenceOf(stream, at, a, b, maskA, maskB)]
  })
}

/** Log lines come in any order and number: those that say the same are one, what is left over stands side by side. */
function compareLines(
  stream: Difference["stream"],
  ofA: string[],
  ofB: string[],
  maskA: Mask,
  maskB: Mask,
): Difference[] {
  const left = ofB.map((line, at) => ({ line, at, masked: maskB(line, stream) }))
  const differences: { at: number; difference: Difference }[] = []
  // What is the same as it stands is taken first: a word that is one pod's name may be any word to the other.
  const unlike = ofA
    .map((line, at) => ({ line, at }))
    .filter(({ line }) => !taken(left, (other) => other.line === line))
  const onlyA = unlike.filter(({ line, at }) => {
    const masked = maskA(line, stream)
    const same = taken(left, (other) => other.masked === masked)
    if (same)
      differences.push({ at, difference: differenceOf(stream, `line ${at + 1}`, line, same.line, maskA, maskB) })
    return !same
  })
  for (const { line, at } of onlyA) {
    const other = left.shift()
    differences.push({
      at,
      difference: { ...differenceOf(stream, `line ${at + 1}`, line, other?.line, maskA, maskB), isVolatile: false },
    })
  }
  for (const { line, at } of left)
    differences.push({
      at,
      difference: differenceOf(stream, `line ${at + 1} of the other`, undefined, line, maskA, maskB),
    })
  return differences.sort((x, y) => x.at - y.at).map(({ difference }) => difference)
}

/** The first that fits, which is taken out. */
function taken<Item>(items: Item[], fits: (item: Item) => boolean): Item | undefined {
  const at = items.findIndex(fits)
  return at < 0 ? undefined : items.splice(at, 1)[0]
}

function differenceOf(
  stream: Difference["stream"],
  location: string,
  a: string | undefined,
  b: string | undefined,
  maskA: Mask,
  maskB: Mask,
): Difference {
  return {
    stream,
    location,
    ...(a === undefined ? {} : { a }),
    ...(b === undefined ? {} : { b }),
    isVolatile: a !== undefined && b !== undefined && maskA(a, stream) === maskB(b, stream),
  }
}

/** Lines of what is no JSON object; bytes that are no text are one. */
function linesOf(payload: Payload | undefined): string[] {
  if (!payload || payload.sizeBytes === 0) return []
  return "text" in payload ? payload.text.split("\n").filter((line) => line.trim() !== "") : [payload.base64]
}

/** The objects of a CNI result, every leaf of other JSON by its pointer. */
function jsonValues(json: Record<string, unknown>, mask: Mask): Map<string, string> {
  const values = new Map<string, string>()
  const isResult = "interfaces" in json || "ips" in json || "ip4" in json
  const { prevResult, ...rest } = json
  if (isResult) collectObjects(resultObjects(json), "", mask, values)
  else collectLeaves(rest, "", values)
  if (prevResult !== undefined) collectObjects(resultObjects(prevResult), "prevResult ", mask, values)
  return values
}

/** Named by what is the same in any pod, so that `veth1a2b on the node` of one is the `veth3c4d` of the other. */
function collectObjects(
  objects: ResultObject[] | undefined,
  prefix: string,
  mask: Mask,
  into: Map<string, string>,
): void {
  for (const { kind, name, fields } of objects ?? []) {
    // Errors have one too, and it is the same key in both.
    const key = kind === "version" || kind === "other" ? `${prefix}/${name}` : `${prefix}${kind} ${mask(name)}`
    const said = Object.entries(fields).flatMap(([field, value]) => (value === name ? [] : [`${field} ${value}`]))
    const text = kind === "version" || kind === "other" ? (fields[name] ?? "") : [name, ...said].join(", ")
    into.set(into.has(key) ? `${key} (${into.size})` : key, text)
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

/** CNI_ARGS is a map that a runtime writes in any order. */
function envValues({ env }: Call): Map<string, string> {
  const values = new Map(Object.entries(env))
  values.delete("CNI_ARGS")
  for (const [key, value] of parseArgs(env.CNI_ARGS)) values.set(`CNI_ARGS ${key}`, value)
  return values
}
