import { CONF_RULES, CONFIGURATION_RULES } from "../../model/lint/conf/lint-conf.ts"
import { UNUSED } from "../../model/lint/conf/lint-dir.ts"
import type { Rule } from "../../model/lint/finding.ts"
import { CALL_RULES } from "../../model/lint/linter.ts"

/** Every lint rule: its name and severity, what it finds, where that is specified, and what to do about it. */
export function rulesText(): string {
  return [
    "Rules for recorded calls:",
    "",
    ...CALL_RULES.flatMap(ruleLines),
    "Rules for configuration files and directories of them (cnitap lint FILE):",
    "",
    ...[...CONF_RULES, UNUSED].flatMap(ruleLines),
    "These hold for the configuration that a call gets on stdin too:",
    "",
    ...CONFIGURATION_RULES.map(({ id }) => `  ${id}`),
    "",
  ].join("\n")
}

function ruleLines({ id, severity, title, source, remedy }: Rule): string[] {
  return [`${id}  ${severity}`, `  ${title}`, `  ${source.text} <${source.link}>`, `  ${remedy}`, ""]
}
