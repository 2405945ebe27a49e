import { elementScroll, observeElementOffset, observeElementRect, Virtualizer } from "@tanstack/virtual-core"
import type { ComponentChildren, HTMLAttributes } from "preact"
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"
import { isPrinting } from "../../state/printing.ts"

/** By name of the list: where it was scrolled to when it was last shown. */
const scrolled = new Map<string, number>()

/** More rows are more pages than anybody reads. */
const MOST_PRINTED = 2_000

/** If this share of the rows is new in each frame, none of them can be read. */
const FAST_SHARE = 1 / 4

/** A list of rows with equal height; only the visible ones are in the document. */
export function VirtualList({
  name,
  count,
  rowHeight,
  row,
  current,
  identity,
  onTop,
  ...attributes
}: {
  name: string
  count: number
  rowHeight: number
  /** `isSketch`: it flies past, and is drawn whole as soon as scrolling is slower */
  row(index: number, isSketch: boolean): ComponentChildren
  /** scrolled into view when it changes; -1 for none */
  current: number
  /** identifies rows when others are inserted before them, so that the visible rows do not move */
  identity?: { idOf(index: number): string | undefined; indexOf(id: string): number }
  /** after scrolling: whether the first row is at the top */
  onTop?(isAtTop: boolean): void
} & Omit<HTMLAttributes<HTMLDivElement>, "children">) {
  const element = useRef<HTMLDivElement>(null)
  const [, redraw] = useState(0)
  const options = {
    count,
    getScrollElement: () => element.current,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollToFn: elementScroll,
    observeElementRect,
    observeElementOffset,
    onChange: () => redraw((times) => times + 1),
  }
  const virtualizer = useRef<Virtualizer<HTMLDivElement, Element>>(undefined)
  virtualizer.current ??= new Virtualizer<HTMLDivElement, Element>(options)
  const list = virtualizer.current
  list.setOptions(options)
  useLayoutEffect(() => list._didMount(), [list])
  useLayoutEffect(() => list._willUpdate())
  useLayoutEffect(() => list.measure(), [list, rowHeight])
  useLayoutEffect(() => {
    const box = element.current
    if (box) box.scrollTop = scrolled.get(name) ?? 0
  }, [name])
  const top = useRef<{ id: string; offset: number }>(undefined)
  useLayoutEffect(() => {
    const box = element.current
    const known = top.current
    const index = known && box && box.scrollTop > 0 ? identity?.indexOf(known.id) : undefined
    if (box && known && index !== undefined && index >= 0) {
      const wanted = index * rowHeight + known.offset
      if (Math.abs(wanted - box.scrollTop) >= rowHeight) box.scrollTop = wanted
    }
  }, [count, rowHeight])
  const remember = () => {
    const box = element.current
    if (box) scrolled.set(name, box.scrollTop)
    onTop?.(!box || box.scrollTop < rowHeight)
    const first = box ? Math.floor(box.scrollTop / rowHeight) : 0
    const id = identity?.idOf(first)
    top.current = box && id !== undefined ? { id, offset: box.scrollTop - first * rowHeight } : undefined
  }
  useEffect(() => {
    if (current >= 0 && current < count) list.scrollToIndex(current, { align: "auto" })
  }, [current])
  // On paper there is nothing to scroll.
  const printed = isPrinting.value ? Math.min(count, MOST_PRINTED) : 0
  const rows = printed > 0 ? printedItems(printed, rowHeight) : list.getVirtualItems()
  // Elements of rows that left the screen are reused for those that come: creating them is most of the cost of scrolling.
  const pool = useRef(0)
  pool.current = Math.max(pool.current, rows.length)
  const isSketch = useFast(rows[0]?.index ?? 0, rows.length * FAST_SHARE, () => redraw((times) => times + 1))
  return (
    <div ref={element} {...attributes} onScroll={remember}>
      <div class="virtual-size" style={{ height: `${printed > 0 ? printed * rowHeight : list.getTotalSize()}px` }}>
        {rows.map((item) => (
          <div
            key={item.index % pool.current}
            class="virtual-row"
            role="presentation"
            style={{ height: `${item.size}px`, top: `${item.start}px` }}
          >
            {row(item.index, isSketch)}
          </div>
        ))}
      </div>
    </div>
  )
}

/**
 * Whether the list moves too fast to be read: by more than `most` rows, and so did it before. When it has come to
 * rest, `rested` is called.
 */
function useFast(first: number, most: number, rested: () => void): boolean {
  const last = useRef({ first, isJump: false })
  const { current: before } = last
  const isMoved = first !== before.first
  const isJump = isMoved ? Math.abs(first - before.first) > most : before.isJump
  const isFast = isJump && before.isJump
  useLayoutEffect(() => {
    last.current = { first, isJump }
    if (!isJump) return undefined
    // The scroll event of the next frame comes before the second of these.
    let frame = requestAnimationFrame(() => {
      frame = requestAnimationFrame(() => {
        last.current.isJump = false
        if (isFast) rested()
      })
    })
    return () => cancelAnimationFrame(frame)
  })
  return isFast
}

function printedItems(count: number, rowHeight: number): { index: number; size: number; start: number }[] {
  return Array.from({ length: count }, (_, index) => ({ index, size: rowHeight, start: index * rowHeight }))
}
