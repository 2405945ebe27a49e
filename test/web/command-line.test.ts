import assert from "node:assert/strict"
import { test } from "node:test"
import { nameCapture } from "../../src/cli/args/named-capture.ts"
import type { Capture } from "../../src/store/capture/capture.ts"
import { commandLine } from "../../src/web/parts/command-line.ts"

test("the command reads a directory with --capture, a bundle with --from, several with both, and a cluster's nodes with kubectl", () => {
  const capture = (path: string, isLive: boolean): Capture => ({
    path,
    isLive,
    root: "/",
    directories: [],
    segments: async () => [],
  })
  const directory = capture("/var/lib/cnitap/capture", true)
  const bundle = capture("shared files/node-1", false)
  const both = { ...capture(`${directory.path}, ${bundle.path}`, true), parts: [directory, bundle] }
  const lineOf = (of: Capture, words: string[], options = {}) =>
    commandLine({ ...nameCapture(of, options), host: "laptop", isLive: true }, "ls", ...words)
  assert.deepEqual(
    [
      lineOf(directory, ["failed and plugin=bridge"]),
      lineOf(bundle, []),
      lineOf(both, ["failed"]),
      lineOf(both, ["failed"], { nodes: ["node-1", "node-2"] }),
      lineOf(both, [], { nodes: ["node-1", "node-2"], node: ["node-1", "node-2"], context: "test" }),
      commandLine(undefined, "ls"),
    ],
    [
      "cnitap ls --capture /var/lib/cnitap/capture 'failed and plugin=bridge'",
      "cnitap ls --from 'shared files/node-1'",
      "cnitap ls --capture /var/lib/cnitap/capture --from 'shared files/node-1' failed",
      "kubectl cnitap ls failed",
      "kubectl cnitap ls --context test --node node-1,node-2",
      "cnitap ls",
    ],
  )
})
