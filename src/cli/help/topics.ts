import { DEFAULT_CAPTURE } from "../../capture/default-capture.ts"
import { EXIT_STATUSES } from "../../fault/exit-status.ts"

/** A page of help that is about no single verb; its text is loaded when it is asked for. */
export type Topic = { name: string; summary: string; text(): string | Promise<string> }

export const TOPICS: readonly Topic[] = [
  {
    name: "filter",
    summary: "the filter language; the web page uses the same one",
    text: async () => `${(await import("../../model/filter/grammar.ts")).GRAMMAR}\n\nFields: cnitap help fields\n`,
  },
  {
    name: "fields",
    summary: "the fields of a call that a filter can test",
    text: async () => `${(await import("../../model/filter/grammar.ts")).fieldLines().join("\n")}\n`,
  },
  { name: "output", summary: "the formats of -o", text: () => OUTPUT },
  {
    name: "exit-codes",
    summary: "what each exit status means",
    text: () =>
      `${EXIT_STATUSES.map(({ status, meaning }) => `${String(status).padStart(3)}  ${meaning}`).join("\n")}\n`,
  },
  {
    name: "environment",
    summary: "environment variables that cnitap reads",
    text: () => `${ENVIRONMENT.map(({ name, meaning }) => `${name.padEnd(15)}  ${meaning}`).join("\n")}\n`,
  },
  {
    name: "rules",
    summary: "every lint rule, its source and its remedy",
    text: async () => (await import("./rules.ts")).rulesText(),
  },
]

export const ENVIRONMENT: readonly { name: string; meaning: string }[] = [
  {
    name: "CNITAP_CAPTURE",
    meaning: `capture directory, below --root, if --capture is not given (default: ${DEFAULT_CAPTURE})`,
  },
  { name: "NO_COLOR", meaning: "disables colours if it is not empty; --color comes first" },
  { name: "FORCE_COLOR", meaning: "colours without a terminal too, if it is neither empty nor 0" },
  { name: "CLICOLOR_FORCE", meaning: "the same" },
  { name: "TERM", meaning: "dumb disables colours" },
  { name: "CNITAP_PAGER", meaning: "pager for long output on a terminal; empty or cat disables paging" },
  { name: "PAGER", meaning: "the same, if CNITAP_PAGER is not set (default: less -FIRX)" },
]

export const OUTPUT = `table            a table for people; lines are wrapped to fit a terminal, never cut
wide             a table with more columns
json             one document; a list has the kind <Kind>List and its items in \`items\`
jsonl            one JSON document per line, written as soon as it is known
yaml             the same document as json
name             one <kind>/<id> per line
jsonpath=<text>  a template as in kubectl: '{range .items[*]}{.id}{"\\n"}{end}'
custom-columns=<heading>:<path>,<heading>:<path>
                 a table as in kubectl, of paths in an item: ID:.id,POD:.pod.name,PLUGINS:.calls[*].call.plugin

Every document has apiVersion cnitap/v1 and a kind. Keys that end in Ms are milliseconds: durations, or times since
1970. A time also has a key that ends in At, in RFC 3339: startedAt is wallMs. Keys may be added; the meaning of
existing keys does not change.
`
