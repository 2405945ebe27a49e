import { Fault } from "../../fault/fault.ts"
import { type Call, podKey } from "../../model/call.ts"
import type { FieldName } from "../../model/filter/field.ts"
import { allOf, EVERYTHING, type Filter } from "../../model/filter/filter.ts"
import { nearest } from "../../model/filter/nearest.ts"
import type { CallNode, Operation } from "../../model/operation.ts"
import { ReadErrors } from "../../store/capture/read-errors.ts"
import { readOperations } from "../../store/query/operations.ts"
import { callsWithPrefix, findCall } from "./call-by-id.ts"
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

/**
 * Finds what a name refers to: a pod (`web-1`, `shop/web-1`), or the first digits of an operation's, call's or container's
 * ID; `pod/web-1`, `operation/8bb88` and the like say which. A name in full comes before the beginning of others. Throws a
 * Fault that lists the candidates if there are several.
 */
export async function findSubject(selection: Selection, words: string, namespace: unknown): Promise<Subject> {
  const { capture, readErrors, progress } = selection
  const [, kind, word = ""] = /^(?:(pod|operation|call|container)s?\/)?(.*)$/s.exec(words) ?? []
  const pods = new Set<string>()
  const containers = new Set<string>()
  const calls = new Set<string>()
  const reading = { filter: named(word), progress, withoutStreams: true }
  for await (const operation of readOperations(capture, readErrors, {}, reading)) {
    const { pod, containerId } = operation
    if (pod && (namespace === undefined || pod.namespace === namespace)) pods.add(podKey(pod))
    if (isIdLike(word) && containerId?.startsWith(word)) containers.add(containerId)
    for (const { node } of callsWithPrefix(operation, word)) calls.add(node.call.id)
  }
  const isPod = (key: string) => key === word || key.endsWith(`/${word}`)
  const begins = (key: string) => (word.includes("/") ? key : (key.split("/")[1] ?? key)).startsWith(word)
  const candidates: SubjectCandidate[] = [
    ...[...pods].filter(begins).map((name) => ({ kind: "pod" as const, name, isWhole: isPod(name) })),
    ...[...calls].map((name) => ({ kind: "call" as const, name, isWhole: name === word })),
    ...[...containers].map((name) => ({ kind: "container" as const, name, isWhole: name === word })),
  ].filter((one) => kind === undefined || one.kind === (kind === "operation" ? "call" : kind))
  const whole = candidates.filter(({ isWhole }) => isWhole)
  const [found, another] = whole.length > 0 ? whole : candidates
  if (!found) throw await missing(selection, words, word)
  if (another) throw ambiguous(words, whole.length > 0 ? whole : candidates)
  if (found.kind === "call") return callSubject(selection, found.name, kind === "call")
  const { kind: field, name } = found
  return { name, related: () => matching(selection, field, name) }
}

/** `isWhole`: the name was given in full. */
type SubjectCandidate = { kind: "pod" | "call" | "container"; name: string; isWhole: boolean }

const MOST_NAMES = 5

function ambiguous(words: string, candidates: readonly SubjectCandidate[]): Fault {
  const kinds = new Set(candidates.map(({ kind }) => kind))
  const what = kinds.size > 1 ? "names" : kinds.has("pod") ? "pods" : "IDs"
  const shown = candidates.slice(0, MOST_NAMES).map(({ kind, name }) => (kinds.size > 1 ? `${kind}/${name}` : name))
  const more = candidates.length > MOST_NAMES ? `, and ${candidates.length - MOST_NAMES} more` : ""
  const hint = kinds.size > 1 || !kinds.has("pod") ? "Give more of it." : "Write NAMESPACE/NAME in full."
  return new Fault("USAGE", `${words} matches several ${what} (${shown.join(", ")}${more})`, hint)
}

/** The pod, or the operation if it has none, of the latest failure or hang; of the newest operation if there was none. */
export async function latestFailure(selection: Selection, namespace: unknown): Promise<Subject> {
  const latest = (await newest(selection, namespace, NOT_OK)) ?? (await newest(selection, namespace, EVERYTHING))
  if (!latest)
    throw new Fault(
      "NOT_FOUND",
      `no operation in ${selection.capture.path}`,
      "Is anything recorded? Run `cnitap status`.",
    )
  const { pod } = latest
  if (!pod) return callSubject(selection, latest.id, false)
  const name = podKey(pod)
  return { name, related: () => matching(selection, "pod", name) }
}

const NOT_OK: Filter = { kind: "test", field: "outcome", operator: "!=", values: [{ kind: "text", text: "ok" }] }

async function newest(
  { capture, readErrors, progress, currentLists }: Selection,
  namespace: unknown,
  wanted: Filter,
): Promise<Operation | undefined> {
  const filter =
    typeof namespace === "string"
      ? allOf([
          wanted,
          { kind: "test", field: "namespace", operator: "=", values: [{ kind: "text", text: namespace }] },
        ])
      : wanted
  const reading = { filter, progress, currentLists, withoutStreams: true, newestFirst: true }
  for await (const operation of readOperations(capture, readErrors, {}, reading)) return operation
  return undefined
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
        ? matching(selection, "pod", podKey(pod))
        : containerId !== undefined
          ? matching(selection, "container", containerId)
          : matching(selection, "id", operation.id),
  }
}

/** The call with that ID in a tree. */
export function nodeOf(nodes: readonly CallNode[], id: string): CallNode | undefined {
  for (const node of nodes) {
    const found = node.call.id === id ? node : nodeOf(node.children, id)
    if (found) return found
  }
  return undefined
}

/** The operations with that value of a field, including their streams. */
export function matching(
  { capture, progress, currentLists }: Selection,
  field: FieldName,
  text: string,
): AsyncGenerator<Operation> {
  const filter: Filter = { kind: "test", field, operator: "=", values: [{ kind: "text", text }] }
  // What could not be read was counted by the first reading.
  return readOperations(capture, new ReadErrors(), {}, { filter, progress, currentLists })
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
  return /^[0-9a-f]{1,64}$/.test(word)
}

/** `word`: without the kind. */
async function missing({ capture }: Selection, words: string, word: string): Promise<Fault> {
  const pods = new Set<string>()
  for await (const { pod } of readOperations(
    capture,
    new ReadErrors(),
    {},
    { filter: EVERYTHING, withoutStreams: true },
  ))
    if (pod) pods.add(podKey(pod))
  const names = [...pods].map((key) => (word.includes("/") ? key : (key.split("/")[1] ?? key)))
  const elsewhere = [...pods].find((key) => key.endsWith(`/${word}`))
  const meant = elsewhere ?? nearest(word, names)
  const hint = meant ? `Did you mean ${meant}?` : "List operations with `cnitap ls`."
  return new Fault("NOT_FOUND", `no pod, operation or container ${words} in ${capture.path}`, hint)
}
