/**
 * What `cnitap observe` costs on a kernel that allows programs at its functions, which the kernel of the machine may not:
 * `npm run bench:kernel -- [VERSION]`. QEMU's clock counts instructions (-icount), so that the figures are those of the
 * instructions that were executed, whatever else the machine does.
 */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { TARGETS } from "../scripts/build/targets.ts"
import type { GuestFile } from "../test/observe/kernels/cpio.ts"
import { bootWith, compiledFor, fetchKernels, systemFiles } from "../test/observe/kernels/guest.ts"
import { ratioTable, SYSTEM_CALL_ROWS } from "./ratio-table.ts"
import { quantile } from "./rounds.ts"

/** A dynamic program, as Debian builds it, and what it is linked with. */
const PLUGIN = "/usr/lib/cni/host-local"
const LIBRARIES = ["/lib64/ld-linux-x86-64.so.2", "/lib/x86_64-linux-gnu/libc.so.6"]

const here = import.meta.dirname
const version = process.argv[2] ?? "6.12"
const target = TARGETS.find(({ goName }) => goName === "amd64")
if (!target) throw new Error("no target is amd64")
const kernels = fetchKernels()
const files: GuestFile[] = [
  ...systemFiles(target, kernels, readFileSync(join(here, "kernel-init.sh"))),
  { path: "opt/cni/bin/host-local", content: readFileSync(PLUGIN) },
  ...["lib", "lib/x86_64-linux-gnu", "lib64"].map((path) => ({ path })),
  ...LIBRARIES.map((path) => ({ path: path.slice(1), content: readFileSync(path) })),
  { path: "bin/rounds", content: compiledFor(target, join(here, "rounds.c")) },
  { path: "bin/system-calls", content: compiledFor(target, join(here, "system-calls.c")) },
]
const sections = await bootWith(kernels, version, target, files, { options: ["-icount", "shift=0"] })
const linesOf = (name: string) => sections.get(name) ?? []

type Figures = { callMs: number; crowdMs: number; systemCallNs: number[] }

function figuresOf(side: "bare" | "observed"): Figures {
  const calls = linesOf(`${side} call`).map((line) => Number(line.split(" ")[1]) / 1e6)
  return {
    callMs: quantile(
      calls.sort((a, b) => a - b),
      0.5,
    ),
    crowdMs: Number(linesOf(`${side} crowd`)[0]) / 1e6,
    systemCallNs: (linesOf(`${side} system calls`)[0] ?? "").split(" ").map(Number),
  }
}

const lines = ratioTable<Figures>(
  `Linux ${version}`,
  [figuresOf("bare"), figuresOf("observed")],
  [
    ["a call of host-local", ({ callMs }) => callMs, "ms"],
    ["host-local, 50 at once", ({ crowdMs }) => crowdMs, "ms"],
    ...SYSTEM_CALL_ROWS,
  ],
)
for (const line of [...lines, ...linesOf("messages")]) console.log(line)
