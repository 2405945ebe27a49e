import { createTwoFilesPatch } from "diff"
import type { Plan } from "../../install/plan/plan.ts"
import { printable } from "../../install/plan/plan-output.ts"
import type { InstallStep } from "../../install/plan/step.ts"

/** Changes of text files as a unified diff, and the paths of new executables. */
export function planDiff({ changes, edit }: Plan): string {
  const made = changes.flatMap(({ steps }) => steps)
  const texts = made
    .filter(isText)
    .map(({ path, text }) => createTwoFilesPatch("/dev/null", settled(path, made), "", text))
  const edits = edit ? [createTwoFilesPatch(edit.path, edit.path, printable(edit.before), printable(edit.after))] : []
  const relays = made.flatMap((step) => (step.kind === "rename" && isRelay(step) ? [`relay ${step.path}\n`] : []))
  return [...relays, ...texts, ...edits].map((part) => part.replace(/^(?:Index: .*\n)?=+\n/, "")).join("")
}

function isText(step: InstallStep): step is Extract<InstallStep, { kind: "write"; text: string }> {
  return step.kind === "write" && "text" in step
}

function isRelay(step: Extract<InstallStep, { kind: "rename" }>): boolean {
  return step.undo.kind === "restore" || step.undo.kind === "forward" || step.undo.kind === "probe"
}

/** The final path of a file that is written under another name first. */
function settled(path: string, steps: readonly InstallStep[]): string {
  const move = steps.find((step) => step.kind === "rename" && step.from === path)
  return move?.kind === "rename" ? move.path : path
}
