import { useState } from "preact/hooks"

/** Puts a text on the clipboard and says whether it could. */
export function CopyButton({ label, text }: { label: string; text: () => string }) {
  const [said, setSaid] = useState<string>()
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text())
      setSaid("copied")
    } catch {
      // Browsers deny the clipboard to pages that are not focused or not from this machine.
      setSaid("the browser denied it")
    }
    setTimeout(() => setSaid(undefined), 1_500)
  }
  return (
    <button type="button" class="button" onClick={copy}>
      <span aria-live="polite">{said ?? label}</span>
    </button>
  )
}
