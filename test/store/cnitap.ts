import { spawnSync } from "node:child_process"
import { join } from "node:path"

const CNITAP = join(import.meta.dirname, "../../dist/cnitap.js")

export type Answered = { status: number | null; stdout: string; stderr: string }

/** The built command line, as a user has it. */
export function cnitap(...args: string[]): Answered {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CNITAP, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { PATH: process.env.PATH },
  })
  return { status, stdout, stderr }
}
