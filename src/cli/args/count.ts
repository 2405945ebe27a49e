import { Fault } from "../../fault/fault.ts"

/** The value of a flag that is a count. */
export function parseCount(value: unknown, flag: string, example: number): number {
  const count = Number(value)
  if (Number.isInteger(count) && count >= 0) return count
  throw new Fault("USAGE", `${flag} must be a non-negative integer`, `Write ${flag} ${example}.`)
}
