import { Fault } from "../fault/fault.ts"
import type { Call } from "../model/call.ts"
import { nearest } from "../model/filter/nearest.ts"
import { type Operation, walk } from "../model/operation.ts"
import { readOperations } from "../store/operations.ts"
import type { Selection } from "./select.ts"

/** What a person named: an operation, or a pod or container with all that happened to it. */
export type Subject = {
  name: string
  /** absent where a pod or container was named */
  operation?: Operation
  /** the call that was named, where it is not the operation's first or was asked for as `call/ID` */
  call?: Call
  /** whether an operation is of the same pod, or where there is none of the same container */
  isRelated(operation: Operation): boolean
}

/** Finds what a word names: a pod (`web-1`, `shop/web-1`), or the beginning of an operation's, call's or container's id. */
export async function findSubject({ capture, damage }: Selection, words: string, namespace: unknown): Promise<Subject> {
  const word = words.replace(/^(?:pod|pods|operation|call|container)\//, "")
  const pods = new Map<string, Operation>()
  const containers = new Map<string, Operation>()
  const found: { operation: Operation; call: Call }[] = []
  for await (const operation of readOperations(capture, damage)) {
    const { pod, containerId } = operation
    if (pod && (namespace === undefined || pod.namespace === namespace))
      pods.set(`${pod.namespace}/${pod.name}`, operation)
    if (containerId) containers.set(containerId, operation)
    for (const { call } of walk(operation.calls)) if (call.id.startsWith(word)) found.push({ operation, call })
  }
  const exact = [...pods.keys()].filter((key) => key === word || key.endsWith(`/${word}`))
  const named =
    exact.length > 0
      ? exact
      : [...pods.keys()].filter((key) => (word.includes("/") ? key : key.split("/")[1])?.startsWith(word))
  // A word of few digits may begin a pod's name and an id by chance: what is spelled out wins.
  if (exact.length !== 1 && isIdLike(word)) {
    const [first, second] = found
    if (first && !second) {
      const { operation, call } = first
      const isCall = operation.id !== call.id || words.startsWith("call/")
      return { name: call.id, operation, ...(isCall ? { call } : {}), isRelated: sameAs(operation) }
    }
    const ids = [...containers].filter(([id]) => id.startsWith(word))
    if (ids[0] && ids.length === 1)
      return { name: ids[0][0], isRelated: ({ containerId }) => containerId === ids[0]?.[0] }
    if (second)
      throw ambiguous(
        words,
        "ids",
        found.map(({ call }) => call.id),
        "Give more digits.",
      )
  }
  const [pod] = named
  if (pod === undefined) throw missing(capture.path, words, [...pods.keys()])
  if (named.length > 1) throw ambiguous(words, "pods", named, "Write NAMESPACE/NAME in full.")
  return { name: pod, isRelated: (operation) => `${operation.pod?.namespace}/${operation.pod?.name}` === pod }
}

const SHOWN = 5

function isIdLike(word: string): boolean {
  return /^[0-9a-f]{3,64}$/.test(word)
}

function sameAs({ pod, containerId, id }: Operation): (operation: Operation) => boolean {
  return (other) =>
    pod
      ? other.pod?.namespace === pod.namespace && other.pod.name === pod.name
      : containerId !== undefined
        ? other.containerId === containerId
        : other.id === id
}

function ambiguous(words: string, what: string, names: string[], hint: string): Fault {
  const shown = names.slice(0, SHOWN).join(", ")
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ""
  return new Fault("USAGE", `${words} is the beginning of several ${what} (${shown}${more})`, hint)
}

function missing(path: string, words: string, pods: string[]): Fault {
  const names = pods.map((key) => (words.includes("/") ? key : (key.split("/")[1] ?? key)))
  const meant = nearest(words, names)
  const hint = meant ? `Did you mean ${meant}?` : "List what is there with `cnitap ls`."
  return new Fault("NOT_FOUND", `no pod, operation or container ${words} in ${path}`, hint)
}
