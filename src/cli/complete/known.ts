import { resultOf } from "../../model/call.ts"
import type { KnownValues } from "../../model/filter/complete.ts"
import { addressesOf } from "../../model/result/result-fields.ts"
import { readSegments } from "../../store/capture/calls.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"

/** What the newest part of a capture holds, for completion. `ids`: of operations' first calls, newest first. */
export type Known = { values: KnownValues; ids: { id: string; help: string }[]; pods: string[]; ips: string[] }

/** A person waits for it: the newest file is enough, and of that what is read in a moment. */
const MOST_CALLS = 20_000
const MOST_VALUES = 400

export async function readKnown(capture: Capture): Promise<Known> {
  const sets = new Map<string, Set<string>>()
  const ids: { id: string; help: string }[] = []
  const pods = new Set<string>()
  const ips = new Set<string>()
  const add = (field: string, value: string | undefined) => {
    const set = sets.get(field) ?? new Set<string>()
    sets.set(field, set)
    if (value && set.size < MOST_VALUES) set.add(value)
  }
  let count = 0
  for await (const call of readSegments(capture, (await capture.segments()).slice(-2), new ReadErrors())) {
    if (++count > MOST_CALLS) break
    const { id, command, plugin, pod, node, network, ifname, parentName, cniVersion, depth } = call
    add("command", command)
    add("plugin", plugin)
    add("pod", pod?.name)
    add("namespace", pod?.namespace)
    add("node", node)
    add("network", network)
    add("ifname", ifname)
    add("runtime", parentName)
    add("cniVersion", cniVersion)
    if (pod) pods.add(`${pod.namespace}/${pod.name}`)
    if (depth === 0)
      ids.unshift({ id, help: [command, plugin, pod && `${pod.namespace}/${pod.name}`].filter(Boolean).join(" ") })
    for (const ip of addressesOf(resultOf(call))) ips.add(ip)
  }
  return {
    values: Object.fromEntries([...sets].map(([field, found]) => [field, [...found].sort()])),
    ids: ids.slice(0, MOST_VALUES),
    pods: [...pods].sort(),
    ips: [...ips].sort(),
  }
}
