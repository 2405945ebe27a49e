import assert from "node:assert/strict"
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Call } from "../../src/model/call.ts"
import { DEADLINE_EXCEEDED } from "../node/cri.ts"
import { CONTAINERDS, RUNTIMES, testOn } from "../node/runtimes.ts"
import { ObserverProcess } from "../observe/observer-process.ts"
import { BRIDGE, E2eStand, PORTMAP } from "./stand.ts"

testOn(RUNTIMES)(
  "plugins that fail, kill themselves, hang and are killed are recorded with what they wrote",
  async ({ version, t }) => {
    const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP])
    const [behaviour, pidFile] = [join(stand.node.root, "behaviour"), join(stand.node.root, "hung.pid")]
    stand.script(
      "portmap",
      `cat >/dev/null
     case $CNI_COMMAND in
     VERSION) echo '{"cniVersion":"1.0.0","supportedVersions":["0.4.0","1.0.0"]}' ;;
     ADD) . ${behaviour} ;;
     esac`,
    )
    const observer = await ObserverProcess.start([...stand.directories, "--capture", stand.capture])
    const fails = async (name: string, script: string) => {
      writeFileSync(behaviour, script)
      await assert.rejects(stand.run({ name }))
    }
    await fails("fails", `echo refused >&2; echo '{"code":11,"msg":"try again later"}'; exit 1`)
    await fails("kills-itself", "echo loading >&2; kill -KILL $$")
    const hung = fails(
      "hangs",
      `echo waiting >&2; echo $$ >${pidFile}.new; mv ${pidFile}.new ${pidFile}; exec sleep 1000`,
    )
    while (!existsSync(pidFile)) await sleep(50)
    while (!(await adds(stand)).includes("ADD running: bridge(host-local) portmap")) await sleep(50)
    process.kill(Number(readFileSync(pidFile, "utf8")), "SIGKILL")
    await hung
    assert.match((await observer.end()).stderr, /^cnitap: observing \d+ plugins; .*\n$/)
    assert.deepEqual(await adds(stand), Array(3).fill("ADD failed: bridge(host-local) portmap"))
    const calls = (await stand.calls("portmap")).filter(
      ({ command, path }) => command === "ADD" && path.startsWith(stand.node.binDir),
    )
    const written = (text: string) => ({ sizeBytes: text.length, text })
    assert.deepEqual(
      calls.map(({ exit, stdout, stderr }) => ({ exit, stdout, stderr })),
      [
        { exit: { code: 1 }, stdout: written('{"code":11,"msg":"try again later"}\n'), stderr: written("refused\n") },
        { exit: { signal: 9 }, stdout: written(""), stderr: written("loading\n") },
        { exit: { signal: 9 }, stdout: written(""), stderr: written("waiting\n") },
      ],
    )
  },
)

testOn(CONTAINERDS)(
  "the runtime's deadline passes: the plugin that it kills has its signal and what it wrote",
  async ({ version, t }) => {
    const stand = await E2eStand.start(version, t, [BRIDGE, PORTMAP])
    stand.script("portmap", `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0; echo waiting >&2; exec sleep 1000`)
    const observer = await ObserverProcess.start([...stand.directories, "--capture", stand.capture])
    await assert.rejects(stand.run({}, 5_000), { code: DEADLINE_EXCEEDED })
    while (!(await stand.transcript()).includes("DEL ok: portmap bridge(host-local)")) await sleep(50)
    assert.match((await observer.end()).stderr, /^cnitap: observing \d+ plugins; .*\n$/)
    assert.deepEqual(await adds(stand), ["ADD failed: bridge(host-local) portmap"])
    const add = (await stand.calls("portmap")).find(
      ({ command, path }) => command === "ADD" && path.startsWith(stand.node.binDir),
    )
    assert.deepEqual([add?.exit, add?.stderr], [{ signal: 9 }, { sizeBytes: 8, text: "waiting\n" }])
  },
)

/** Not those of other nodes, such as of another test: in their namespaces, these plugins are known by name. */
async function adds(stand: E2eStand): Promise<string[]> {
  const isOwn = ({ path, plugin }: Call) => plugin !== "loopback" && path.startsWith(stand.node.binDir)
  return stand.transcript(({ command, calls }) => command === "ADD" && calls.some(({ call }) => isOwn(call)))
}
