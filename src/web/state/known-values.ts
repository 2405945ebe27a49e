import { computed } from "@preact/signals"
import type { KnownValues } from "../../model/filter/complete.ts"
import { KnownValueCollector } from "../../model/filter/known-values.ts"
import { walk } from "../../model/operation.ts"
import { operations } from "./capture.ts"

/** An instant completion is worth more than one that knows the oldest pod. */
const MOST_OPERATIONS = 5_000

/** Values in the newest operations, for the filter's completion; collected when they are asked for. */
export const knownValues = computed((): KnownValues => {
  const collector = new KnownValueCollector()
  for (const operation of operations.value.slice(-MOST_OPERATIONS).reverse())
    for (const { call } of walk(operation.calls)) collector.add(call)
  return collector.values()
})
