import { useState } from "preact/hooks"

/** Copies a text to the clipboard and shows whether it succeeded. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [status, setStatus] = useState<string>()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text())
      setStatus("copied")
    } catch {
      // Browsers deny clipboard access to pages without focus or without a secure context.
      setStatus("denied by the browser")
    }
    setTimeout(() => setStatus(undefined), 1_500)
  }
  return (
    <button type="button" class="button" onClick={copy}>
      <span aria-live="polite">{status ?? label}</span>
    </button>
  )
}
