import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"

const folder = join(import.meta.dirname, "../../build/fuzz")

/** Random input for the parts of the relay (host-parts.c) under AddressSanitizer. Returns what it prints; throws if one fails. */
export function fuzzHostParts(seed: number, seconds: number): string {
  const program = join(folder, "host-parts")
  mkdirSync(folder, { recursive: true })
  const sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
  const source = join(import.meta.dirname, "host-parts.c")
  execFileSync("gcc", ["-O1", "-g", ...sanitizers, "-D_GNU_SOURCE", "-o", program, source], { stdio: "inherit" })
  return execFileSync(program, [String(seed), String(seconds)], { encoding: "utf8" }).trim()
}
