import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chownSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { compiled } from "../../doubles/double.ts"
import { plainNode, planOn } from "./planned.ts"

// Only root can create a directory that is owned by root or by another user.
const CAPTURE = "/var/lib/cnitap/capture"

test("refused: a capture that is accessible to other users", (t) => {
  const node = plainNode(t)
  node.directory(CAPTURE, 0o755)
  assert.deepEqual(
    planOn(node, { mode: "swap" }).refusals.map(({ reason, hint }) => [reason, hint]),
    [
      [
        `${node.at(CAPTURE)} is accessible to other users, so relays would not write to it`,
        `Run chmod 700 ${node.at(CAPTURE)}, or choose another directory with --capture.`,
      ],
    ],
  )
})

test("refused: a capture that is owned by another user", (t) => {
  const node = plainNode(t)
  node.directory(CAPTURE, 0o700)
  chownSync(node.at(CAPTURE), 65534, 65534)
  assert.deepEqual(
    planOn(node, { mode: "swap" }).refusals.map(({ reason, hint }) => [reason, hint]),
    [
      [
        `${node.at(CAPTURE)} is owned by another user, so relays would not write to it`,
        `Run chown root ${node.at(CAPTURE)}, or choose another directory with --capture.`,
      ],
    ],
  )
})

test("refused without touching it: a capture on a FUSE file system whose daemon does not answer", async (t) => {
  const node = plainNode(t)
  node.directory(CAPTURE, 0o700)
  const daemon = spawn(compiled(join(import.meta.dirname, "../../doubles/fuse.c")), ["stalled", node.at(CAPTURE)], {
    stdio: ["pipe", "pipe", "inherit"],
  })
  await once(daemon.stdout, "data")
  assert.deepEqual(
    planOn(node, { mode: "swap" }).refusals.map(({ reason, hint }) => [reason, hint]),
    [
      [
        `${node.at(CAPTURE)} is on a remote file system (fuse), to which relays do not write`,
        "Choose a directory on a local disk with --capture or --log-file.",
      ],
    ],
  )
  daemon.stdin.end()
  await once(daemon, "close")
})
