import { spawn } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { NOTHING_LOST } from "../capture/record.ts"
import { FAULTS, Fault } from "../fault/fault.ts"
import { installIn } from "../install/disk/journal.ts"
import { layoutOf, OBSERVER_DIR } from "../install/disk/layout.ts"
import { isCurrentObserver, readObserver, touchObserver, writeObserver } from "../install/disk/observer-state.ts"
import { restoreExpired } from "../install/undo/expiry.ts"
import type { Context } from "./context.ts"
import { DEFAULT_SHIM_DIR } from "./node/default-dirs.ts"
import { openNode } from "./node/node.ts"
import { openObserver } from "./node/observer.ts"

/** Starts the observer of the install in a session of its own and returns when it observes; else prints why it does not. */
export async function detachObserver(context: Context, args: readonly string[]): Promise<void> {
  const own = process.argv.slice(1, 2).filter((script) => script.endsWith(".js"))
  const child = spawn(process.execPath, [...own, ...args.filter((argument) => argument !== "--detach")], {
    detached: true,
    cwd: "/",
    stdio: ["ignore", "pipe", "pipe"],
  })
  child.stderr.on("data", (chunk) => context.stderr.write(String(chunk)))
  context.exitCode = await new Promise<number>((resolve) => {
    child.stdout.on("data", () => resolve(0))
    child.once("close", (code) => resolve(code ?? FAULTS.INTERNAL))
  })
  // Its pipes would keep this process.
  if (context.exitCode === 0) process.exit(0)
}

/** The observer itself, until it is ended or the time of the install is over; then it removes what is left of the install. */
export async function runObserver(context: Context, flags: Record<string, unknown>): Promise<void> {
  const options = { ...flags, shimDir: DEFAULT_SHIM_DIR }
  const { disk, shimDir, undoContext } = openNode(options)
  const layout = layoutOf(OBSERVER_DIR)
  const install = installIn(disk, OBSERVER_DIR)
  if (install?.mode !== "observe")
    throw new Fault("NOT_FOUND", `no observer is installed in ${OBSERVER_DIR}`, "Run cnitap install --mode observe.")
  const before = readObserver(disk, layout)
  const startedMs = context.nowMs()
  const replaced = new AbortController()
  let state = { startedMs, plugins: 0, losses: NOTHING_LOST }
  const { observer, end } = openObserver(
    context,
    options,
    { ...install, ...install.settings },
    {
      onTick(losses) {
        if (!isCurrentObserver(disk, layout)) return replaced.abort()
        const now = { startedMs, plugins: observer.files.count, losses }
        if (JSON.stringify(now) === JSON.stringify(state)) return touchObserver(disk, layout)
        state = now
        writeObserver(disk, layout, state)
      },
    },
  )
  state = { ...state, plugins: observer.files.count }
  writeObserver(disk, layout, state)
  observer.recordPause(before?.seenMs)
  context.stdout.write("observing\n")
  try {
    await observer.run(AbortSignal.any([end, replaced.signal]))
  } catch (error) {
    writeObserver(disk, layout, { ...state, error: error instanceof Error ? error.message : String(error) })
    throw error
  }
  if (replaced.signal.aborted) return
  if ((install.settings.untilMs ?? Number.POSITIVE_INFINITY) > context.nowMs()) return
  // Another process that has waited for that moment comes first, and ends this one.
  process.once("SIGTERM", () => process.exit(0))
  await sleep(HANDOVER_MS)
  restoreExpired(disk, [OBSERVER_DIR], shimDir, undoContext, context.nowMs())
}

const HANDOVER_MS = 1_000
