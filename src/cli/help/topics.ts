import { EXIT_STATUSES } from "../../fault/exit-status.ts"
import { fieldLines, GRAMMAR } from "../../model/filter/grammar.ts"
import { CONF_RULES } from "../../model/lint/conf/lint-conf.ts"
import type { Rule } from "../../model/lint/finding.ts"
import { CALL_RULES } from "../../model/lint/linter.ts"
import { DEFAULT_CAPTURE } from "../../store/capture/capture.ts"

/** What `cnitap help <topic>` tells beside the verbs. */
export type Topic = { name: string; summary: string; text(): string }

export const TOPICS: readonly Topic[] = [
  { name: "filter", summary: "the filter language", text: () => `${GRAMMAR}\n\nFields: cnitap help fields\n` },
  {
    name: "fields",
    summary: "what a filter can ask for",
    text: () => `${fieldLines().join("\n")}\n`,
  },
  { name: "output", summary: "formats of -o", text: () => OUTPUT },
  {
    name: "exit-codes",
    summary: "what each exit status means",
    text: () =>
      `${EXIT_STATUSES.map(({ status, meaning }) => `${String(status).padStart(3)}  ${meaning}`).join("\n")}\n`,
  },
  {
    name: "environment",
    summary: "variables that cnitap looks at",
    text: () => `${ENVIRONMENT.map(({ name, meaning }) => `${name.padEnd(15)}  ${meaning}`).join("\n")}\n`,
  },
  { name: "rules", summary: "every rule of lint, where it is written, what to do", text: rulesText },
]

export const ENVIRONMENT: readonly { name: string; meaning: string }[] = [
  { name: "CNITAP_CAPTURE", meaning: `capture directory where --capture names none; without it ${DEFAULT_CAPTURE}` },
  { name: "NO_COLOR", meaning: "not empty: no colour" },
  { name: "TERM", meaning: "dumb: no colour" },
  { name: "CNITAP_PAGER", meaning: "pager for long output on a terminal; empty or cat: none" },
  { name: "PAGER", meaning: "the same where CNITAP_PAGER is not set; without both less -FIRX" },
]

export const OUTPUT = `table            for people; what is wider than the terminal is not cut
wide             with more columns
json             one document; a list has kind <Kind>List and items
jsonl            one JSON document a line, as soon as it is known
yaml             the same as json
name             <kind>/<id> a line
jsonpath=<text>  kubectl's template: '{range .items[*]}{.id}{"\\n"}{end}'

Every document has apiVersion cnitap/v1 and a kind. Times are milliseconds, since 1970 where they tell when. New keys
may come; those that are there keep their meaning.
`

function rulesText(): string {
  return [
    "Rules about recorded calls:",
    "",
    ...CALL_RULES.flatMap(ruleLines),
    "Rules about configuration files (cnitap lint FILE):",
    "",
    ...CONF_RULES.flatMap(ruleLines),
  ].join("\n")
}

function ruleLines({ id, severity, title, source, remedy }: Rule): string[] {
  return [`${id}  ${severity}`, `  ${title}`, `  ${source.text} <${source.link}>`, `  ${remedy}`, ""]
}
