import { type ResultChange, type ResultObject, resultChanges, resultObjects } from "../result/chain.ts"
import { type CallFacts, type CallRule, isAtLeast, isPassedOn } from "./call-facts.ts"
import type { CallHit } from "./finding.ts"
import { issue, spec } from "./rule-source.ts"

/** What goes from plugin to plugin of one list. */
export const CHAIN_STEP_RULES: CallRule[] = [
  {
    id: "prevresult-dropped",
    severity: "warning",
    title: "a plugin dropped part of the result before it",
    source: issue("containernetworking/plugins#376"),
    remedy:
      "Pass `prevResult` through and add to it: what is missing here is missing from the pod's status and from DEL.",
    check: (facts) => {
      const { call, isOk, result, prevResult, stdout } = facts
      if (call.command !== "ADD" || !isOk || !result || !prevResult || stdout === undefined) return []
      return gone(prevResult, result).map((object) => ({ detail: wordsOf(object), stream: "stdout", at: 0 }))
    },
  },
  {
    id: "prevresult-not-passed-on",
    severity: "warning",
    title: "a plugin was not given all of the result before it",
    source: spec("3, Deriving request configuration"),
    remedy: "Look between the two calls: another plugin that is not recorded, or a runtime that rewrites results.",
    check: ({ call, previous, prevResult }) =>
      call.command !== "ADD" || !previous?.result || !previous.isOk || !prevResult
        ? []
        : gone(previous.result, prevResult).map((object) => ({
            detail: `${wordsOf(object)}, which ${previous.call.plugin} gave`,
            ...stdinPlace(call.stdin, `"prevResult"`),
          })),
  },
  {
    id: "prevresult-missing",
    severity: "error",
    title: "a later plugin of a list without prevResult",
    source: spec("3, Deriving request configuration"),
    remedy: "Update the runtime's libcni, or look at what calls this plugin: it must be given the result before it.",
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
    remedy: "Look for the runtime's result cache: it was lost or written by another user.",
    check: ({ call, config, prevResult }) =>
      call.command === "CHECK" && config && !prevResult ? [{ detail: "", stream: "stdin", at: 0 }] : [],
  },
]

/** Interfaces, addresses and routes that the second lacks; a changed one is there under its name. */
function gone(before: Record<string, unknown>, after: Record<string, unknown>): ResultObject[] {
  if (isPassedOn(after, before)) return []
  const changes = resultChanges(resultObjects(before) ?? [], resultObjects(after) ?? [])
  const came = changes.flatMap((change) => (change.kind === "added" ? [firstWord(change.object)] : []))
  return changes
    .filter((change): change is Extract<ResultChange, { kind: "removed" }> => change.kind === "removed")
    .map(({ object }) => object)
    .filter((object) => ["interface", "ip", "route"].includes(object.kind) && !came.includes(firstWord(object)))
}

/** An interface that moved into the pod is the same one. */
function firstWord({ kind, name }: ResultObject): string {
  return `${kind} ${name.split(" ")[0]}`
}

function wordsOf({ kind, name }: ResultObject): string {
  return `${kind} ${name}`
}

function stdinPlace(stdin: CallFacts["call"]["stdin"], key: string): Pick<CallHit, "stream" | "at"> {
  const at = stdin && "text" in stdin ? stdin.text.indexOf(key) : -1
  return { stream: "stdin", ...(at < 0 ? {} : { at }) }
}
