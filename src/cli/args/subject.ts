import { Fault } from "../../fault/fault.ts"
import type { Call } from "../../model/call.ts"
import type { FieldName } from "../../model/filter/field.ts"
import { EVERYTHING, type Filter } from "../../model/filter/filter.ts"
import { nearest } from "../../model/filter/nearest.ts"
import type { Operation } from "../../model/operation.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { readOperations } from "../../store/query/operations.ts"
import { ambiguousName, callsWithPrefix, type FoundCall, findCall } from "./call-by-id.ts"
import type { Selection } from "./selection.ts"

/** What a name on the command line refers to: an operation or one of its calls, a pod, or a container. */
export type Subject = {
  name: string
  /** set if an operation or a call was named */
  operation?: Operation
  /** set if a call was named that is not the operation's first, or as `call/ID` */
  call?: Call
  /** the operations of the same pod (without a pod: of the same container), in the order they started */
  related(): AsyncGenerator<Operation>
}

/** Finds what a name refers to: a pod (`web-1`, `shop/web-1`), or the first digits of an operation's, call's or container's ID. */
export async function findSubject(selection: Selection, words: string, namespace: unknown): Promise<Subject> {
  const { capture, readErrors, progress } = selection
  const word = words.replace(/^(?:pod|pods|operation|call|container)\//, "")
  const pods = new Set<string>()
  const containers = new Set<string>()
  const found: FoundCall[] = []
  for await (const operation of readOperations(
    capture,
    readErrors,
    {},
    { filter: named(word), progress, withoutStreams: true },
  )) {
    const { pod, containerId } = operation
    if (pod && (namespace === undefined || pod.namespace === namespace)) pods.add(`${pod.namespace}/${pod.name}`)
    if (containerId?.startsWith(word)) containers.add(containerId)
    found.push(...callsWithPrefix(operation, word))
  }
  const exact = [...pods].filter((key) => key === word || key.endsWith(`/${word}`))
  const begun =
    exact.length > 0
      ? exact
      : [...pods].filter((key) => (word.includes("/") ? key : key.split("/")[1])?.startsWith(word))
  // A few digits may be the beginning of both a pod's name and an ID: a full pod name wins.
  if (exact.length !== 1 && isIdLike(word)) {
    const [first, second] = found
    if (first && !second) return callSubject(selection, first.node.call.id, words.startsWith("call/"))
    const [container, another] = containers
    if (container && !another) {
      return { name: container, related: () => matching(selection, "container", container) }
    }
    if (second) {
      const ids = found.map(({ node }) => node.call.id)
      throw ambiguousName(words, "IDs", ids, "Give more digits.")
    }
  }
  const [pod] = begun
  if (pod === undefined) throw await missing(selection, words)
  if (begun.length > 1) throw ambiguousName(words, "pods", begun, "Write NAMESPACE/NAME in full.")
  return { name: pod, related: () => matching(selection, "pod", pod) }
}

/** The operation was found without its streams: it is read again. */
async function callSubject(selection: Selection, id: string, isCall: boolean): Promise<Subject> {
  // Read errors were counted by the first reading.
  const { operation, node } = await findCall({ ...selection, readErrors: new ReadErrors() }, id)
  const { pod, containerId } = operation
  return {
    name: id,
    operation,
    ...(isCall || operation.id !== id ? { call: node.call } : {}),
    related: () =>
      pod
        ? matching(selection, "pod", `${pod.namespace}/${pod.name}`)
        : containerId !== undefined
          ? matching(selection, "container", containerId)
          : matching(selection, "id", operation.id),
  }
}

/** The operations with that value of a field, including their streams. */
export function matching({ capture, progress }: Selection, field: FieldName, text: string): AsyncGenerator<Operation> {
  const filter: Filter = { kind: "test", field, operator: "=", values: [{ kind: "text", text }] }
  // What could not be read was counted by the first reading.
  return readOperations(capture, new ReadErrors(), {}, { filter, progress })
}

/** A filter for everything that the word may name: most of a large capture need not be read. */
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

function isIdLike(word: string): boolean {
  return /^[0-9a-f]{3,64}$/.test(word)
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
  const hint = meant ? `Did you mean ${meant}?` : "List operations with `cnitap ls`."
  return new Fault("NOT_FOUND", `no pod, operation or container ${words} in ${capture.path}`, hint)
}
