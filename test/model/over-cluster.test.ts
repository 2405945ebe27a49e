import assert from "node:assert/strict"
import { test } from "node:test"
import { withNode } from "../../src/cli/cluster/collect-rows.ts"
import { nodeFindingTable } from "../../src/cli/render/finding-table.ts"
import { overCluster } from "../../src/model/over-cluster.ts"

test("commands of a node are those of the cluster's verbs, without the paths of the node", () => {
  const written = {
    "Run `cnitap who-owns` for the address": "Run `kubectl cnitap who-owns` for the address",
    "cnitap show --capture /c --root /r 12ab; cnitap diff 12ab 34cd":
      "kubectl cnitap show 12ab; kubectl cnitap diff 12ab 34cd",
    "cnitap export repro 12ab | sh": "kubectl cnitap export repro 12ab # a script for the node",
    "kubectl cnitap status shows it": "kubectl cnitap status shows it",
    "what cnitap shows, and cnitap-linux-amd64": "what cnitap shows, and cnitap-linux-amd64",
  }
  assert.deepEqual(Object.keys(written).map(overCluster), Object.values(written))
})

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
