import type { NodeFiles } from "./node-files.ts"

/** Whether the node's kernel lets `cnitap observe` follow plugins. `reason`: why it does not. */
export type Observation = { possible: boolean; reason?: string }

/**
 * Undefined if the files below the root do not identify the kernel. The rights of this process count only on its own
 * node: below another root it plans what a process with other rights will do.
 */
export function findObservation(files: NodeFiles): Observation | undefined {
  const release = files.text("/proc/sys/kernel/osrelease")?.trim()
  const version = /^(\d+)\.(\d+)/.exec(release ?? "")
  if (!version) return undefined
  const reason = obstacle(files, `${release}`, Number(version[1]), Number(version[2]))
  return { possible: reason === undefined, ...(reason === undefined ? {} : { reason }) }
}

/** Ring buffers came with Linux 5.8; lockdown(7) forbids BPF programs to read the kernel's memory. */
function obstacle(files: NodeFiles, release: string, major: number, minor: number): string | undefined {
  if (major < 5 || (major === 5 && minor < 8)) return `Linux ${release} is older than 5.8`
  if (!files.isFile("/sys/kernel/btf/vmlinux")) return "the kernel does not describe its types (CONFIG_DEBUG_INFO_BTF)"
  if (files.text("/sys/kernel/security/lockdown")?.includes("[confidentiality]"))
    return "the kernel is locked down to confidentiality"
  if (files.isDirectory(TRACEPOINTS) && !files.isDirectory(`${TRACEPOINTS}/raw_syscalls/sys_exit`))
    return "the kernel has no tracepoints of system calls (CONFIG_FTRACE_SYSCALLS)"
  if (files.root === "/" && !mayObserve(files.text("/proc/self/status") ?? ""))
    return "this process has neither CAP_BPF with CAP_PERFMON nor CAP_SYS_ADMIN (root has them)"
  return undefined
}

/** Where the tracing file system is mounted, if it is. */
const TRACEPOINTS = "/sys/kernel/tracing/events"

/** Bits of capabilities(7). */
const [SYS_ADMIN, PERFMON, BPF] = [21n, 38n, 39n]

function mayObserve(status: string): boolean {
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1] ?? "0"}`)
  const has = (capability: bigint) => ((effective >> capability) & 1n) === 1n
  return has(SYS_ADMIN) || (has(BPF) && has(PERFMON))
}
