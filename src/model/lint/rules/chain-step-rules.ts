import { type ResultChange, type ResultObject, resultChanges, resultObjects } from "../../result/chain.ts"
import { type CallRule, isAtLeast, isPassedOn, locate, wholeText } from "../call-facts.ts"
import { issue, spec } from "../rule-source.ts"

/** The result on its way from plugin to plugin of a list. */
export const CHAIN_STEP_RULES: CallRule[] = [
  {
    id: "prevresult-dropped",
    severity: "warning",
    title: "plugin dropped part of prevResult",
    source: issue("containernetworking/plugins#376"),
    remedy: "Pass `prevResult` on and add to it: what is missing here is missing from the pod's status and from DEL.",
    check: (facts) => {
      const { call, isOk, result, prevResult, stdout } = facts
      if (call.command !== "ADD" || !isOk || !result || !prevResult || stdout === undefined) return []
      return missingObjects(prevResult, result).map((object) => ({
        detail: `${object.kind} ${object.name}`,
        stream: "stdout",
        at: 0,
      }))
    },
  },
  {
    id: "prevresult-not-passed-on",
    severity: "warning",
    title: "prevResult lacks part of the previous plugin's result",
    source: spec("3, Deriving request configuration"),
    remedy: "Check what runs between the two calls: a plugin that is not recorded, or a runtime that modifies results.",
    check: ({ call, previous, prevResult }) =>
      call.command !== "ADD" || !previous?.result || !previous.isOk || !prevResult
        ? []
        : missingObjects(previous.result, prevResult).map((object) => ({
            detail: `${object.kind} ${object.name}, returned by ${previous.call.plugin}`,
            ...locate("stdin", wholeText(call.stdin), `"prevResult"`),
          })),
  },
  {
    id: "prevresult-missing",
    severity: "error",
    title: "no prevResult for a plugin after the first",
    source: spec("3, Deriving request configuration"),
    remedy: "Update the runtime's libcni, or check what calls this plugin: it must pass the previous plugin's result.",
    check: ({ call, previous, config, version, prevResult }) =>
      call.command === "ADD" && previous?.isOk && config && !prevResult && isAtLeast(version, "0.3.0")
        ? [{ detail: `called after ${previous.call.plugin}`, stream: "stdin", at: 0 }]
        : [],
  },
  {
    id: "check-without-prevresult",
    severity: "error",
    title: "CHECK without prevResult",
    source: spec("2, CHECK"),
    remedy: "Check the runtime's result cache: the entry was lost or written by another user.",
    check: ({ call, config, prevResult }) =>
      call.command === "CHECK" && config && !prevResult ? [{ detail: "", stream: "stdin", at: 0 }] : [],
  },
]

/** Interfaces, addresses and routes of `before` that `after` lacks. A changed object is not missing. */
function missingObjects(before: Record<string, unknown>, after: Record<string, unknown>): ResultObject[] {
  if (isPassedOn(after, before)) return []
  const changes = resultChanges(resultObjects(before) ?? [], resultObjects(after) ?? [])
  const added = changes.flatMap((change) => (change.kind === "added" ? [identity(change.object)] : []))
  return changes
    .filter((change): change is Extract<ResultChange, { kind: "removed" }> => change.kind === "removed")
    .map(({ object }) => object)
    .filter((object) => ["interface", "ip", "route"].includes(object.kind) && !added.includes(identity(object)))
}

/** Without where the object is: an interface that was moved into the pod is the same interface. */
function identity({ kind, name }: ResultObject): string {
  return `${kind} ${name.split(" ")[0]}`
}
