import type { ComponentChildren } from "preact"
import type { JsonLine } from "../../parts/json-lines.ts"

/** A line of a stream as it is shown. */
export type PayloadLine = {
  text: string
  /** offset of its first character, or of its first byte in a hex dump */
  from: number
  indent?: number
  kind?: JsonLine["kind"]
  /** characters of `text` that are the key */
  keyLength?: number
  /** of a JSON document */
  json?: JsonLine
  before?: ComponentChildren
  after?: ComponentChildren
}

/** Nothing is collapsed. */
export const NONE: ReadonlySet<number> = new Set()

/** All but the document itself, by their lines. */
export function innerContainers(tree: readonly JsonLine[]): ReadonlySet<number> {
  return new Set(tree.flatMap(({ closesAt }, at) => (closesAt === undefined || at === 0 ? [] : [at])))
}

/** The lines of a document without the content of what is collapsed. */
export function treeLines(
  tree: JsonLine[],
  closed: ReadonlySet<number>,
  setClosed: (next: ReadonlySet<number>) => void,
): PayloadLine[] {
  const lines: PayloadLine[] = []
  for (let at = 0; at < tree.length; at++) {
    const line = tree[at]
    if (!line) continue
    const isClosed = closed.has(at)
    const key = line.key === undefined ? "" : `${JSON.stringify(line.key)}: `
    const toggle = () => {
      const next = new Set(closed)
      if (!next.delete(at)) next.add(at)
      setClosed(next)
    }
    const isOpening = line.kind === "open" && line.closesAt !== undefined
    lines.push({
      json: line,
      text: key + line.text,
      from: line.from,
      indent: line.indent + 1,
      kind: line.kind,
      keyLength: key.length,
      ...(isOpening
        ? {
            before: (
              <button
                type="button"
                class="twist"
                aria-expanded={!isClosed}
                aria-label={`${isClosed ? "open" : "close"} ${line.key ?? "document"}`}
                onClick={toggle}
              />
            ),
          }
        : {}),
      ...(isClosed
        ? {
            after: (
              <span class="dim">
                {" "}
                … {line.members} {line.text === "{" ? "}" : "]"}
              </span>
            ),
          }
        : {}),
    })
    if (isClosed && line.closesAt !== undefined) at = line.closesAt
  }
  return lines
}
