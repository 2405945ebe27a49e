import type { ComponentChildren, Ref } from "preact"

/** A part that scrolls by itself; the keyboard reaches it, so that arrow keys scroll it. */
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
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable without a mouse (WCAG 2.1.1)
    <section {...(box ? { ref: box } : {})} class={`${name} scrolls`} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
