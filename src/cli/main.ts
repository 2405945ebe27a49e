import { program, reportError } from "./program.ts"

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader went away (`| head`): a pipeline ends like that, it is not a fault.
  process.exit(error.code === "EPIPE" ? 0 : reportError(process, error))
})
// If stderr is gone, the answer on stdout is still worth giving.
process.stderr.on("error", () => {})

const context = {
  stdout: process.stdout,
  stderr: process.stderr,
  // Opening it costs a millisecond or two, and few verbs read it.
  get stdin() {
    return process.stdin
  },
  env: process.env,
  exitCode: 0,
  nowMs: Date.now,
}
void program(context, process.argv.slice(2)).then((status) => {
  process.exitCode = status
})
