import type { Context } from "./context.ts"
import { program, reportError } from "./program.ts"

let stderr: NodeJS.WriteStream | undefined

const context: Context = {
  stdout: process.stdout,
  // To open a stream costs milliseconds, and most commands use neither of these.
  get stderr() {
    // If stderr is gone, the answer on stdout is still worth giving.
    stderr ??= process.stderr.on("error", () => {})
    return stderr
  },
  get stdin() {
    return process.stdin
  },
  env: process.env,
  exitCode: 0,
  nowMs: Date.now,
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader went away (`| head`): a pipeline ends like that, it is not a fault.
  process.exit(error.code === "EPIPE" ? 0 : reportError(context, error))
})

void program(context, process.argv.slice(2)).then((status) => {
  process.exitCode = status
})
