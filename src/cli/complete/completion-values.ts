import { resultOf } from "../../model/call.ts"
import type { KnownValues } from "../../model/filter/complete.ts"
import { KnownValueCollector } from "../../model/filter/known-values.ts"
import { podName } from "../../model/format.ts"
import { addressesOf } from "../../model/result/result-fields.ts"
import { readSegments } from "../../store/capture/calls.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"

/** What the newest part of a capture contains. `ids`: of first calls of operations, newest first. */
export type CompletionValues = {
  fields: KnownValues
  ids: { id: string; help: string }[]
  pods: string[]
  ips: string[]
}

/** A person is waiting: only the newest segments are read, and no more calls than take a moment. */
const MOST_SEGMENTS = 2
const MOST_CALLS = 20_000
const MOST_IDS = 400

export async function readCompletionValues(capture: Capture): Promise<CompletionValues> {
  const collector = new KnownValueCollector()
  const ids: CompletionValues["ids"] = []
  const pods = new Set<string>()
  const ips = new Set<string>()
  let count = 0
  for await (const call of readSegments(capture, (await capture.segments()).slice(-MOST_SEGMENTS), new ReadErrors())) {
    if (++count > MOST_CALLS) break
    const { id, command, plugin, pod, depth } = call
    collector.add(call)
    if (pod) pods.add(podName(call))
    if (depth === 0) ids.unshift({ id, help: [command, plugin, pod && podName(call)].filter(Boolean).join(" ") })
    for (const ip of addressesOf(resultOf(call))) ips.add(ip)
  }
  return { fields: collector.values(), ids: ids.slice(0, MOST_IDS), pods: [...pods].sort(), ips: [...ips].sort() }
}
