import type { Exit } from "../capture/record.ts"

const KINDS = ["none", "code", "signal", "errno"] as const
const CODE = KINDS.indexOf("code")

/** The number of exit status 0. */
export const EXIT_OK = CODE

/** How a process ended as one unsigned number, for columns: the kind in the low two bits. 0: it did not end. */
export function exitNumber(exit: Exit | undefined): number {
  if (!exit) return 0
  if ("code" in exit) return numberOf("code", exit.code)
  return "signal" in exit ? numberOf("signal", exit.signal) : numberOf("errno", exit.errno)
}

/** Most calls share this one. */
const OK: Exit = { code: 0 }

export function exitOf(number: number): Exit | undefined {
  if (number === EXIT_OK) return OK
  const value = (number | 0) >> 2
  switch (KINDS[number & 3]) {
    case "code":
      return { code: value }
    case "signal":
      return { signal: value }
    case "errno":
      return { errno: value }
    default:
      return undefined
  }
}

function numberOf(kind: (typeof KINDS)[number], value: number): number {
  return (value * KINDS.length + KINDS.indexOf(kind)) >>> 0
}
