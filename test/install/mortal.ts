import type { Disk } from "../../src/install/disk/disk.ts"

/** A disk whose process is killed right after its n-th change; `onStep` is told of each one. */
export function mortal(disk: Disk, dieAfter: number, onStep: (count: number) => void = () => {}): Disk {
  let count = 0
  const READING = new Set(["at"])
  return new Proxy(disk, {
    get(target, key: keyof Disk) {
      const method = target[key] as (...args: unknown[]) => unknown
      if (READING.has(key)) return method
      return (...args: unknown[]) => {
        const result = method(...args)
        count++
        onStep(count)
        if (count === dieAfter) process.kill(process.pid, "SIGKILL")
        return result
      }
    },
  })
}
