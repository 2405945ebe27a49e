/** A text with its escapes resolved, and the position of each character in the source. */
export class Unescaped {
  readonly text: string
  /** ascending start positions of the parts, in this text and in the source */
  readonly #starts: number[]
  readonly #sourceStarts: number[]

  constructor(text: string, starts: number[], sourceStarts: number[]) {
    this.text = text
    this.#starts = starts
    this.#sourceStarts = sourceStarts
  }

  sourceOf(at: number): number {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return (this.#sourceStarts[low] ?? 0) + at - (this.#starts[low] ?? 0)
  }
}

/** The content of a JSON string, or any text read like one, with its escapes resolved; undefined if it has none. */
export function unescaped(source: string): Unescaped | undefined {
  const parts: string[] = []
  const starts = [0]
  const sourceStarts = [0]
  let length = 0
  let from = 0
  for (let at = source.indexOf("\\"); at >= 0; at = source.indexOf("\\", at)) {
    const character = characterAt(source, at)
    if (character === undefined) {
      at += 2
      continue
    }
    parts.push(source.slice(from, at), character)
    length += at - from + 1
    from = at + (source.charAt(at + 1) === "u" ? 6 : 2)
    starts.push(length)
    sourceStarts.push(from)
    at = from
  }
  if (parts.length === 0) return undefined
  parts.push(source.slice(from))
  return new Unescaped(parts.join(""), starts, sourceStarts)
}

const SHORT: Record<string, string> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
}

function characterAt(source: string, at: number): string | undefined {
  const letter = source.charAt(at + 1)
  if (letter !== "u") return SHORT[letter]
  const code = Number(`0x${source.slice(at + 2, at + 6)}`)
  return at + 6 <= source.length && code >= 0 ? String.fromCharCode(code) : undefined
}
