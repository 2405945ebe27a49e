/**
 * Installs and uninstalls by orders, one JSON a line on stdin, and answers each with a line. An order may tell after
 * which change of the disk the process is to be killed: SIGKILL, from which nothing can be put right.
 */
import { existsSync, writeFileSync } from "node:fs"
import { createInterface } from "node:readline"
import { apply } from "../../src/install/apply/apply.ts"
import { nodeDisk } from "../../src/install/disk/disk.ts"
import { readRelay } from "../../src/install/disk/relay-file.ts"
import { runProgram } from "../../src/install/disk/run-program.ts"
import type { InstallOptions, Mode } from "../../src/install/plan/install-options.ts"
import { takeInventory } from "../../src/install/plan/inventory.ts"
import { planInstall } from "../../src/install/plan/plan.ts"
import { removeAll, removeShimDir } from "../../src/install/undo/removal.ts"
import { sleep } from "../../src/install/undo/rollback.ts"
import { mortal } from "./mortal.ts"
import { factsOf } from "./plan/facts.ts"

export type Order = {
  verb: "install" | "uninstall"
  mode: Mode
  confDir: string
  binDir: string
  shimDir: string
  capture: string
  /** directories that the runtime looks into */
  path: string[]
  /** the caller removes this file when the operations that began before have ended */
  handshake: string
  /** 0: it lives */
  dieAfter: number
}

const relay = readRelay()
for await (const line of createInterface(process.stdin)) {
  try {
    perform(JSON.parse(line) as Order)
    console.log("ended")
  } catch (error) {
    console.log(error instanceof Error ? JSON.stringify(error.stack) : String(error))
  }
}

function perform({ verb, mode, confDir, binDir, shimDir, capture, path, handshake, dieAfter }: Order): void {
  const disk = mortal(nodeDisk("/", runProgram), dieAfter)
  const settle = (): string[] => {
    writeFileSync(handshake, "")
    while (existsSync(handshake)) sleep(2)
    return []
  }
  const surroundings = { confDirs: [confDir], binDirs: path, settle }
  if (verb === "uninstall") {
    removeAll(disk, [binDir, shimDir], surroundings, false)
    removeShimDir(disk, shimDir)
    return
  }
  const wish: InstallOptions = { mode, shimDir, force: false, settings: { capture, raw: false, onlyFailures: false } }
  const planNow = () => planInstall(takeInventory(disk, factsOf(confDir, [binDir]), wish), wish, relay.sha256)
  const plan = planNow()
  if (plan.refusals.length > 0) throw new Error(JSON.stringify(plan.refusals))
  apply(disk, relay, { mode, settings: wish.settings, wallMs: 0 }, plan.works, () => planNow().works, surroundings)
}
