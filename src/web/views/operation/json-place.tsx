import { CopyButton } from "../../parts/copy-button.tsx"
import type { JsonLine } from "../../parts/json-lines.ts"

/** Where a line of a JSON document is, and its value, to be copied. */
export function JsonPlace({ line }: { line: JsonLine }) {
  return (
    <div class="json-place">
      <code class="nowrap">{line.pointer || "the document"}</code>
      {line.pointer && <CopyButton label="Copy path" text={() => line.pointer} />}
      <CopyButton label="Copy value" text={() => line.value} />
    </div>
  )
}
