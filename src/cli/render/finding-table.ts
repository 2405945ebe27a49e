import type { NodeFinding } from "../../doctor/node-finding.ts"
import { age, podName } from "../../model/format.ts"
import type { FileFinding } from "../../model/lint/conf/lint-conf.ts"
import type { Severity } from "../../model/lint/finding.ts"
import type { FindingGroup } from "../../model/lint/finding-groups.ts"
import { findingOutput } from "../output/finding-output.ts"
import { type Colour, visible } from "../terminal/colour.ts"
import { displayWidth } from "../terminal/wrap.ts"
import type { Table } from "./table.ts"

const COLOURS: Record<Severity, Colour> = { error: "red", warning: "yellow", note: "dim" }

/** One line for findings that are alike. */
export function findingTable(nowMs: number): Table<FindingGroup, "Finding"> {
  return {
    kind: "Finding",
    value: findingOutput,
    name: ({ rule, evidence }) => `finding/${rule}/${evidence.call}`,
    empty: "nothing found",
    columns: [
      { title: "SEVERITY", text: ({ severity }) => severity, colour: ({ severity }) => COLOURS[severity] },
      { title: "RULE", text: ({ rule }) => rule },
      { title: "TIMES", alignRight: true, text: ({ count }) => String(count) },
      { title: "LAST", alignRight: true, text: ({ wallMs }) => age(wallMs, nowMs) },
      { title: "TIME", isWide: true, text: ({ wallMs }) => new Date(wallMs).toISOString() },
      { title: "FIRST", isWide: true, text: ({ firstMs }) => new Date(firstMs).toISOString() },
      { title: "NODE", isWide: true, text: ({ node }) => node ?? "" },
      { title: "PLUGIN", text: ({ plugin }) => plugin },
      { title: "COMMAND", text: ({ command }) => command },
      { title: "POD", text: podText },
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

/** The pod, or how many pods have the finding. */
function podText(group: FindingGroup): string {
  const { podCount } = group
  return podCount > 1 ? `${podCount} pods` : podName(group)
}

/** `<call>:<stream>:<byte>` */
function whereText({ evidence: { call, stream, byte } }: FindingGroup): string {
  return [call, stream, ...(byte === undefined ? [] : [byte])].join(":")
}

export function whatText({ title, detail }: { title: string; detail: string }): string {
  return detail ? `${title}: ${detail}` : title
}
