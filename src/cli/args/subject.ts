import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import type { FieldName } from "../../model/filter/field.ts"
import { EVERYTHING, type Filter } from "../../model/filter/filter.ts"
import { nearest } from "../../model/filter/nearest.ts"
import { type Operation, walk } from "../../model/operation.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { readOperations } from "../../store/query/operations.ts"
import type { Selection } from "./selection.ts"

/** What a person named: an operation or a call of it, or a pod or container with all that happened to it. */
export type Subject = {
  name: string
  /** where one operation was named: all of it */
  operation?: Operation
  /** the call that was named, where it is not the operation's first or was asked for as `call/ID` */
  call?: Call
  /** the operations of the same pod, or where there is none of the same container, in the order they began */
  related(): AsyncGenerator<Operation>
}

/** Finds what a word names: a pod (`web-1`, `shop/web-1`), or the beginning of an operation's, call's or container's id. */
export async function findSubject(selection: Selection, words: string, namespace: unknown): Promise<Subject> {
  const { capture, damage, progress } = selection
  const word = words.replace(/^(?:pod|pods|operation|call|container)\//, "")
  const pods = new Set<string>()
  const containers = new Set<string>()
  const found: { operation: Operation; call: Call }[] = []
  for await (const operation of readOperations(
    capture,
    damage,
    {},
    { filter: named(word), progress, withoutStreams: true },
  )) {
    const { pod, containerId } = operation
    if (pod && (namespace === undefined || pod.namespace === namespace)) pods.add(`${pod.namespace}/${pod.name}`)
    if (containerId?.startsWith(word)) containers.add(containerId)
    for (const { call } of walk(operation.calls)) if (call.id.startsWith(word)) found.push({ operation, call })
  }
  const exact = [...pods].filter((key) => key === word || key.endsWith(`/${word}`))
  const begun =
    exact.length > 0
      ? exact
      : [...pods].filter((key) => (word.includes("/") ? key : key.split("/")[1])?.startsWith(word))
  // A word of few digits may begin a pod's name and an id by chance: what is spelled out wins.
  if (exact.length !== 1 && isIdLike(word)) {
    const [first, second] = found
    if (first && !second) return ofCall(selection, first.operation, first.call, words.startsWith("call/"))
    const [container, another] = containers
    if (container && !another) {
      return { name: container, related: () => matching(selection, "container", container) }
    }
    if (second) {
      const ids = found.map(({ call }) => call.id)
      throw ambiguous(words, "ids", ids, "Give more digits.")
    }
  }
  const [pod] = begun
  if (pod === undefined) throw await missing(selection, words)
  if (begun.length > 1) throw ambiguous(words, "pods", begun, "Write NAMESPACE/NAME in full.")
  return { name: pod, related: () => matching(selection, "pod", pod) }
}

/** The operation was found without its streams: it is read again. */
async function ofCall(selection: Selection, light: Operation, call: Call, isCall: boolean): Promise<Subject> {
  let operation = light
  for await (const one of matching(selection, "id", light.id)) if (one.id === light.id) operation = one
  const whole = [...walk(operation.calls)].find(({ call: { id } }) => id === call.id)?.call ?? call
  const { pod, containerId } = operation
  return {
    name: call.id,
    operation,
    ...(isCall || operation.id !== call.id ? { call: whole } : {}),
    related: () =>
      pod
        ? matching(selection, "pod", `${pod.namespace}/${pod.name}`)
        : containerId !== undefined
          ? matching(selection, "container", containerId)
          : matching(selection, "id", light.id),
  }
}

/** The operations whose field is that text, streams and all. */
export function matching({ capture, progress }: Selection, field: FieldName, text: string): AsyncGenerator<Operation> {
  const filter: Filter = { kind: "test", field, operator: "=", values: [{ kind: "text", text }] }
  // What could not be read was counted by the first reading.
  return readOperations(capture, new ReadErrors(), {}, { filter, progress })
}

/** What the word may be: it rules most of a large capture out unread. */
function named(word: string): Filter {
  const test = (field: FieldName, kind: "text" | "glob", text: string): Filter => ({
    kind: "test",
    field,
    operator: "=",
    values: [{ kind, text }],
  })
  const pod = test("pod", "glob", `${word}*`)
  if (!isIdLike(word)) return pod
  return { kind: "or", parts: [pod, test("id", "text", word), test("container", "text", word)] }
}

const SHOWN = 5

function isIdLike(word: string): boolean {
  return /^[0-9a-f]{3,64}$/.test(word)
}

function ambiguous(words: string, what: string, names: string[], hint: string): Fault {
  const shown = names.slice(0, SHOWN).join(", ")
  const more = names.length > SHOWN ? `, and ${names.length - SHOWN} more` : ""
  return new Fault("USAGE", `${words} is the beginning of several ${what} (${shown}${more})`, hint)
}

async function missing({ capture }: Selection, words: string): Promise<Fault> {
  const pods = new Set<string>()
  for await (const { pod } of readOperations(
    capture,
    new ReadErrors(),
    {},
    { filter: EVERYTHING, withoutStreams: true },
  ))
    if (pod) pods.add(`${pod.namespace}/${pod.name}`)
  const names = [...pods].map((key) => (words.includes("/") ? key : (key.split("/")[1] ?? key)))
  const elsewhere = [...pods].find((key) => key.endsWith(`/${words}`))
  const meant = elsewhere ?? nearest(words, names)
  const hint = meant ? `Did you mean ${meant}?` : "List what is there with `cnitap ls`."
  return new Fault("NOT_FOUND", `no pod, operation or container ${words} in ${capture.path}`, hint)
}
