import { type Operation, walk } from "../operation.ts"
import { type CallPair, compareOperations, signatureOf } from "./compare.ts"

/** Operations with the same signature: the first of them, and how many there are. */
type SignatureGroup = { operation: Operation; count: number }

/** Only operations of the same kind are compared with each other. */
export type OperationKind = { command: string; network?: string; ifname?: string }

/**
 * A signature that only one side has, next to the most similar operation of the other side. `pairs` is empty if the other
 * side has no operation of this kind.
 */
export type SignatureDifference = {
  kind: OperationKind
  a?: Operation
  b?: Operation
  countA: number
  countB: number
  pairs: CallPair[]
}

/** The distinct signatures of the operations of a pod, a node or a capture. Memory holds one operation of each. */
export class SignatureCounts {
  readonly #kinds = new Map<string, Map<string, SignatureGroup>>()
  #count = 0

  add(operation: Operation): void {
    this.#count++
    const { command, network, ifname } = operation
    const kind = JSON.stringify({ command, network, ifname })
    const groups = this.#kinds.get(kind) ?? new Map<string, SignatureGroup>()
    this.#kinds.set(kind, groups)
    const signature = walk(operation.calls)
      .map(({ call, level }) => `${level} ${call.plugin}\n${signatureOf(call)}`)
      .join("\n")
    const group = groups.get(signature)
    if (group) group.count++
    else groups.set(signature, { operation, count: 1 })
  }

  /** Number of operations added. */
  get count(): number {
    return this.#count
  }

  kinds(): string[] {
    return [...this.#kinds.keys()]
  }

  /** The groups of one of `kinds()`, by signature. */
  of(kind: string): ReadonlyMap<string, SignatureGroup> {
    return this.#kinds.get(kind) ?? new Map<string, SignatureGroup>()
  }
}

/** Signatures that only one side has. Counts and order are not compared. */
export function compareSignatures(a: SignatureCounts, b: SignatureCounts): SignatureDifference[] {
  return [...new Set([...a.kinds(), ...b.kinds()])].flatMap((key) => {
    const [groupsA, groupsB] = [a.of(key), b.of(key)]
    const onlyA = [...groupsA].filter(([signature]) => !groupsB.has(signature)).map(([, group]) => group)
    const onlyB = [...groupsB].filter(([signature]) => !groupsA.has(signature)).map(([, group]) => group)
    const kind = JSON.parse(key) as OperationKind
    const differences: SignatureDifference[] = []
    for (const group of onlyA) {
      const other = takeMostSimilar(group, onlyB) ?? mostSimilar(group, [...groupsB.values()])
      differences.push(differenceOf(kind, group, other))
    }
    for (const group of onlyB) differences.push(differenceOf(kind, mostSimilar(group, [...groupsA.values()]), group))
    // A pod name that is an everyday word may be masked on one side only, so the comparison itself decides.
    return differences.filter(({ pairs }) => pairs.length === 0 || pairs.some(isDifferent))
  })
}

/** Whether a pair has differences that are not volatile. */
export function isDifferent({ a, b, differences }: CallPair): boolean {
  return !a || !b || differences.some(({ isVolatile }) => !isVolatile)
}

function differenceOf(
  kind: OperationKind,
  a: SignatureGroup | undefined,
  b: SignatureGroup | undefined,
): SignatureDifference {
  return {
    kind,
    ...(a ? { a: a.operation } : {}),
    ...(b ? { b: b.operation } : {}),
    countA: a?.count ?? 0,
    countB: b?.count ?? 0,
    pairs: a && b ? compareOperations(a.operation, b.operation) : [],
  }
}

function takeMostSimilar(group: SignatureGroup, others: SignatureGroup[]): SignatureGroup | undefined {
  const found = mostSimilar(group, others)
  if (found) others.splice(others.indexOf(found), 1)
  return found
}

/** Each candidate is compared in full. */
const MAX_CANDIDATES = 20

function mostSimilar({ operation }: SignatureGroup, others: SignatureGroup[]): SignatureGroup | undefined {
  const scored = others.slice(0, MAX_CANDIDATES).map((other) => ({
    other,
    score: compareOperations(operation, other.operation).reduce((sum, pair) => sum + weight(pair), 0),
  }))
  return scored.sort((x, y) => x.score - y.score)[0]?.other
}

function weight({ a, b, differences }: CallPair): number {
  return !a || !b ? 100 : differences.filter(({ isVolatile }) => !isVolatile).length
}
