import assert from "node:assert/strict"
import { test } from "node:test"
import { Stand } from "./stand.ts"

test("a call through the relay gets the plugin's reply, and its begin and end lines are recorded", async (t) => {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.add("bridge", ["echo", "err oops\n", "exit 3"])
  stand.wrap("bridge")
  stand.configure()
  const stdin = '{"policy":{"k8s_auth_token":"hunter2"}}'
  const seen = await stand.run("bridge", { command: "ADD", stdin })
  assert.deepEqual(seen, { stdout: stdin, stderr: "oops\n", code: 3, signal: null, files: {} })

  const [begin] = stand.begins()
  const [end] = stand.ends()
  const redacted = {
    sizeBytes: 39,
    redacted: ["/policy/k8s_auth_token"],
    text: '{"policy":{"k8s_auth_token":"[redacted]"}}',
  }
  assert.deepEqual(
    [begin?.plugin, begin?.as, begin?.depth, begin?.argv, begin?.env.CNI_COMMAND],
    ["bridge", "relay", 0, [`${stand.bin}/bridge`], "ADD"],
  )
  assert.deepEqual(stand.stdins(), [redacted])
  assert.deepEqual(
    [end?.id, end?.exit, end?.stdout, end?.stderr],
    [begin?.id, { code: 3 }, redacted, { sizeBytes: 5, text: "oops\n" }],
  )
  assert.ok(end?.pluginPid !== undefined && end.pluginPid > 0 && end.pluginPid !== begin?.pid)
})
