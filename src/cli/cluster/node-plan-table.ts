import type { NodePlanOutput } from "../output/node-plan-output.ts"
import type { Table } from "../render/table.ts"

/** One line per node that an install was planned for. */
export const nodePlanTable: Table<NodePlanOutput, "NodePlan"> = {
  kind: "NodePlan",
  name: ({ name }) => `node/${name}`,
  empty: "no node",
  columns: [
    { title: "NODE", text: ({ name }) => name },
    { title: "MODE", text: ({ mode }) => mode ?? "" },
    { title: "RUNTIME", text: ({ runtime }) => runtime ?? "" },
    { title: "PLATFORM", isWide: true, text: ({ platform }) => platform ?? "" },
    {
      title: "PLUGIN DIRECTORIES",
      text: ({ changedDirs, binDirs }) => (changedDirs?.length ? changedDirs : (binDirs ?? [])).join(", "),
    },
    { title: "NETWORKS", isWide: true, text: ({ confDir }) => confDir ?? "" },
    { title: "SELINUX", isWide: true, text: ({ selinux }) => selinux ?? "" },
    { title: "RECORDS", text: ({ recorded }) => recorded.join(", ") },
    {
      title: "REMARKS",
      text: ({ refusal, isRecorded, selinux, notObserved, warnings }) =>
        [
          ...(isRecorded ? ["recorded already"] : []),
          ...(refusal === undefined ? [] : [`refused: ${refusal}`]),
          ...(notObserved === undefined ? [] : [`not observed: ${notObserved}`]),
          ...(selinux === "enforcing" ? ["a privileged pod, because SELinux enforces"] : []),
          ...warnings,
        ].join("; "),
      colour: ({ refusal }) => (refusal === undefined ? undefined : "red"),
    },
  ],
}
