import { useEffect, useRef } from "preact/hooks"
import "./share-menu.css"

export type ShareItem = { label: string; help: string; run(): Promise<string | undefined> | string | undefined }

/** Ways to share what is shown. Each item gives a text to copy, or does something else. */
export function ShareMenu({ items }: { items: ShareItem[] }) {
  const menu = useRef<HTMLDetailsElement>(null)
  const status = useRef<HTMLSpanElement>(null)
  useEffect(() => {
    const close = (event: Event) => {
      const isOutside = event.target instanceof Node && !menu.current?.contains(event.target)
      if (isOutside && menu.current) menu.current.open = false
    }
    document.addEventListener("pointerdown", close)
    return () => document.removeEventListener("pointerdown", close)
  }, [])
  const write = (text: string) => {
    if (status.current) status.current.textContent = text
  }
  const say = (text: string) => {
    write(text)
    setTimeout(() => write("Share"), 1_500)
  }
  const choose = async ({ run }: ShareItem) => {
    if (menu.current) menu.current.open = false
    try {
      write("…")
      const text = await run()
      if (text === undefined) {
        write("Share")
        return
      }
      await navigator.clipboard.writeText(text)
      say("copied")
    } catch {
      // Browsers deny clipboard access to pages without focus or without a secure context.
      say("not possible now")
    }
  }
  return (
    <details
      class="share"
      ref={menu}
      onKeyDown={(event) => {
        if (event.key !== "Escape" || !menu.current?.open) return
        menu.current.open = false
        menu.current.querySelector("summary")?.focus()
        event.stopPropagation()
      }}
    >
      <summary class="button">
        <span ref={status} aria-live="polite">
          Share
        </span>
      </summary>
      <div class="share-items">
        {items.map((item) => (
          <button key={item.label} type="button" onClick={() => void choose(item)}>
            {item.label}
            <small class="dim">{item.help}</small>
          </button>
        ))}
      </div>
    </details>
  )
}

/** Of what is shown. The token of a server is not part of it. */
export function copyLink(): ShareItem {
  return { label: "Copy link", help: "this place on this page", run: () => location.href }
}
