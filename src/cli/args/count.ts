import { Fault } from "../../fault/fault.ts"

/** The number that a flag gives of something; none is a number too. */
export function parseCount(value: unknown, flag: string, example: number): number {
  const count = Number(value)
  if (Number.isInteger(count) && count >= 0) return count
  throw new Fault("USAGE", `${flag} ${String(value)} is no number of calls`, `Write ${flag} ${example}.`)
}
