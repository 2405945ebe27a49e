import type { JsonNode } from "../json-scan.ts"

type NameValuePair = { object: JsonNode; name: string | undefined; values: JsonNode[] }

/**
 * Objects that hold a name and its value, as in `{"name":"DB_PASSWORD","value":"x"}`: container environments, tags.
 * Nodes arrive in the order of the text, and either of the two may come first.
 */
export class Pairs {
  readonly #open: NameValuePair[] = []

  /** Records that the object has a secret's name; returns its values so far. */
  name(node: JsonNode, name: string): readonly JsonNode[] {
    const pair = this.#pairOf(node)
    if (!pair) return []
    pair.name = name
    return pair.values
  }

  /** The secret's name that belongs to this value, if it came before it. */
  nameOf(node: JsonNode): string | undefined {
    if (node.step?.length !== 5 || node.step.toLowerCase() !== "value") return undefined
    const pair = this.#pairOf(node)
    if (pair?.name === undefined) pair?.values.push(node)
    return pair?.name
  }

  close(object: JsonNode): void {
    if (this.#open[this.#open.length - 1]?.object === object) this.#open.pop()
  }

  #pairOf({ parent }: JsonNode): NameValuePair | undefined {
    if (parent?.kind !== "object") return undefined
    const last = this.#open[this.#open.length - 1]
    if (last?.object === parent) return last
    const pair = { object: parent, name: undefined, values: [] }
    this.#open.push(pair)
    return pair
  }
}

/** Whether a string under this key can be the name of a pair. */
export function isPairName({ step, parent }: JsonNode): boolean {
  if (parent?.kind !== "object" || step === undefined || step.length > 4) return false
  const lower = step.toLowerCase()
  return lower === "name" || lower === "key"
}
