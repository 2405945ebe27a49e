import { type Call, jsonObject, parseArgs } from "./call.ts"
import { type ResultObject, resultObjects } from "./chain.ts"
import { type Operation, walk } from "./operation.ts"
import { stateText } from "./wording.ts"

/** One value that two calls do not share. `a` or `b` is absent where only the other has it. */
export type Difference = {
  where: "exit" | "stdin" | "stdout" | "stderr" | "env"
  /** JSON pointer, variable name or line number */
  at: string
  a?: string
  b?: string
  /** both are what differs between any two pods: an address, a MAC, a container id, a name */
  isVolatile: boolean
}

/** Calls of two operations that stand at the same place of the list; one of them may be missing. */
export type Pair = { plugin: string; level: number; a?: Call; b?: Call; differences: Difference[] }

/** Lays two operations side by side, call by call: the same plugin at the same depth, in order. */
export function compareOperations(a: Operation, b: Operation): Pair[] {
  const ofA = [...walk(a.calls)]
  const left = [...walk(b.calls)]
  const pairs: Pair[] = []
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
  const [maskA, maskB] = [masker(a), masker(b)]
  const compare = (where: Difference["where"], ofA: Map<string, string>, ofB: Map<string, string>): Difference[] =>
    [...new Set([...ofA.keys(), ...ofB.keys()])].flatMap((at) => {
      const [valueA, valueB] = [ofA.get(at), ofB.get(at)]
      if (valueA === valueB) return []
      const isVolatile = valueA !== undefined && valueB !== undefined && maskA(valueA) === maskB(valueB)
      return [
        {
          where,
          at,
          ...(valueA === undefined ? {} : { a: valueA }),
          ...(valueB === undefined ? {} : { b: valueB }),
          isVolatile,
        },
      ]
    })
  return [
    ...compare("exit", new Map([["", stateText(a)]]), new Map([["", stateText(b)]])),
    ...compare("stdout", streamValues(a.stdout, maskA), streamValues(b.stdout, maskB)),
    ...compare("stderr", streamValues(a.stderr, maskA), streamValues(b.stderr, maskB)),
    ...compare("stdin", streamValues(a.stdin, maskA), streamValues(b.stdin, maskB)),
    ...compare("env", envValues(a), envValues(b)),
  ]
}

/** The objects of a CNI result, every leaf of other JSON by its pointer, every line of anything else by its number. */
function streamValues(payload: Call["stdin"], mask: (text: string) => string): Map<string, string> {
  const values = new Map<string, string>()
  const json = jsonObject(payload)
  if (json) {
    const isResult = "interfaces" in json || "ips" in json || "ip4" in json
    const { prevResult, ...rest } = json
    if (isResult) collectObjects(resultObjects(json), "", mask, values)
    else collectLeaves(rest, "", values)
    if (prevResult !== undefined) collectObjects(resultObjects(prevResult), "prevResult ", mask, values)
  } else if (payload && "text" in payload) {
    for (const [at, line] of payload.text.trimEnd().split("\n").entries()) if (line) values.set(`line ${at + 1}`, line)
  } else if (payload) values.set("bytes", payload.base64)
  return values
}

/** Named by what is the same in any pod, so that `veth1a2b on the node` of one is the `veth3c4d` of the other. */
function collectObjects(
  objects: ResultObject[] | undefined,
  prefix: string,
  mask: (text: string) => string,
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

/** Replaces what belongs to the one pod by words, so that what is left can be compared. */
function masker({ containerId, pod, netns }: Call): (text: string) => string {
  const own: [string | undefined, string][] = [
    [netns, "<netns>"],
    [containerId, "<container>"],
    [pod?.uid, "<uid>"],
    [pod?.name, "<pod>"],
    [pod?.namespace, "<namespace>"],
  ]
  return (text) => {
    let masked = text
    for (const [value, word] of own) if (value && value.length > 2) masked = masked.replaceAll(value, word)
    return masked
      .replace(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/gi, "<mac>")
      .replace(/\b(?:veth|cali|lxc|eni|azv|vnet)[0-9a-f_]{4,}\b/gi, "<veth>")
      .replace(/\b(?:\d{1,3}\.){3}\d{1,3}\b/g, "<ip>")
      .replace(/\b(?:[0-9a-f]{1,4}:){2,7}[0-9a-f]{0,4}\b/gi, "<ip>")
      .replace(/\b[0-9a-f]{12,}\b/gi, "<id>")
  }
}
