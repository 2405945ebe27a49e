import type { ComponentChildren } from "preact"

/** A row of tabs as WAI-ARIA has it: one stop for Tab, arrow keys within. Each is a link to what it shows. */
export function Tabs<Name extends string>({
  label,
  tabs,
  current,
  href,
  onChoose,
  children,
}: {
  label: string
  tabs: readonly { name: Name; title: ComponentChildren }[]
  current: Name
  href(name: Name): string
  onChoose(name: Name): void
  children?: ComponentChildren
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0
    if (step === 0) return
    event.preventDefault()
    const at = tabs.findIndex(({ name }) => name === current)
    const next = tabs[(at + step + tabs.length) % tabs.length]
    if (!next) return
    onChoose(next.name)
    const bar = event.currentTarget as HTMLElement
    requestAnimationFrame(() => bar.querySelector<HTMLElement>("[aria-selected=true]")?.focus())
  }
  return (
    <div class="tabs" role="tablist" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown}>
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
      {children}
    </div>
  )
}
