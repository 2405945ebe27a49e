import { closeSync } from "node:fs"
import type { Bpf } from "./bpf.ts"
import type { KernelTypes } from "./kernel-types.ts"
import { type Machine, movingFunctions } from "./machine.ts"

/**
 * Follows pipes at the end of the kernel's functions that read and write them, so that system calls for other files cost
 * nothing. Returns the programs: none where the kernel cannot trace its functions, as on arm64 before 6.4, or has others.
 */
export function attachToPipes(
  bpf: Bpf,
  types: KernelTypes,
  machine: Machine,
  codeOf: (section: string) => Uint8Array,
): number[] {
  const moving = movingFunctions(machine).map((name) => ({ section: "moving/unseen", names: [name] }))
  const ids = types.functionIds([...PIPE_FUNCTIONS, ...moving].flatMap(({ names }) => names))
  // A kernel may have been built without some of these system calls, such as io_submit.
  const places = [...PIPE_FUNCTIONS, ...moving.filter(({ names }) => names.some((name) => ids.has(name)))]
  const opened: number[] = []
  const programs: number[] = []
  for (const { section, names } of places) {
    const id = names.map((name) => ids.get(name)).find((it) => it !== undefined)
    const program = id === undefined ? undefined : bpf.load(codeOf(section), id)
    const isLoaded = typeof program === "number" && program >= 0
    const link = isLoaded ? bpf.attach(program, "") : -1
    if (isLoaded) opened.push(program)
    if (isLoaded && link >= 0) {
      opened.push(link)
      programs.push(program)
    } else {
      for (const fd of opened) closeSync(fd)
      return []
    }
  }
  return programs
}

/** As they are called since Linux 6.15, and before. */
const PIPE_FUNCTIONS = [
  { section: "pipe/read", names: ["anon_pipe_read", "pipe_read"] },
  { section: "pipe/write", names: ["anon_pipe_write", "pipe_write"] },
]
