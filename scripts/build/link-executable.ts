import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { DEFINES, ENGINE } from "./engine.ts"
import { HARDENING, type Target } from "./targets.ts"

const run = promisify(execFile)

/** `source`: the C file that is compiled. `includes`: where it finds what was generated. `objects`: in the order of their pages. */
export type ExecutableParts = {
  source: string
  includes: readonly string[]
  objects: readonly string[]
  output: string
  flags?: readonly string[]
  /** the directory that assembler files are named from */
  cwd?: string
}

/** Compiles a program that runs on the engine, and links it to a static executable. */
export async function linkExecutable(
  target: Target,
  { source, includes, objects, output, flags = [], cwd }: ExecutableParts,
): Promise<void> {
  await run(
    target.compiler,
    [
      "-O2",
      "-Wall",
      "-Wextra",
      ...HARDENING,
      ...flags,
      ...target.flags,
      ...DEFINES,
      ...[ENGINE, ...includes].flatMap((directory) => ["-I", directory]),
      source,
      ...objects,
      "-o",
      output,
      "-s",
      "-Wl,--gc-sections",
      ...target.link,
    ],
    { cwd },
  )
}
