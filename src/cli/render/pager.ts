import type { Context } from "../context.ts"

/** What is long is shown in a pager where a person looks: both ends are a terminal. `close` waits until it was left. */
export type Paged = { context: Context; close(): Promise<void> }

/** Undefined where there is nobody, or where no pager is wanted. */
export async function startPager(context: Context): Promise<Paged | undefined> {
  const { stdout, stderr, env } = context
  if (!stdout.isTTY || !context.stdin.isTTY) return undefined
  const command = env.CNITAP_PAGER ?? env.PAGER ?? "less"
  if (command === "" || command === "cat") return undefined
  const { spawn } = await import("node:child_process")
  // -F: what fits is just shown; -R: colours; -X: it stays on the screen.
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
  // The person had enough: what is still to come goes nowhere.
  pager.stdin.on("error", () => {
    isLeft = true
  })
  // Ctrl-C is the pager's: it ends its reading on, not itself.
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
      // The screen is the pager's from its first line on: what else is to say waits.
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
