import { execFileSync, spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { TARGETS, type Target } from "../../../scripts/build/targets.ts"
import { compileNarrow } from "../narrow.ts"
import { TRANSFERS } from "../transfers.ts"
import { cpio, type GuestFile } from "./cpio.ts"

const here = import.meta.dirname
const BIN = "opt/cni/bin"
const DOUBLES: Readonly<Record<string, readonly string[]>> = {
  echo: ["echo", "err warning", "exit 3"],
  killed: ["out half", "signal 11"],
  long: ["echo"],
  nested: ["delegate"],
}
/** Children of the shell read and write for it. */
const SCRIPT = "#!/bin/sh\ncat\nenv printf 'to %s' stderr >&2\nexit 4\n"

/** An idle processor takes 40 seconds. */
const BOOT_TIMEOUT_MS = 600_000

/** The directory of kernels, which is fetched the first time. */
export function fetchKernels(): string {
  return execFileSync(join(here, "fetch.sh"), { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim()
}

/** Starts a kernel in QEMU, runs init.sh in it, and returns what it printed: the lines of each section. */
export async function boot(
  kernels: string,
  version: string,
  goName: Target["goName"],
  parameters = "",
): Promise<Map<string, string[]>> {
  const target = TARGETS.find((it) => it.goName === goName)
  if (!target) throw new Error(`no such machine: ${goName}`)
  const init = readFileSync(join(here, "init.sh"))
  return bootWith(kernels, version, target, [...systemFiles(target, kernels, init), ...plugins(target)], { parameters })
}

/** `parameters`: of the kernel. `options`: of QEMU. */
export type BootOptions = { parameters?: string; options?: readonly string[] }

/** As boot, with these files. */
export async function bootWith(
  kernels: string,
  version: string,
  target: Target,
  files: readonly GuestFile[],
  { parameters = "", options = [] }: BootOptions,
): Promise<Map<string, string[]>> {
  const work = mkdtempSync(join(tmpdir(), "cnitap-kernel-"))
  try {
    const root = join(work, "root.gz")
    writeFileSync(root, gzipSync(cpio(files), { level: 1 }))
    const system = ["-kernel", join(kernels, `linux-${version}-${target.goName}`), "-initrd", root, ...options]
    return sectionsOf(await consoleOf(kernels, target, system, parameters))
  } finally {
    rmSync(work, { recursive: true })
  }
}

/** `init`: the script of process 1. */
export function systemFiles({ goName }: Target, kernels: string, init: Buffer): GuestFile[] {
  const directories = ["bin", "proc", "sys", "dev", "tmp", "etc", "etc/cni", "etc/cni/net.d", "opt", "opt/cni", BIN]
  return [
    ...directories.map((path) => ({ path })),
    { path: "init", content: init },
    { path: "etc/passwd", content: Buffer.from("root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n") },
    { path: "bin/busybox", content: readFileSync(join(kernels, `busybox-${goName}`)) },
    { path: "bin/cnitap", content: readFileSync(join(here, `../../../dist/cnitap-linux-${goName}`)) },
  ]
}

function plugins(target: Target): GuestFile[] {
  const [plugin, transfers, programs] = ["plugin", "transfers", "bpf-programs"].map((name) =>
    compiledFor(target, join(here, `../../doubles/${name}.c`)),
  )
  const doubles = Object.entries(DOUBLES).flatMap(([name, steps]) => [
    { path: `${BIN}/${name}`, content: plugin },
    { path: `${BIN}/${name}.json`, content: Buffer.from(JSON.stringify(steps)), isData: true as const },
  ])
  return [
    { path: "bin/bpf-programs", content: programs },
    { path: `${BIN}/script`, content: Buffer.from(SCRIPT) },
    ...Object.keys(TRANSFERS).map((name) => ({ path: `${BIN}/${name}`, content: transfers })),
    ...(target.goName === "amd64" ? [{ path: `${BIN}/narrow`, content: outputOf(compileNarrow) }] : []),
    ...doubles,
  ]
}

/** The static executable of a C file. */
export function compiledFor({ compiler, flags, link }: Target, source: string): Buffer {
  return outputOf((output) => execFileSync(compiler, ["-O2", ...flags, "-o", output, source, ...link]))
}

function outputOf(compile: (output: string) => void): Buffer {
  const work = mkdtempSync(join(tmpdir(), "cnitap-compiled-"))
  try {
    const output = join(work, "output")
    compile(output)
    return readFileSync(output)
  } finally {
    rmSync(work, { recursive: true })
  }
}

const MACHINES: Readonly<Record<Target["goName"], { emulator: string; console: string; options: readonly string[] }>> =
  {
    amd64: { emulator: "qemu-system-x86_64", console: "ttyS0", options: ["-cpu", "max"] },
    arm64: { emulator: "qemu-system-aarch64", console: "ttyAMA0", options: ["-machine", "virt", "-cpu", "cortex-a57"] },
  }

/** Emulated in software, so that it is the same on every machine. */
async function consoleOf(
  kernels: string,
  { goName }: Target,
  system: readonly string[],
  parameters: string,
): Promise<string> {
  const { emulator, console, options } = MACHINES[goName]
  const qemu = join(kernels, "qemu")
  const libraries = ["usr/lib", "lib"].map((directory) => join(qemu, directory, "x86_64-linux-gnu")).join(":")
  const firmware = ["qemu", "seabios"].flatMap((name) => ["-L", join(qemu, "usr/share", name)])
  const command = `console=${console} quiet panic=-1 no_timer_check ${parameters}`
  const fixed = ["-accel", "tcg", "-m", "512", "-nodefaults", "-display", "none", "-serial", "stdio", "-no-reboot"]
  const child = spawn(
    join(qemu, "usr/bin", emulator),
    [...firmware, ...options, ...fixed, ...system, "-append", command],
    {
      env: { ...process.env, LD_LIBRARY_PATH: libraries },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: BOOT_TIMEOUT_MS,
      killSignal: "SIGKILL",
    },
  )
  let text = ""
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk
    })
  await new Promise((resolve, reject) => child.on("error", reject).on("close", resolve))
  return text
}

function sectionsOf(text: string): Map<string, string[]> {
  const [, ...parts] = text.replaceAll("\r", "").split(/^== /m)
  const sections = new Map(
    parts.map((part) => {
      const [name = "", ...lines] = part.split("\n")
      return [name, lines.filter((line) => line !== "")]
    }),
  )
  if (!sections.has("end")) throw new Error(`the guest did not get to its end:\n${text.slice(-2_000)}`)
  return sections
}
