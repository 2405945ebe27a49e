import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { built } from "./double.ts"

/** Debian's packages of Rust, unpacked by scripts/fetch/fetch-runtimes.sh. */
const DEBIAN = join(import.meta.dirname, "../../build/runtimes/rust/usr")

/** Programs in Rust that others have written. */
export const RUST_PROGRAMS = {
  cat: join(DEBIAN, "bin/coreutils"),
  rg: join(DEBIAN, "bin/rg"),
  netavark: join(DEBIAN, "lib/podman/netavark"),
} as const

/** Path of the executable compiled from a Rust file. */
export function compiledRust(source: string): string {
  return built(source, ".rs", (executable) => {
    const args = ["-O", "--sysroot", DEBIAN, "-o", executable, source]
    const env = { ...process.env, LD_LIBRARY_PATH: join(DEBIAN, "lib/x86_64-linux-gnu") }
    execFileSync(join(DEBIAN, "bin/rustc"), args, { env })
  })
}
