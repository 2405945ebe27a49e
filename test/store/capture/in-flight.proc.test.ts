import assert from "node:assert/strict"
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { Stand } from "../../relay/stand.ts"

const CNITAP = join(import.meta.dirname, "../../../dist/cnitap.js")
/** If the segments were not read a second time, several of these would report a call that has just ended. */
const RUNS = Number(process.env.CNITAP_RUNS ?? 25)
/** Of one capture: it grows all the time, and with it the time of a run. */
const RUNS_OF_ONE_CAPTURE = 5

test("a call that ends while the capture is read is never killed", { timeout: 3_600_000 }, async (t) => {
  for (let runs = 0; runs < RUNS; runs += RUNS_OF_ONE_CAPTURE) {
    const { stand, stop } = traffic(t)
    while (ls(stand) === "") {}
    for (let run = 0; run < RUNS_OF_ONE_CAPTURE; run++) assert.equal(ls(stand, "killed"), "")
    stop()
  }
})

/** The operations that a filter chooses, as their calls are made. */
function ls(stand: Stand, ...filter: string[]): string {
  const words = ["ls", "--capture", stand.capture, "-o", "name", ...filter]
  return execFileSync(process.execPath, [CNITAP, ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
}

/** Two shells call a plugin through the relay all the time, one with VERSION, one with ADD. */
function traffic(t: TestContext): { stand: Stand; stop: () => void } {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.configure()
  stand.add("bridge", [])
  stand.wrap("bridge")
  const shells: ChildProcess[] = ["VERSION", "ADD"].map((command) => {
    const env = {
      CNI_COMMAND: command,
      CNI_CONTAINERID: `c-${command}`,
      CNI_IFNAME: "eth0",
      CNI_NETNS: "/run/netns/x",
      CNI_PATH: stand.bin,
    }
    const script = `while :; do printf '{"cniVersion":"1.0.0","name":"pods","type":"bridge"}' | ./bridge >/dev/null; done`
    return spawn("sh", ["-c", script], { cwd: stand.bin, env, stdio: "ignore" })
  })
  const stop = () => {
    for (const shell of shells) shell.kill("SIGKILL")
  }
  t.after(stop)
  return { stand, stop }
}
