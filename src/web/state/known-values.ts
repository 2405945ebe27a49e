import type { KnownValues } from "../../model/filter/complete.ts"
import { walk } from "../../model/operation.ts"
import { operations } from "./capture.ts"

const MOST_VALUES = 400
/** A completion that is there at once is worth more than one that knows the oldest pod. */
const MOST_LOOKED_AT = 5_000

/** What the newest operations hold, for the filter's completion. */
export function knownValues(): KnownValues {
  const values = {
    command: new Set<string>(),
    plugin: new Set<string>(),
    pod: new Set<string>(),
    namespace: new Set<string>(),
    node: new Set<string>(),
    network: new Set<string>(),
    ifname: new Set<string>(),
    runtime: new Set<string>(),
    cniVersion: new Set<string>(),
  }
  const add = (to: Set<string>, text: string | undefined) => {
    if (text && to.size < MOST_VALUES) to.add(text)
  }
  for (const operation of operations.peek().slice(-MOST_LOOKED_AT).reverse()) {
    add(values.command, operation.command)
    add(values.pod, operation.pod?.name)
    add(values.namespace, operation.pod?.namespace)
    add(values.node, operation.node)
    add(values.network, operation.network)
    add(values.ifname, operation.ifname)
    add(values.runtime, operation.runtime)
    for (const { call } of walk(operation.calls)) {
      add(values.plugin, call.plugin)
      add(values.cniVersion, call.cniVersion)
    }
  }
  return Object.fromEntries(Object.entries(values).map(([field, found]) => [field, [...found].sort()]))
}
