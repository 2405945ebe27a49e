import { isObject } from "../../cni/json.ts"
import { type Call, jsonObject, resultOf } from "../call.ts"
import { type Operation, walk } from "../operation.ts"
import { isError } from "./document.ts"

/** What a result is made of, as the CNI specification names it; `other` for keys that it does not know. */
export type ResultKind = "interface" | "ip" | "route" | "dns" | "version" | "other"

/** One object of a result in words that name it (`eth0 in the pod`, `10.1.2.3/24 on eth0`), and all it says. */
export type ResultObject = { kind: ResultKind; name: string; fields: Record<string, string> }

/** `changed`: the same object with other fields; `fields` names those. */
export type ResultChange =
  | { kind: "added"; object: ResultObject }
  | { kind: "removed"; object: ResultObject }
  | { kind: "changed"; before: ResultObject; after: ResultObject; fields: string[] }

/** One call of the chain: the result it was given, the one it gave, and the difference that it made. */
export type ChainStep = {
  call: Call
  level: number
  /** undefined where there was none: the first of an ADD, nested calls */
  prevResult: ResultObject[] | undefined
  result: ResultObject[] | undefined
  changes: ResultChange[]
}

/** The result as it grows from plugin to plugin; a probe stands for those between it and the probe before. */
export function toChain({ calls }: Operation): ChainStep[] {
  let seen: ResultObject[] | undefined
  return [...walk(calls)].map(({ call, level }) => {
    const prevResult = call.as === "probe" ? seen : resultObjects(jsonObject(call.stdin)?.prevResult)
    const result = resultObjects(resultOf(call))
    if (call.as === "probe") seen = result
    return { call, level, prevResult, result, changes: result ? resultChanges(prevResult ?? [], result) : [] }
  })
}

/** Undefined where the value is no result: an error, nothing, something else. */
export function resultObjects(value: unknown): ResultObject[] | undefined {
  if (!isObject(value) || isError(value)) return undefined
  const interfaces = list(value.interfaces)
  const objects: ResultObject[] = []
  for (const [key, content] of Object.entries(value)) {
    if (key === "interfaces") objects.push(...interfaces.map(interfaceObject))
    else if (key === "ips") objects.push(...list(content).map((ip) => ipObject(ip, interfaces)))
    else if (key === "ip4" || key === "ip6") objects.push(...oldIpObjects(content))
    else if (key === "routes") objects.push(...list(content).map(routeObject))
    else if (key === "dns") objects.push(...dnsObjects(content))
    else if (key === "cniVersion")
      objects.push({ kind: "version", name: "cniVersion", fields: { cniVersion: text(content) } })
    else objects.push({ kind: "other", name: key, fields: { [key]: text(content) } })
  }
  return objects
}

/** What has to be done to the one to get the other, in the order of the second. */
export function resultChanges(before: ResultObject[], after: ResultObject[]): ResultChange[] {
  const left = [...before]
  const changes: ResultChange[] = []
  for (const object of after) {
    const at = left.findIndex(({ kind, name }) => kind === object.kind && name === object.name)
    const [known] = at < 0 ? [] : left.splice(at, 1)
    if (!known) changes.push({ kind: "added", object })
    else {
      const names = new Set([...Object.keys(known.fields), ...Object.keys(object.fields)])
      const fields = [...names].filter((name) => known.fields[name] !== object.fields[name])
      if (fields.length > 0) changes.push({ kind: "changed", before: known, after: object, fields })
    }
  }
  return [...changes, ...left.map((object): ResultChange => ({ kind: "removed", object }))]
}

function interfaceObject(value: Record<string, unknown>): ResultObject {
  const { name: _name, ...rest } = value
  const place = value.sandbox ? "in the pod" : "on the node"
  return { kind: "interface", name: `${text(value.name)} ${place}`, fields: fieldsOf(rest) }
}

/** The index into `interfaces` says nothing by itself; the interface's name does. */
function ipObject(
  { interface: index, ...rest }: Record<string, unknown>,
  interfaces: Record<string, unknown>[],
): ResultObject {
  const on =
    typeof index === "number" ? (interfaces[index]?.name ?? `interface ${index}, which is not listed`) : undefined
  return {
    kind: "ip",
    name: text(rest.address),
    fields: { ...fieldsOf(rest), ...(on === undefined ? {} : { on: text(on) }) },
  }
}

/** Results before 0.3.0 have one object for each family. */
function oldIpObjects(value: unknown): ResultObject[] {
  if (!isObject(value)) return []
  const { ip, routes, ...rest } = value
  return [{ kind: "ip", name: text(ip), fields: fieldsOf(rest) }, ...list(routes).map(routeObject)]
}

function routeObject(value: Record<string, unknown>): ResultObject {
  const { dst, gw, ...rest } = value
  return { kind: "route", name: `${text(dst)}${gw ? ` via ${text(gw)}` : ""}`, fields: fieldsOf(rest) }
}

/** libcni before 1.2 always prints `"dns":{}`, which says nothing. */
function dnsObjects(value: unknown): ResultObject[] {
  if (!isObject(value) || Object.keys(value).length === 0) return []
  return [{ kind: "dns", name: "dns", fields: fieldsOf(value) }]
}

function fieldsOf(value: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(value).map(([key, content]) => [key, text(content)]))
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "")
}

function list(value: unknown): Record<string, unknown>[] {
  return Array.isArray(value) ? value.filter(isObject) : []
}
