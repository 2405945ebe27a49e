import { Readable } from "node:stream"
import { program } from "../../src/cli/program.ts"
import type { Node } from "./node.ts"

export type Answer = { code: number; stdout: string; stderr: string }

/** Runs one command line of cnitap in this process. */
export async function cnitap(...args: string[]): Promise<Answer> {
  const answer = { stdout: "", stderr: "" }
  const context = {
    stdout: { write: (text: string) => (answer.stdout += text) },
    stderr: { write: (text: string) => (answer.stderr += text) },
    stdin: Readable.from([]),
    env: {},
    exitCode: 0,
    nowMs: Date.now,
  }
  const code = await program(context, args)
  return { code, ...answer }
}

/** The flags that keep a command line within a node's temporary root. */
export function within(node: Node): string[] {
  return [
    ...["--bin-dir", node.bin],
    ...["--conf-dir", node.at(node.confDir)],
    ...["--shim-dir", node.at("/opt/cnitap/bin")],
  ]
}

export function capturing(node: Node): string[] {
  return [...within(node), "--capture", node.at("/var/lib/cnitap/capture")]
}
