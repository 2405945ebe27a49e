import { podName } from "../../../model/format.ts"
import type { OperationSummary } from "../../../model/packed-operations.ts"
import { operationById } from "../../state/capture.ts"
import { mark, marked } from "../../state/marked.ts"

/** Marks an operation for a comparison with the one that is opened next, or compares it with the marked one. */
export function MarkButton({ operation }: { operation: OperationSummary }) {
  const first = operationById(marked.value)
  const isMarked = first?.id === operation.id
  const name = first && !isMarked ? `${first.command} ${podName(first)}` : undefined
  return (
    <button
      type="button"
      class="button mark"
      aria-pressed={isMarked}
      title={name ? `compare with ${name} (m)` : "mark, then open another operation to compare it with (m)"}
      onClick={() => mark(operation.id)}
    >
      {name ? "Compare with marked" : isMarked ? "Marked" : "Mark"}
    </button>
  )
}
