import type { ComponentChildren, Ref } from "preact"

/** A scrollable section that can have the focus, so that arrow keys scroll it. */
export function ScrollRegion({
  label,
  class: name,
  box,
  children,
}: {
  label: string
  class: string
  box?: Ref<HTMLElement>
  children: ComponentChildren
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable section must be reachable by keyboard (WCAG 2.1.1)
    <section {...(box ? { ref: box } : {})} class={`${name} scrolls`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
