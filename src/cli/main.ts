import { fstatSync } from "node:fs"
import { basename } from "node:path"
import type { Context } from "./context.ts"
import { kubectlProgram, program, reportError } from "./program.ts"

let openStderr: NodeJS.WriteStream | undefined

/** Opening a stream loads what sockets and terminals need, and most commands write nothing to stderr. */
const stderr: Context["stderr"] = {
  write: (text) => stderrStream().write(text),
  get isTTY() {
    return fstatSync(2).isCharacterDevice() && stderrStream().isTTY
  },
}

const context: Context = {
  stdout: process.stdout,
  stderr,
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

// kubectl runs a plugin by its name and passes nothing else.
const run = basename(process.argv[1] ?? "").startsWith("kubectl-cnitap") ? kubectlProgram : program

void run(context, process.argv.slice(2)).then((status) => {
  process.exitCode = status
})

function stderrStream(): NodeJS.WriteStream {
  // If stderr is gone, the answer on stdout is still worth giving.
  openStderr ??= process.stderr.on("error", () => {})
  return openStderr
}
