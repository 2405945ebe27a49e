import assert from "node:assert/strict"
import { test } from "node:test"
import { overCluster } from "../../src/model/over-cluster.ts"

test("commands of a node are those of the cluster's verbs, without the paths of the node", () => {
  const written = {
    "Run `cnitap who-owns` for the address": "Run `kubectl cnitap who-owns` for the address",
    "cnitap show --capture /c --root /r 12ab; cnitap diff 12ab 34cd":
      "kubectl cnitap show 12ab; kubectl cnitap diff 12ab 34cd",
    "cnitap export repro 12ab | sh": "kubectl cnitap export repro 12ab # a script for the node",
    "cnitap export --capture /c repro 12ab | sh": "kubectl cnitap export repro 12ab # a script for the node",
    "kubectl cnitap status shows it": "kubectl cnitap status shows it",
    "what cnitap shows, and cnitap-linux-amd64": "what cnitap shows, and cnitap-linux-amd64",
  }
  assert.deepEqual(Object.keys(written).map(overCluster), Object.values(written))
})
