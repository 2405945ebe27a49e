import { toRepro } from "../../export/repro.ts"
import type { Call } from "../../model/call.ts"
import { saveFile } from "./bytes.ts"

/** Saves a shell script that repeats the calls. */
export function ReproButton({ calls, name }: { calls: readonly Call[]; name: string }) {
  return (
    <button
      type="button"
      class="button"
      title={calls.length === 1 ? "shell script that repeats this call" : "shell script that repeats these calls"}
      onClick={() => saveFile(`${name}.sh`, toRepro(calls), "text/x-shellscript")}
    >
      Repro script
    </button>
  )
}
