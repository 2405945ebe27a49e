/**
 * Installs and uninstalls by orders, one JSON object per line on stdin, and answers each with a line. An order may say
 * after which change of the disk to die: by SIGKILL, or by an exception after which nothing is done any more.
 */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { apply } from "../../src/install/apply/apply.ts"
import { nodeDisk } from "../../src/install/disk/disk.ts"
import { layoutOf } from "../../src/install/disk/layout.ts"
import { readRelay } from "../../src/install/disk/relay-file.ts"
import { runProgram } from "../../src/install/disk/run-program.ts"
import { sleep } from "../../src/install/disk/sleep.ts"
import type { InstallMode, InstallOptions } from "../../src/install/plan/install-options.ts"
import { takeInventory } from "../../src/install/plan/inventory.ts"
import { planInstall } from "../../src/install/plan/plan.ts"
import { removeShimDir, uninstallAll } from "../../src/install/undo/uninstall.ts"
import { type Death, Died, mortal } from "./mortal.ts"
import { factsOf } from "./plan/facts.ts"

export type Order = {
  verb: "install" | "uninstall"
  mode: InstallMode
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
  death: Death
}

/** Linux has no process with so high a number. */
const NOBODY = 99_999_999

const relay = readRelay()
for await (const line of createInterface(process.stdin)) {
  try {
    perform(JSON.parse(line) as Order)
    console.log("ended")
  } catch (error) {
    if (error instanceof Died) {
      const { binDir, shimDir } = JSON.parse(line) as Order
      for (const directory of [binDir, shimDir]) loseHolder(layoutOf(directory).lock)
      console.log("died")
    } else console.log(error instanceof Error ? JSON.stringify(error.stack) : String(error))
  }
}

/** The lock of a dead process: its holder has a number that no process has. This process lives on. */
function loseHolder(lock: string): void {
  if (!existsSync(dirname(lock))) return
  for (const name of readdirSync(dirname(lock)).filter((other) => other.startsWith("lock"))) {
    const path = join(dirname(lock), name)
    const holder = JSON.parse(readFileSync(path, "utf8")) as object
    writeFileSync(path, JSON.stringify({ ...holder, pid: NOBODY }))
    if (path === `${lock}.${process.pid}`) renameSync(path, `${lock}.${NOBODY}`)
  }
}

function perform(order: Order): void {
  const { verb, mode, confDir, binDir, shimDir, capture, path, handshake, dieAfter, death } = order
  const disk = mortal(nodeDisk("/", runProgram), { dieAfter, death })
  const drain = (): string[] => {
    writeFileSync(handshake, "")
    while (existsSync(handshake)) sleep(2)
    return []
  }
  const undoContext = { confDirs: [confDir], binDirs: path, drain }
  if (verb === "uninstall") {
    uninstallAll(disk, [binDir, shimDir], undoContext, false)
    removeShimDir(disk, shimDir)
    return
  }
  const options: InstallOptions = {
    mode,
    shimDir,
    force: false,
    settings: { capture, raw: false, onlyFailures: false },
  }
  const planNow = () => planInstall(takeInventory(disk, factsOf(confDir, [binDir]), options), options, relay.sha256)
  const plan = planNow()
  if (plan.refusals.length > 0) throw new Error(JSON.stringify(plan.refusals))
  apply(
    disk,
    relay,
    { mode, settings: options.settings, wallMs: 0 },
    plan.changes,
    () => planNow().changes,
    undoContext,
  )
}
