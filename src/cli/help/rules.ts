import { CONF_RULES } from "../../model/lint/conf/lint-conf.ts"
import type { Rule } from "../../model/lint/finding.ts"
import { CALL_RULES } from "../../model/lint/linter.ts"

/** Every lint rule: its name and severity, what it finds, where that is specified, and what to do about it. */
export function rulesText(): string {
  return [
    "Rules for recorded calls:",
    "",
    ...CALL_RULES.flatMap(ruleLines),
    "Rules for configuration files (cnitap lint FILE):",
    "",
    ...CONF_RULES.flatMap(ruleLines),
  ].join("\n")
}

function ruleLines({ id, severity, title, source, remedy }: Rule): string[] {
  return [`${id}  ${severity}`, `  ${title}`, `  ${source.text} <${source.link}>`, `  ${remedy}`, ""]
}
