import { type DetectOptions, detect } from "../../src/install/detect/detect.ts"
import type { NodeFacts } from "../../src/install/detect/node-facts.ts"
import type { RunProgram } from "../../src/install/disk/run-program.ts"

/** A machine without programs, so that all facts come from files. */
export const noPrograms: RunProgram = (file) => {
  const error: NodeJS.ErrnoException = Object.assign(new Error(`spawn ${file} ENOENT`), { code: "ENOENT" })
  return { error, status: null, signal: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
}

export function detectFiles(root: string, options: DetectOptions = {}): NodeFacts {
  return detect(root, noPrograms, options)
}
