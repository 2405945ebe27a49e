import type { NodeFinding } from "../../doctor/node-finding.ts"
import { podName } from "../../model/format.ts"
import type { FileFinding } from "../../model/lint/conf/lint-conf.ts"
import type { Finding, Severity } from "../../model/lint/finding.ts"
import type { RuleFindings } from "../../model/lint/findings-by-rule.ts"
import { findingOutput } from "../output/finding-output.ts"
import { type Colour, visible } from "./colour.ts"
import type { Table } from "./table.ts"
import { displayWidth } from "./wrap.ts"

const COLOURS: Record<Severity, Colour> = { error: "red", warning: "yellow", note: "dim" }

/** One line per finding in a capture. */
export const findingTable: Table<Finding, "Finding"> = {
  kind: "Finding",
  value: findingOutput,
  name: ({ rule, evidence }) => `finding/${rule}/${evidence.call}`,
  empty: "nothing found",
  columns: [
    { title: "SEVERITY", text: ({ severity }) => severity, colour: ({ severity }) => COLOURS[severity] },
    { title: "RULE", text: ({ rule }) => rule },
    { title: "TIME", isWide: true, text: ({ wallMs }) => new Date(wallMs).toISOString() },
    { title: "NODE", isWide: "of several", text: ({ node }) => node ?? "" },
    { title: "PLUGIN", text: ({ plugin }) => plugin },
    { title: "COMMAND", text: ({ command }) => command },
    { title: "POD", text: podName },
    { title: "WHERE", text: whereText, colour: () => "dim" },
    { title: "WHAT", text: whatText },
    {
      title: "EXCERPT",
      isWide: true,
      text: ({ evidence }) => evidence.excerpt.trim().replace(/\s+/g, " ").slice(0, 60),
    },
    { title: "REMEDY", isWide: true, text: ({ remedy }) => remedy },
    { title: "SOURCE", isWide: true, text: ({ source }) => `${source.text} <${source.link}>` },
  ],
}

/** One line per rule. */
export const ruleTable: Table<RuleFindings> = {
  kind: "RuleFindings",
  name: ({ rule }) => `rule/${rule}`,
  empty: "nothing found",
  columns: [
    { title: "SEVERITY", text: ({ severity }) => severity, colour: ({ severity }) => COLOURS[severity] },
    { title: "RULE", text: ({ rule }) => rule },
    { title: "FINDINGS", alignRight: true, text: ({ count }) => String(count) },
    { title: "FIRST CALL", text: ({ firstCall }) => firstCall, colour: () => "dim" },
    { title: "PLUGINS", isWide: true, text: ({ plugins }) => plugins.join(", ") },
    { title: "WHAT", text: ({ title }) => title },
    { title: "REMEDY", isWide: true, text: ({ remedy }) => remedy },
  ],
}

/** Findings in configuration files as compilers print them: the place, what is wrong, the line, what to do. */
export const fileFindingTable: Table<FileFinding, "FileFinding"> = {
  kind: "FileFinding",
  name: ({ rule, path }) => `finding/${rule}/${path}`,
  empty: "nothing found",
  columns: [],
  block: ({ path, line, column, severity, rule, title, detail, lineText, caret, remedy }, paint) => {
    const gutter = String(line)
    const before = visible(lineText.slice(0, caret))
    return [
      `${visible(path)}:${line}:${column}: ${paint(severity, COLOURS[severity])}: ${visible(whatText({ title, detail }))} ${paint(`(${rule})`, "dim")}`,
      ...(lineText.trim() === ""
        ? []
        : [
            `  ${gutter} | ${before}${visible(lineText.slice(caret))}`,
            `  ${" ".repeat(gutter.length)} | ${before.replace(/[^\t]/gu, (character) => " ".repeat(displayWidth(character)))}${paint("^", COLOURS[severity])}`,
          ]),
      `  ${paint(visible(remedy), "green")}`,
      "",
      "",
    ].join("\n")
  },
}

/** One line per finding of the doctor, with its remedy. */
export function nodeFindingTable(empty: string): Table<NodeFinding, "NodeFinding"> {
  return {
    kind: "NodeFinding",
    name: ({ rule, evidence }) => `finding/${rule}${evidence[0] ?? ""}`,
    empty,
    columns: [
      { title: "SEVERITY", text: ({ severity }) => severity, colour: ({ severity }) => COLOURS[severity] },
      { title: "RULE", text: ({ rule }) => rule },
      { title: "WHAT", text: ({ detail }) => detail },
      { title: "EVIDENCE", isWide: true, text: ({ evidence }) => evidence.join(" "), colour: () => "dim" },
      { title: "REMEDY", text: ({ remedy }) => remedy, colour: () => "green" },
    ],
  }
}

/** `<call>:<stream>:<byte>` */
function whereText({ evidence: { call, stream, byte } }: Finding): string {
  return [call, stream, ...(byte === undefined ? [] : [byte])].join(":")
}

function whatText({ title, detail }: { title: string; detail: string }): string {
  return detail ? `${title}: ${detail}` : title
}
