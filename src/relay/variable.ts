import type { Host } from "./host.ts"

/** The value of the last entry of that name, which is the one a Go or C program ends up with. */
export function variable(host: Pick<Host, "process">, name: string): string | undefined {
  const entry = host.process.env.findLast((each) => each.startsWith(`${name}=`))
  return entry?.slice(name.length + 1)
}
