import { program } from "./program.ts"

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // The reader went away (`| head`): that is how a pipeline ends, not a fault.
  if (error.code === "EPIPE") process.exit(0)
  throw error
})

const context = {
  stdout: process.stdout,
  stderr: process.stderr,
  stdin: process.stdin,
  env: process.env,
  exitCode: 0,
  nowMs: Date.now,
}
process.exitCode = await program(context, process.argv.slice(2))
