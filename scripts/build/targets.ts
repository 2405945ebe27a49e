/** The machines that native programs are built for, and what builds them: static executables with musl. */
import { execFileSync } from "node:child_process"
import { join } from "node:path"

const root = join(import.meta.dirname, "../..")
const muslArm = join(root, "build/musl-dev/usr")

/** `run`: what starts a program of that machine on this one. `goName`: the machine as Go and OCI call it. `libc`: as an argument of the linker. */
export type Target = {
  name: "x86_64" | "aarch64"
  goName: "amd64" | "arm64"
  compiler: string
  objcopy: string
  run: string[]
  flags: string[]
  libc: string
  link: string[]
}

/**
 * Functions that nothing reaches (RegExp, Date, Proxy, BigInt, ...) are left out by the linker: half of the relay.
 */
export const SECTIONS = ["-ffunction-sections", "-fdata-sections"]
/**
 * The engine parses untrusted plugin output. docs/decisions/0011-stack-protector-no-pie.md explains why PIE is not used.
 */
export const HARDENING = ["-fstack-protector-strong"]

export const TARGETS: readonly Target[] = [
  {
    name: "x86_64",
    goName: "amd64",
    compiler: "musl-gcc",
    objcopy: "objcopy",
    run: [],
    flags: [],
    libc: "-lc",
    link: ["-static", "-lm"],
  },
  {
    name: "aarch64",
    goName: "arm64",
    compiler: "aarch64-linux-gnu-gcc",
    objcopy: "aarch64-linux-gnu-objcopy",
    run: ["qemu-aarch64"],
    flags: ["-nostdinc", "-isystem", join(muslArm, "include/aarch64-linux-musl"), "-isystem", gccIncludes()],
    libc: join(muslArm, "lib/aarch64-linux-musl/libc.a"),
    link: muslLink(join(muslArm, "lib/aarch64-linux-musl")),
  },
]

function gccIncludes(): string {
  return execFileSync("aarch64-linux-gnu-gcc", ["-print-file-name=include"], { encoding: "utf8" }).trim()
}

/** Debian's cross compiler links glibc; start files and libc are named one by one to get musl instead. */
function muslLink(lib: string): string[] {
  return [
    "-static",
    "-nostdlib",
    "-nostartfiles",
    join(lib, "crt1.o"),
    join(lib, "crti.o"),
    join(lib, "libc.a"),
    "-lgcc",
    join(lib, "libc.a"),
    join(lib, "crtn.o"),
  ]
}
