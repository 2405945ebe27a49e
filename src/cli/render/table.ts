import type { Context } from "../context.ts"
import type { OutputKind, OutputKinds } from "../output/kinds.ts"
import { type Colour, type Paint, painter, visible } from "./colour.ts"
import { displayWidth, wrap } from "./wrap.ts"
import { writer } from "./writer.ts"

/** How the rows of a verb are printed in every format. */
export type Table<Row, Kind extends string = string> = {
  /** the kind of one row in JSON and YAML; a list of them is `<kind>List` */
  kind: Kind
  columns: Column<Row>[]
  /** what `-o name` prints */
  name(row: Row): string
  /** the row in JSON and YAML, if it is not the row itself */
  value?(row: Row): Kind extends OutputKind ? OutputKinds[Kind] : object
  /** message on stderr if there is no row */
  empty: string
}

export type Column<Row> = {
  title: string
  /** shown with `-o wide` only */
  isWide?: true
  alignRight?: true
  text(row: Row): string
  colour?(row: Row): Colour | undefined
}

/** Rows that decide how wide the columns are; later ones only widen. A listing of a million is not held for that. */
const ROWS_MEASURED = 1000
/** How long a live listing may wait for more rows before it shows those it has. */
const WAIT_MS = 50

type Row = { cells: string[]; colours: (Colour | undefined)[] }

/** Aligned columns; on a terminal that is too narrow for them nothing is cut, but broken where it reads well. */
export async function printTable<Item>(
  context: Context,
  table: Table<Item>,
  items: AsyncIterable<Item>,
  { isWide, headers }: { isWide: boolean; headers: boolean },
): Promise<void> {
  const columns = table.columns.filter((column) => isWide || !column.isWide)
  const paint = painter(context)
  const out = writer(context)
  const widths = columns.map(() => 0)
  let held: Row[] = []
  let hasHeading = !headers
  let timer: NodeJS.Timeout | undefined

  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    if (held.length === 0) return
    const rows = held
    held = []
    const heading: Row = { cells: columns.map(({ title }) => title), colours: [] }
    for (const { cells } of [...(hasHeading ? [] : [heading]), ...rows])
      for (const [at, cell] of cells.entries()) widths[at] = Math.max(widths[at] ?? 0, displayWidth(cell))
    const layout = layoutFor(widths, isWide || !context.stdout.isTTY ? undefined : context.stdout.columns)
    const lines = rows.map((row) => rowText(row, columns, widths, layout, paint))
    if (!hasHeading && layout.kind !== "stacked") lines.unshift(rowText(heading, columns, widths, layout, paint))
    hasHeading = true
    await out(lines.join(""))
  }
  for await (const item of items) {
    held.push({
      cells: columns.map((column) => visible(column.text(item)) || "-"),
      colours: columns.map((column) => column.colour?.(item)),
    })
    if (held.length >= ROWS_MEASURED) await flush()
    else timer ??= setTimeout(() => void flush(), WAIT_MS)
  }
  await flush()
}

/**
 * `aligned`: all in one line. `hanging`: the last column is broken within its own width. `below`: it stands under the
 * others. `stacked`: not even the others fit beside each other.
 */
type Layout = { kind: "aligned" } | { kind: "hanging" | "below" | "stacked"; columns: number }

const GAP = 3
const NARROW_GAP = 2
const INDENT = 4
/** Less than that is no column to read. */
const NARROWEST = 24

function layoutFor(widths: readonly number[], columns: number | undefined): Layout {
  const total = (gap: number, of: readonly number[]) => of.reduce((sum, width) => sum + width + gap, -gap)
  if (columns === undefined || total(GAP, widths) <= columns) return { kind: "aligned" }
  const others = total(NARROW_GAP, widths.slice(0, -1))
  if (others + NARROW_GAP + NARROWEST <= columns) return { kind: "hanging", columns }
  return { kind: others <= columns ? "below" : "stacked", columns }
}

function rowText<Item>(
  { cells, colours }: Row,
  columns: readonly Column<Item>[],
  widths: readonly number[],
  layout: Layout,
  paint: Paint,
): string {
  const last = cells.length - 1
  if (layout.kind === "aligned") {
    return `${cells
      .map((cell, at) => aligned(cell, at, at === last))
      .join(" ".repeat(GAP))
      .trimEnd()}\n`
  }
  const gap = " ".repeat(NARROW_GAP)
  if (layout.kind === "stacked") {
    const head = cells
      .slice(0, -1)
      .flatMap((cell, at) => (cell === "-" ? [] : [{ cell: cell.trim(), colour: colours[at] }]))
    const plain = head.map(({ cell }) => cell).join(gap)
    const fits = displayWidth(plain) <= layout.columns
    const first = fits
      ? head.map(({ cell, colour }) => paint(cell, colour)).join(gap)
      : wrap(plain, layout.columns, INDENT, 0)
    return `${first}\n${under(cells[last] ?? "", layout.columns)}`
  }
  const before = cells.slice(0, -1).map((cell, at) => aligned(cell, at, layout.kind === "below" && at === last - 1))
  if (layout.kind === "below") return `${before.join(gap).trimEnd()}\n${under(cells[last] ?? "", layout.columns)}`
  const indent = widths.slice(0, -1).reduce((sum, width) => sum + width + NARROW_GAP, 0)
  return `${before.join(gap)}${gap}${painted(wrap(cells[last] ?? "", layout.columns, indent))}\n`

  function aligned(cell: string, at: number, isLast: boolean): string {
    const blanks = " ".repeat(Math.max(0, (widths[at] ?? 0) - displayWidth(cell)))
    const text = paint(cell, colours[at])
    return columns[at]?.alignRight ? blanks + text : isLast ? text : text + blanks
  }

  function under(cell: string, width: number): string {
    return cell === "-" ? "" : `${" ".repeat(INDENT)}${painted(wrap(cell, width, INDENT))}\n`
  }

  /** Line by line: a colour that goes over a line's end colours the indent too in some terminals. */
  function painted(lines: string): string {
    return lines.replace(/\S[^\n]*/g, (line) => paint(line, colours[last]))
  }
}
