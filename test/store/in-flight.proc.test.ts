import assert from "node:assert/strict"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { readCalls } from "../../src/store/capture/calls.ts"
import { openCapture } from "../../src/store/capture/capture.ts"
import { ReadErrors } from "../../src/store/capture/read-errors.ts"
import { readOperations } from "../../src/store/query/operations.ts"
import { Stand } from "../relay/stand.ts"

const CNITAP = join(import.meta.dirname, "../../dist/cnitap.js")
/** Without a second look at the segments, about every reading finds a call that has just ended. */
const READINGS = Number(process.env.CNITAP_READINGS ?? 200)
const PROGRAM_RUNS = Math.ceil(READINGS / 20)

/** Two shells call a plugin through the relay all the time, one with VERSION, one with ADD. */
function traffic(t: TestContext): Stand {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.configure()
  stand.add("bridge", [])
  stand.wrap("bridge")
  const loop = (command: string) => {
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: `c-${command}`,
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/run/netns/x",
      CNI_PATH: stand.bin,
    }
    const script = `while :; do printf '{"cniVersion":"1.0.0","name":"pods","type":"bridge"}' | ./bridge >/dev/null; done`
    return spawn("sh", ["-c", script], { cwd: stand.bin, env, stdio: "ignore" })
  }
  const shells: ChildProcess[] = [loop("VERSION"), loop("ADD")]
  t.after(() => {
    for (const shell of shells) shell.kill("SIGKILL")
  })
  return stand
}

test("a call that ends while the capture is read is never killed", { timeout: 1_200_000 }, async (t) => {
  const { capture } = traffic(t)
  const killed: string[] = []
  let seen = 0
  for (let reading = 0; reading < READINGS; reading++) {
    const opened = await openCapture(capture)
    for await (const { id, outcome } of readOperations(opened, new ReadErrors(), {}, { withoutStreams: true })) {
      seen++
      if (outcome === "killed") killed.push(id)
    }
    for await (const { id, state } of readCalls(opened, new ReadErrors())) if (state === "killed") killed.push(id)
  }
  for (let run = 0; run < PROGRAM_RUNS; run++) {
    const text = execFileSync(process.execPath, [
      CNITAP,
      "ls",
      "--capture",
      capture,
      "-o",
      "jsonl",
      "--filter",
      "killed",
    ])
    killed.push(...text.toString().split("\n").filter(Boolean))
  }
  assert.ok(seen > READINGS, `${seen} operations in ${READINGS} readings`)
  assert.deepEqual(killed, [])
})
