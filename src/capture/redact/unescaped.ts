/** A text in which escapes were resolved, and where each of its characters stood before. */
export class Unescaped {
  readonly text: string
  /** ascending: where a part begins here, and where it began in the source */
  readonly #here: number[]
  readonly #there: number[]

  constructor(text: string, here: number[], there: number[]) {
    this.text = text
    this.#here = here
    this.#there = there
  }

  sourceOf(at: number): number {
    let low = 0
    let high = this.#here.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#here[middle] ?? 0) <= at) low = middle
      else high = middle - 1
    }
    return (this.#there[low] ?? 0) + at - (this.#here[low] ?? 0)
  }
}

/** The inside of a JSON string as it is meant, or any text read as if it were one; undefined: it has no escape. */
export function unescaped(source: string): Unescaped | undefined {
  const parts: string[] = []
  const here = [0]
  const there = [0]
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
    here.push(length)
    there.push(from)
    at = from
  }
  if (parts.length === 0) return undefined
  parts.push(source.slice(from))
  return new Unescaped(parts.join(""), here, there)
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
