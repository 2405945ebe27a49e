import { useEffect, useState } from "preact/hooks"

type Reference = { readonly current: Element | null }

/** Width of an element's content in pixels; that of the window until it is known. `isThere`: it may be rendered later. */
export function useWidth(element: Reference, isThere = true): number {
  const [widthPx, setWidth] = useState(innerWidth)
  useEffect(() => {
    if (!element.current) return undefined
    return followWidth(element.current, setWidth)
  }, [element, isThere])
  return widthPx
}

/** Calls `changed` now and at each change, until the function that it returns is called. */
export function followWidth(element: Element, changed: (widthPx: number) => void): () => void {
  const observer = new ResizeObserver(([entry]) => entry && changed(entry.contentRect.width))
  observer.observe(element)
  return () => observer.disconnect()
}
