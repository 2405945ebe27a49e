import { execFileSync } from "node:child_process"
import { join } from "node:path"

/** Compiles test/doubles/narrow.c, a program for the 32-bit machine that most kernels for x86-64 also execute. */
export function compileNarrow(output: string): void {
  const source = join(import.meta.dirname, "../doubles/narrow.c")
  const options = ["-m32", "-O2", "-static", "-nostdlib", "-ffreestanding", "-fno-pie", "-no-pie"]
  execFileSync("gcc", [...options, "-o", output, source])
}
