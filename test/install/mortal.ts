import type { Disk } from "../../src/install/disk/disk.ts"

/** SIGKILL ends the process. An exception ends the work only, so that thousands of deaths need no process each. */
export type Death = "SIGKILL" | "exception"

export class Died extends Error {}

type Mortality = {
  /** after which change of the disk; 0: it lives */
  dieAfter?: number
  death?: Death
  /** called after each change */
  onChange?(count: number): void
}

/**
 * A disk whose process dies right after its n-th change. A dead process neither changes nor runs anything, whatever it catches.
 */
export function mortal(disk: Disk, { dieAfter = 0, death = "SIGKILL", onChange }: Mortality): Disk {
  let count = 0
  const isDead = () => dieAfter > 0 && count >= dieAfter
  return new Proxy(disk, {
    get(target, key: keyof Disk) {
      const method = target[key] as (...args: unknown[]) => unknown
      if (key === "at" || key === "entry") return method
      return (...args: unknown[]) => {
        if (isDead()) throw new Died()
        const result = method(...args)
        if (key === "run") return result
        count++
        onChange?.(count)
        if (!isDead()) return result
        if (death === "SIGKILL") process.kill(process.pid, "SIGKILL")
        throw new Died()
      }
    },
  })
}
