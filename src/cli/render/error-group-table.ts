import { age } from "../../model/format.ts"
import type { ErrorGroup } from "../../model/statistics/error-groups.ts"
import { errorGroupOutput } from "../output/error-group-output.ts"
import type { Table } from "./table.ts"

/** One line per message. */
export function errorGroupTable(nowMs: number): Table<ErrorGroup, "ErrorGroup"> {
  return {
    kind: "ErrorGroup",
    value: errorGroupOutput,
    name: ({ operation }) => `operation/${operation}`,
    empty: "no failed operation found",
    columns: [
      { title: "COUNT", alignRight: true, text: ({ count }) => String(count) },
      { title: "FIRST", alignRight: true, text: ({ firstMs }) => age(firstMs, nowMs) },
      { title: "LAST", alignRight: true, text: ({ lastMs }) => age(lastMs, nowMs) },
      { title: "PODS", alignRight: true, text: ({ pods }) => String(pods) },
      { title: "COMMAND", isWide: true, text: ({ commands }) => commands.join(",") },
      { title: "EXAMPLE", isWide: true, text: ({ operation }) => operation, colour: () => "dim" },
      { title: "PLUGINS", text: ({ plugins }) => plugins.join(",") },
      { title: "MESSAGE", text: ({ message }) => message, colour: () => "red" },
    ],
  }
}
