import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type VirtualItem,
  Virtualizer,
} from "@tanstack/virtual-core"
import type { ComponentChildren, HTMLAttributes } from "preact"
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks"

/** Rows of one height, of which only those in sight are in the document. */
export function VirtualList({
  count,
  rowHeight,
  row,
  current,
  keepPlace,
  ...attributes
}: {
  count: number
  rowHeight: number
  row(index: number): ComponentChildren
  /** scrolled into sight when it changes; -1 for none */
  current: number
  /** how many rows were put before the first since `keepPlace` was smaller: what is looked at stays where it is */
  keepPlace?: number
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
  const place = useRef(keepPlace ?? 0)
  useLayoutEffect(() => {
    const added = (keepPlace ?? 0) - place.current
    place.current = keepPlace ?? 0
    const box = element.current
    if (box && added > 0 && box.scrollTop > rowHeight) box.scrollTop += added * rowHeight
  }, [keepPlace, rowHeight])
  useEffect(() => {
    if (current >= 0 && current < count) list.scrollToIndex(current, { align: "auto" })
  }, [current])
  return (
    <div ref={element} {...attributes}>
      <div class="virtual-size" style={{ height: `${list.getTotalSize()}px` }}>
        {list.getVirtualItems().map((item: VirtualItem) => (
          <div
            key={item.key}
            class="virtual-row"
            role="presentation"
            style={{ height: `${item.size}px`, transform: `translateY(${item.start}px)` }}
          >
            {row(item.index)}
          </div>
        ))}
      </div>
    </div>
  )
}
