import type { Context } from "../context.ts"
import type { OutputKind, OutputKinds } from "../output/kinds.ts"
import { type Colour, type Paint, painter, visible } from "../terminal/colour.ts"
import { displayWidth, wrap } from "../terminal/wrap.ts"
import { writer } from "../terminal/writer.ts"

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
  /** its rows are of several nodes, however they were read */
  isMerged?: true
  /** a row as lines of text, for people, instead of columns */
  block?(row: Row, paint: Paint): string
}

export type Column<Row> = {
  title: string
  /** shown with `-o wide` only; `of several`: also if several captures are read together */
  isWide?: true | "of several"
  alignRight?: true
  text(row: Row): string
  colour?(row: Row): Colour | undefined
}

/** Column widths are taken from the first rows and only grow later, so that long lists are not held in memory. */
const ROWS_MEASURED = 1000
/** A live list prints the rows it has after this time. */
const WAIT_MS = 50

type Row = { cells: string[]; colours: (Colour | undefined)[] }

/** Prints aligned columns. On a narrow terminal cells are wrapped, never cut. */
export async function printTable<Item>(
  context: Context,
  table: Pick<Table<Item>, "columns">,
  items: Iterable<Item> | AsyncIterable<Item>,
  { isWide, isMerged, headers }: { isWide: boolean; isMerged: boolean; headers: boolean },
): Promise<void> {
  const columns = table.columns.filter(
    (column) => isWide || !column.isWide || (isMerged && column.isWide === "of several"),
  )
  const paint = painter(context)
  const out = writer(context)
  const widths = columns.map(() => 0)
  let held: Row[] = []
  let hasHeading = !headers
  let timer: NodeJS.Timeout | undefined
  /** of rows whose reader may be slow */
  let flushed = Promise.resolve()

  const flush = () => {
    flushed = flushed.then(print)
  }
  const print = async () => {
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
    await flushed
    held.push({
      cells: columns.map((column) => visible(column.text(item)) || "-"),
      colours: columns.map((column) => column.colour?.(item)),
    })
    if (held.length >= ROWS_MEASURED) flush()
    else timer ??= setTimeout(flush, WAIT_MS)
  }
  flush()
  await flushed
}

/**
 * `aligned`: one line per row. `hanging`: the last column is wrapped within its width. `below`: it is on lines of its own.
 * `stacked`: the other columns do not fit in one line either.
 */
type Layout = { kind: "aligned" } | { kind: "hanging" | "below" | "stacked"; columns: number }

const GAP = 3
const NARROW_GAP = 2
const INDENT = 4
/** A narrower last column would be hard to read. */
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

  /** Line by line: some terminals would colour the indent too. */
  function painted(lines: string): string {
    return lines.replace(/\S[^\n]*/g, (line) => paint(line, colours[last]))
  }
}
