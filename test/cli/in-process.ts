import { Readable } from "node:stream"
import type { Context } from "../../src/cli/context.ts"
import { program } from "../../src/cli/program.ts"

export type Answer = { code: number; stdout: string; stderr: string }

/** Runs a command line in this process: starting the program for each of hundreds of them would take minutes. */
export async function inProcess(args: string[], nowMs = Date.now): Promise<Answer> {
  const answer = { stdout: "", stderr: "" }
  const sink = (stream: "stdout" | "stderr") => ({
    write(part: string | Uint8Array) {
      answer[stream] += part
      return true
    },
  })
  const context: Context = {
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    stdin: Readable.from([]),
    env: {},
    exitCode: 0,
    nowMs,
  }
  return { code: await program(context, args), ...answer }
}
