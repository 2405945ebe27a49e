import { VERB_GROUPS } from "../verbs.ts"
import { VERSION } from "../version.ts"
import { TOPICS } from "./topics.ts"

/** What to type first. */
export const FIRST_STEPS = `Start here, as root on a node:
  cnitap plan            show what would be recorded; changes nothing
  cnitap install         record every plugin call until cnitap uninstall
  cnitap ls              list what was recorded
  cnitap explain POD     explain why a pod has no network
`

/** What `cnitap` alone prints: what to type first, on one screen of 80 columns and 24 lines. */
export function overview(): string {
  return `cnitap ${VERSION}: see what every CNI plugin was given and what it gave back.

${FIRST_STEPS}
Verbs:
${VERB_GROUPS.map(({ title, verbs }) => `  ${title.padEnd(10)} ${verbs.map(({ name }) => name).join(", ")}`).join("\n")}

  cnitap help            every verb with a summary
  cnitap help VERB       a verb's arguments, flags and examples
  cnitap help TOPIC      ${TOPICS.map(({ name }) => name).join(", ")}
`
}
