import { closeSync } from "node:fs"
import type { Bpf } from "./bpf.ts"
import { type Machine, movingFunctions } from "./machine.ts"

/** The section of a program, and the names that the function it is for has or had. */
type TracedFunction = { section: string; names: readonly string[]; isOptional?: true }

/** The functions that read and write pipes, and those of system calls that move bytes without a buffer of the process. */
export function tracedFunctions(machine: Machine): TracedFunction[] {
  const moving = movingFunctions(machine).map((name) => ({ section: "moving/unseen", names: [name] }))
  // A kernel may have been built without some of these system calls, such as io_submit.
  return [...PIPE_FUNCTIONS, ...moving.map((it) => ({ ...it, isOptional: true as const }))]
}

/** A program at the end of a function, and what keeps it attached until it is closed. */
export type PipeProgram = { program: number; link: number }

/**
 * Follows pipes at the end of these functions, so that system calls for other files cost nothing. Returns the programs: none
 * where the kernel cannot trace its functions, as on arm64 before 6.4, or has others. `ids`: of the kernel's functions.
 */
export function attachToPipes(
  bpf: Bpf,
  ids: ReadonlyMap<string, number>,
  functions: readonly TracedFunction[],
  instructionsOf: (section: string) => Uint8Array,
): PipeProgram[] {
  const attached: PipeProgram[] = []
  for (const { section, names, isOptional } of functions) {
    const id = names.map((name) => ids.get(name)).find((it) => it !== undefined)
    if (id === undefined && isOptional) continue
    const program = id === undefined ? -1 : bpf.load(instructionsOf(section), id)
    const isLoaded = typeof program === "number" && program >= 0
    const link = isLoaded ? bpf.attach(program, "") : -1
    if (isLoaded && link >= 0) {
      attached.push({ program, link })
      continue
    }
    if (isLoaded) closeSync(program)
    detach(attached)
    return []
  }
  return attached
}

export function detach(programs: readonly PipeProgram[]): void {
  for (const { program, link } of programs) {
    closeSync(link)
    closeSync(program)
  }
}

/** As they are called since Linux 6.15, and before. */
const PIPE_FUNCTIONS = [
  { section: "pipe/read", names: ["anon_pipe_read", "pipe_read"] },
  { section: "pipe/write", names: ["anon_pipe_write", "pipe_write"] },
]
