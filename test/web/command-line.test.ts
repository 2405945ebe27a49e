import assert from "node:assert/strict"
import { test } from "node:test"
import { commandLine } from "../../src/web/parts/command-line.ts"

test("the command reads a directory with --capture and a bundle with --from", () => {
  const source = { host: "node-1", isLive: true }
  assert.deepEqual(
    [
      commandLine({ ...source, path: "/var/lib/cnitap/capture" }, "ls", "failed and plugin=bridge"),
      commandLine({ ...source, isLive: false, path: "shared files/node-1.cnitap" }, "show", "ef2956ffc469a291"),
      commandLine(undefined, "ls"),
    ],
    [
      "cnitap ls --capture /var/lib/cnitap/capture 'failed and plugin=bridge'",
      "cnitap show --from 'shared files/node-1.cnitap' ef2956ffc469a291",
      "cnitap ls",
    ],
  )
})
