import { Fault } from "../../fault/fault.ts"

/** A result of the kernel that is not negative. Throws a Fault that says why it has refused. */
export function succeeded(result: number, what: string): number {
  if (result >= 0) return result
  if (result === -EPERM)
    throw new Fault(
      "NOT_PERMITTED",
      `permission denied: cannot ${what}`,
      "Run as root, or with CAP_BPF and CAP_PERFMON, outside of an unprivileged container.",
    )
  if (result === -ENOSYS) throw refused("this kernel has no bpf system call")
  if (result === -EOPNOTSUPP) throw refused(`this kernel cannot ${what}: it cannot trace its functions`)
  throw refused(`this kernel cannot ${what} (errno ${-result})`)
}

export function refused(message: string, cause?: unknown): Fault {
  return new Fault("REFUSED", message, "Record with `cnitap install`.", cause)
}

const [EPERM, ENOSYS, EOPNOTSUPP] = [1, 38, 95]
