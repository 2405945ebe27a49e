import { setFlagsFromString } from "node:v8"
import { program, reportError } from "./program.ts"

// V8 collects when four times what lives has piled up: on a node that memory is the pods'.
setFlagsFromString("--heap-growing-percent=50")

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader went away (`| head`): that is how a pipeline ends, not a fault.
  process.exit(error.code === "EPIPE" ? 0 : reportError(process, error))
})
// Where nobody can be told anything, the answer is still worth giving.
process.stderr.on("error", () => {})

const context = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  exitCode: 0,
  nowMs: Date.now,
}
process.exitCode = await program(context, process.argv.slice(2))
