import { setTimeout as sleep } from "node:timers/promises"
import { Fault } from "../../fault/fault.ts"
import type { Context } from "../context.ts"
import { outputFormat } from "../render/output.ts"

/** Moves the cursor home and clears the screen. */
const CLEAR = "\u001b[H\u001b[2J"
const PAUSE_MS = 1000

/** Throws a Fault if what is printed is not a table on a terminal. */
export function requireScreen(
  { stdout }: Context,
  options: Record<string, unknown>,
  program: "cnitap" | "kubectl cnitap" = "cnitap",
): void {
  if (!stdout.isTTY || outputFormat(options).kind !== "table")
    throw new Fault("USAGE", "ps -w needs a terminal", `Use \`${program} tail -f -o jsonl\` to follow calls in a pipe.`)
}

/** The line above what is redrawn, and an empty screen for it. */
export function screenHead(nowMs: number): string {
  return `${CLEAR}${new Date(nowMs).toISOString().slice(11, 19)}Z  calls in flight, once a second; Ctrl-C ends\n\n`
}

/** Calls `print` again and again, with a pause of a second, until the signal aborts, which counts as success. */
export async function redraw(context: Context, signal: AbortSignal, print: () => Promise<unknown>): Promise<void> {
  try {
    while (!signal.aborted) {
      await print()
      await sleep(PAUSE_MS, undefined, { signal })
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  context.exitCode = 0
}
