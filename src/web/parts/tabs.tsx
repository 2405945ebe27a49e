import type { ComponentChildren } from "preact"
import { useEffect, useRef } from "preact/hooks"

/** A tab bar as in WAI-ARIA: a single tab stop, arrow keys within it. Each tab is a link. */
export function Tabs<Name extends string>({
  label,
  tabs,
  current,
  href,
  onChoose,
}: {
  label: string
  tabs: readonly { name: Name; title: ComponentChildren }[]
  current: Name
  href(name: Name): string
  onChoose(name: Name): void
}) {
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    bar.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest", inline: "nearest" })
  }, [current])
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const to = (tabs.findIndex(({ name }) => name === current) + step + tabs.length) % tabs.length
    const next = tabs[to]
    if (!next) return
    onChoose(next.name)
    bar.current?.querySelectorAll<HTMLElement>("[role=tab]")[to]?.focus()
  }
  return (
    <div ref={bar} class="tabs" role="tablist" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown}>
      {tabs.map(({ name, title }) => (
        <a
          key={name}
          class="tab"
          role="tab"
          href={href(name)}
          aria-selected={name === current}
          tabIndex={name === current ? 0 : -1}
        >
          {title}
        </a>
      ))}
    </div>
  )
}
