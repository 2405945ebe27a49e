import { isObject } from "../../cni/json.ts"
import { type Call, jsonObject, resultOf } from "../call.ts"
import { type Operation, walk } from "../operation.ts"
import { isError } from "./document.ts"

/** Kinds of objects in a result, named as in the CNI specification; `other` for keys that it does not define. */
export type ResultKind = "interface" | "ip" | "route" | "dns" | "version" | "other"

/** One object of a result. `name` identifies it (`eth0 in the pod`, `10.1.2.3/24`, `0.0.0.0/0 via 10.1.2.1`). */
export type ResultObject = { kind: ResultKind; name: string; fields: Record<string, string> }

/** `changed`: the same object with different fields, whose names are `fields`. */
export type ResultChange =
  | { kind: "added"; object: ResultObject }
  | { kind: "removed"; object: ResultObject }
  | { kind: "changed"; before: ResultObject; after: ResultObject; fields: string[] }

/** One call and its effect on the result. */
export type ChainStep = {
  call: Call
  level: number
  /** undefined if it got none, such as the first plugin of an ADD and nested calls */
  prevResult: ResultObject[] | undefined
  result: ResultObject[] | undefined
  changes: ResultChange[]
}

/** The result from plugin to plugin. A probe shows the combined effect of the plugins between it and the previous probe. */
export function toChain({ calls }: Operation): ChainStep[] {
  let probed: ResultObject[] | undefined
  return walk(calls).map(({ call, level }) => {
    const prevResult = call.as === "probe" ? probed : resultObjects(jsonObject(call.stdin)?.prevResult)
    const result = resultObjects(resultOf(call))
    if (call.as === "probe") probed = result
    return { call, level, prevResult, result, changes: result ? resultChanges(prevResult ?? [], result) : [] }
  })
}

/** Undefined if the value is not a result: an error object, undefined, anything that is not an object. */
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

/** The changes that turn `before` into `after`, in the order of `after`, removals last. */
export function resultChanges(before: ResultObject[], after: ResultObject[]): ResultChange[] {
  const rest = [...before]
  const changes: ResultChange[] = []
  for (const object of after) {
    const at = rest.findIndex(({ kind, name }) => kind === object.kind && name === object.name)
    const [known] = at < 0 ? [] : rest.splice(at, 1)
    if (!known) changes.push({ kind: "added", object })
    else {
      const names = new Set([...Object.keys(known.fields), ...Object.keys(object.fields)])
      const fields = [...names].filter((name) => known.fields[name] !== object.fields[name])
      if (fields.length > 0) changes.push({ kind: "changed", before: known, after: object, fields })
    }
  }
  return [...changes, ...rest.map((object): ResultChange => ({ kind: "removed", object }))]
}

function interfaceObject(value: Record<string, unknown>): ResultObject {
  const { name: _name, ...rest } = value
  const location = value.sandbox ? "in the pod" : "on the node"
  return { kind: "interface", name: `${text(value.name)} ${location}`, fields: fieldsOf(rest) }
}

/** Has the name of the interface instead of its index. */
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

/** Results before 0.3.0 have one object per address family. */
function oldIpObjects(value: unknown): ResultObject[] {
  if (!isObject(value)) return []
  const { ip, routes, ...rest } = value
  return [{ kind: "ip", name: text(ip), fields: fieldsOf(rest) }, ...list(routes).map(routeObject)]
}

function routeObject(value: Record<string, unknown>): ResultObject {
  const { dst, gw, ...rest } = value
  return { kind: "route", name: `${text(dst)}${gw ? ` via ${text(gw)}` : ""}`, fields: fieldsOf(rest) }
}

/** An empty object does not count: libcni before 1.2 always prints `"dns":{}`. */
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
