import { toRepro } from "../../export/repro.ts"
import type { Call } from "../../model/call.ts"
import { saveFile } from "./bytes.ts"

/** Hands out a shell script that makes the calls again. */
export function ReproButton({ calls, name }: { calls: readonly Call[]; name: string }) {
  return (
    <button
      type="button"
      class="button"
      title={
        calls.length === 1 ? "a shell script that makes this call again" : "a shell script that makes these calls again"
      }
      onClick={() => saveFile(`${name}.sh`, toRepro(calls), "text/x-shellscript")}
    >
      Repro script
    </button>
  )
}
