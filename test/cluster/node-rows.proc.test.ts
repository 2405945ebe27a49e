import assert from "node:assert/strict"
import { test } from "node:test"
import { withNode } from "../../src/cli/cluster/collect-rows.ts"
import { nodeFindingTable } from "../../src/cli/render/finding-table.ts"

test("remedies in the rows of nodes name the cluster's verbs", () => {
  const { columns } = withNode(nodeFindingTable(""))
  const row = {
    node: "node-1",
    rule: "install-interrupted",
    severity: "error" as const,
    title: "an install was interrupted",
    detail: "the journal is open",
    evidence: [],
    remedy: "Run cnitap uninstall.",
    source: { text: "", link: "" },
  }
  assert.deepEqual(
    columns.map(({ text }) => text(row)),
    ["node-1", "error", "install-interrupted", "the journal is open", "", "Run kubectl cnitap uninstall."],
  )
})
