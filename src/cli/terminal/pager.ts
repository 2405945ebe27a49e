import type { Context } from "../context.ts"

/** The context whose output goes to a pager. `close` waits until the user leaves the pager. */
export type Paged = { context: Context; close(): Promise<void> }

/** Starts a pager if stdin and stdout are a terminal and paging is not disabled. */
export async function startPager(context: Context): Promise<Paged | undefined> {
  const { stdout, stderr, env } = context
  if (!stdout.isTTY || !context.stdin.isTTY) return undefined
  const command = env.CNITAP_PAGER ?? env.PAGER ?? "less"
  if (command === "" || command === "cat") return undefined
  const { spawn } = await import("node:child_process")
  // -F: exit if it fits on one screen; -R: colours; -X: leave it on the screen.
  const pager = spawn(command, { shell: true, stdio: ["pipe", "inherit", "inherit"], env: { LESS: "FIRX", ...env } })
  const left = new Promise<void>((resolve) => {
    pager.on("close", () => resolve())
    pager.on("error", () => resolve())
  })
  let isLeft = false
  let hasText = false
  let held = ""
  void left.then(() => {
    isLeft = true
  })
  // The user has left the pager: the rest is discarded.
  pager.stdin.on("error", () => {
    isLeft = true
  })
  // The pager handles Ctrl-C itself; it only ends the input here.
  const ignore = () => pager.stdin.end()
  process.on("SIGINT", ignore)
  return {
    context: {
      ...context,
      stdout: {
        isTTY: true,
        columns: stdout.columns ?? 80,
        rows: stdout.rows ?? 24,
        write(text) {
          hasText = true
          return isLeft || pager.stdin.destroyed || pager.stdin.writableEnded || pager.stdin.write(text)
        },
        once: (event, listener) => (isLeft ? listener() : pager.stdin.once(event, listener)),
      },
      // While the pager owns the screen, messages are held back.
      stderr: {
        isTTY: stderr.isTTY === true,
        write(text) {
          if (hasText) held += text
          else stderr.write(text)
        },
      },
    },
    async close() {
      pager.stdin.end()
      await left
      stderr.write(held)
      process.removeListener("SIGINT", ignore)
    },
  }
}
