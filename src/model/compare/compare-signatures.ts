import { type Operation, walk } from "../operation.ts"
import { type CallPair, compareOperations, signatureOf } from "./compare.ts"

/** Operations that are alike but for what differs between any two pods, told by the first of them. */
type SignatureGroup = { operation: Operation; count: number }

/** What an operation is compared with: the same command on the same network and interface. */
export type OperationKind = { command: string; network?: string; ifname?: string }

/** One form that only one side has, beside the nearest of the other side; `pairs` is empty where that has no such kind. */
export type SignatureDifference = {
  kind: OperationKind
  a?: Operation
  b?: Operation
  countA: number
  countB: number
  pairs: CallPair[]
}

/** The different forms that the operations of a pod, a node or a capture have. Memory holds one operation of each. */
export class SignatureCounts {
  readonly #kinds = new Map<string, Map<string, SignatureGroup>>()
  #count = 0

  add(operation: Operation): void {
    this.#count++
    const { command, network, ifname } = operation
    const key = JSON.stringify({ command, network, ifname })
    const forms = this.#kinds.get(key) ?? new Map<string, SignatureGroup>()
    this.#kinds.set(key, forms)
    const text = [...walk(operation.calls)]
      .map(({ call, level }) => `${level} ${call.plugin}\n${signatureOf(call)}`)
      .join("\n")
    const form = forms.get(text)
    if (form) form.count++
    else forms.set(text, { operation, count: 1 })
  }

  /** How many operations it was given. */
  get count(): number {
    return this.#count
  }

  kinds(): string[] {
    return [...this.#kinds.keys()]
  }

  of(kind: string): ReadonlyMap<string, SignatureGroup> {
    return this.#kinds.get(kind) ?? new Map<string, SignatureGroup>()
  }
}

/** The forms that one side has and the other has not. How often each came, and in which order, is no difference. */
export function compareSignatures(a: SignatureCounts, b: SignatureCounts): SignatureDifference[] {
  return [...new Set([...a.kinds(), ...b.kinds()])].flatMap((key) => {
    const [ofA, ofB] = [a.of(key), b.of(key)]
    const onlyA = [...ofA].filter(([form]) => !ofB.has(form)).map(([, form]) => form)
    const onlyB = [...ofB].filter(([form]) => !ofA.has(form)).map(([, form]) => form)
    const kind = JSON.parse(key) as OperationKind
    const differences: SignatureDifference[] = []
    for (const form of onlyA) {
      const other = takeNearest(form, onlyB) ?? nearest(form, [...ofB.values()])
      differences.push(differenceOf(kind, form, other))
    }
    for (const form of onlyB) differences.push(differenceOf(kind, nearest(form, [...ofA.values()]), form))
    // A name that is an everyday word is masked on one side only: the comparison itself decides.
    return differences.filter(({ pairs }) => pairs.length === 0 || pairs.some(isDifferent))
  })
}

/** Whether a pair differs in more than what differs between any two pods. */
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

function takeNearest(form: SignatureGroup, others: SignatureGroup[]): SignatureGroup | undefined {
  const found = nearest(form, others)
  if (found) others.splice(others.indexOf(found), 1)
  return found
}

/** So many are looked at, because each is compared in full. */
const MOST_COMPARED = 20

function nearest({ operation }: SignatureGroup, others: SignatureGroup[]): SignatureGroup | undefined {
  const scored = others.slice(0, MOST_COMPARED).map((other) => ({
    other,
    score: compareOperations(operation, other.operation).reduce((sum, pair) => sum + weight(pair), 0),
  }))
  return scored.sort((x, y) => x.score - y.score)[0]?.other
}

function weight({ a, b, differences }: CallPair): number {
  return !a || !b ? 100 : differences.filter(({ isVolatile }) => !isVolatile).length
}
