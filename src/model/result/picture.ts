import { isObject } from "../../cni/json.ts"
import { type Call, isFailed, jsonObject, resultOf } from "../call.ts"
import type { CallNode, Operation } from "../operation.ts"
import { type ResultObject, resultObjects } from "./chain.ts"

/**
 * `bridge` and `parent` (of a macvlan, an ipvlan, a VLAN) belong to the node; `host` is the node's end of a pod's interface,
 * or another interface made for it.
 */
export type PictureKind = "bridge" | "parent" | "host" | "pod" | "address" | "route" | "port" | "dns"

/**
 * One thing that a pod got. `made` and `changed` happen in this frame. `removed`: on ADD in this frame, on DEL in this one or
 * before. `left`: after a DEL it is still there, because its plugin failed or was not called.
 */
export type PictureItem = {
  kind: PictureKind
  /** identifies it among all frames */
  key: string
  label: string
  detail?: string
  /** key of what it belongs to: an address to an interface, an interface to that on the node, that one to the bridge */
  on?: string
  /** plugin that made it; absent if that is not known */
  plugin?: string
  state: "made" | "changed" | "kept" | "removed" | "left"
}

/** After one call. */
export type PictureFrame = { call: Call; items: PictureItem[] }

/**
 * What there is after each call, in the order in which the calls ended. `add`: for a DEL, the ADD of the same attachment,
 * which shows what each plugin made.
 */
export function toPicture({ command, calls }: Operation, add?: Operation): PictureFrame[] {
  const ended = inOrderOfEnd(calls)
  if (command === "ADD" || command === "CHECK") return framesOf(ended)
  return command === "DEL" ? removalFrames(ended, add) : []
}

/** Delegates end before the plugin that called them. */
function inOrderOfEnd(nodes: readonly CallNode[], level = 0): { call: Call; level: number }[] {
  return nodes.flatMap(({ call, children }) => [...inOrderOfEnd(children, level + 1), { call, level }])
}

function framesOf(calls: readonly { call: Call; level: number }[]): PictureFrame[] {
  const known = new Map<string, PictureItem>()
  for (const item of givenItems(calls[0]?.call)) known.set(item.key, item)
  return calls.map(({ call, level }) => {
    for (const item of [...known.values()]) {
      if (item.state === "removed") known.delete(item.key)
      else known.set(item.key, { ...item, state: "kept" })
    }
    const objects = isFailed(call) ? undefined : resultObjects(resultOf(call))
    if (objects) {
      const found = itemsOf(objects, call, resultObjects(jsonObject(call.stdin)?.prevResult) ?? [])
      for (const item of found) known.set(item.key, merged(known.get(item.key), item, call.plugin))
      // What a delegate prints is a part; what a plugin of the list prints is everything.
      const isWhole = level === 0 && call.command === "ADD"
      const keys = new Set(found.map(({ key }) => key))
      for (const item of known.values()) {
        const isOfResult = item.kind !== "port" && item.kind !== "parent"
        if (isWhole && isOfResult && !keys.has(item.key)) known.set(item.key, { ...item, state: "removed" })
      }
    }
    return { call, items: [...known.values()] }
  })
}

/** Each plugin removes what it made on ADD. Nothing that belongs to the node is removed. */
function removalFrames(calls: readonly { call: Call; level: number }[], add: Operation | undefined): PictureFrame[] {
  const made = add ? framesOf(inOrderOfEnd(add.calls)).at(-1)?.items : undefined
  const given = calls.findLast(({ level }) => level === 0)?.call ?? calls[0]?.call
  let items = (made ?? givenItems(given)).filter(({ state }) => state !== "removed")
  items = items.map((item) => ({ ...item, state: "kept" }))
  const isEverySuccessful = calls.every(({ call }) => call.state === "ended" && !isFailed(call))
  return calls.map(({ call }, at) => {
    const isLast = at === calls.length - 1
    items = items.map((item): PictureItem => {
      if (isOfNode(item) || item.state === "removed") return item
      // Without the ADD it is unknown which plugin made what.
      if (item.plugin === undefined ? isLast && isEverySuccessful : item.plugin === call.plugin && !isFailed(call))
        return call.state === "ended" ? { ...item, state: "removed" } : item
      const isOver = item.plugin === call.plugin || (isLast && call.state !== "running")
      return isOver ? { ...item, state: "left" } : item
    })
    return { call, items }
  })
}

function isOfNode({ kind }: PictureItem): boolean {
  return kind === "bridge" || kind === "parent"
}

/** What a call is given: all of it was there before. */
function givenItems(call: Call | undefined): PictureItem[] {
  const objects = call && resultObjects(jsonObject(call.stdin)?.prevResult)
  if (!call || !objects) return []
  return itemsOf(objects, call, []).map(({ plugin: _plugin, ...item }) => ({ ...item, state: "kept" }))
}

function merged(before: PictureItem | undefined, item: PictureItem, plugin: string): PictureItem {
  if (!before || before.state === "removed") return { ...item, plugin, state: "made" }
  const { on = before.on, detail = before.detail, label } = item
  const isChanged = label !== before.label || (before.detail !== undefined && before.detail !== detail)
  return {
    ...before,
    label,
    ...(on === undefined ? {} : { on }),
    ...(detail === undefined ? {} : { detail }),
    // Made by its delegate within this frame: still new.
    state: isChanged ? "changed" : before.state,
  }
}

/** `before`: what the call was given. */
function itemsOf(objects: readonly ResultObject[], call: Call, before: readonly ResultObject[]): PictureItem[] {
  const interfaces = objects.filter(({ kind }) => kind === "interface")
  const items = interfaceItems(interfaces, call, before)
  for (const { kind, name, fields } of objects) {
    if (kind === "ip") {
      const on = interfaces.findLast((each) => nameOf(each) === fields.on)
      items.push(
        itemOf(call, "address", name, { detail: fields.gateway && `gateway ${fields.gateway}`, on: on && keyOf(on) }),
      )
    } else if (kind === "route") {
      // A gateway that the plugin adds to the route of its IPAM makes no other route.
      const key = `route ${name.split(" via ")[0]}`
      items.push(itemOf(call, "route", name, items.some((item) => item.key === key) ? {} : { key }))
    } else if (kind === "dns") items.push(itemOf(call, "dns", fields.nameservers ?? "dns", { detail: fields.search }))
  }
  return [...items, ...portItems(call)]
}

/** A result lists interfaces without their relations: those made by one call belong together. */
function interfaceItems(
  interfaces: readonly ResultObject[],
  call: Call,
  before: readonly ResultObject[],
): PictureItem[] {
  const config = jsonObject(call.stdin)
  const given = new Set(before.map(({ name }) => name))
  const isNew = ({ name }: ResultObject) => !given.has(name)
  const bridgeName = config?.type === "bridge" ? (config.bridge ?? "cni0") : undefined
  const onNode = interfaces.filter(({ fields }) => !fields.sandbox)
  const inPod = interfaces.filter(({ fields }) => fields.sandbox)
  const bridge = onNode.find((each) => nameOf(each) === bridgeName)
  const ends = onNode.filter((each) => each !== bridge && isNew(each))
  const parent = typeof config?.master === "string" && inPod.some(isNew) ? config.master : undefined
  const items: PictureItem[] = []
  if (parent) items.push({ kind: "parent", key: `parent ${parent}`, label: parent, state: "made" })
  for (const each of onNode) {
    const isBridge = each === bridge
    const on = !isBridge && bridge && isNew(each) ? keyOf(bridge) : undefined
    items.push(
      itemOf(call, isBridge ? "bridge" : "host", nameOf(each), { key: keyOf(each), detail: each.fields.mac, on }),
    )
  }
  for (const [at, each] of inPod.filter(isNew).entries()) {
    const end = ends[at]
    const on = end ? keyOf(end) : parent && `parent ${parent}`
    items.push(itemOf(call, "pod", nameOf(each), { key: keyOf(each), detail: each.fields.mac, on }))
  }
  for (const each of inPod.filter((one) => !isNew(one)))
    items.push(itemOf(call, "pod", nameOf(each), { key: keyOf(each), detail: each.fields.mac }))
  return items
}

/** portmap prints no ports: they are in its configuration, put there by the runtime. */
function portItems(call: Call): PictureItem[] {
  const config = jsonObject(call.stdin)
  const runtimeConfig = isObject(config?.runtimeConfig) ? config.runtimeConfig : {}
  const mappings =
    config?.type === "portmap" && Array.isArray(runtimeConfig.portMappings) ? runtimeConfig.portMappings : []
  return mappings.filter(isObject).map(({ hostPort, containerPort, protocol = "tcp", hostIP }) => {
    const host = `${hostIP ? String(hostIP) : ""}:${String(hostPort)}`
    return itemOf(call, "port", `${host} → ${String(containerPort)}/${String(protocol)}`, {})
  })
}

function itemOf(
  { plugin }: Call,
  kind: PictureKind,
  label: string,
  { key = `${kind} ${label}`, detail, on }: { key?: string; detail?: string | undefined; on?: string | undefined },
): PictureItem {
  return {
    kind,
    key,
    label,
    ...(detail ? { detail } : {}),
    ...(on ? { on } : {}),
    plugin,
    state: "made",
  }
}

function keyOf({ name }: ResultObject): string {
  return `interface ${name}`
}

function nameOf({ name }: ResultObject): string {
  return name.replace(/ (?:in the pod|on the node)$/, "")
}
