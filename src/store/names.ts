import { readdir } from "node:fs/promises"
import { Fault } from "../fault/fault.ts"

/** What lies in a directory, sorted; nothing where there is none. */
export async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "ENOENT" || code === "ENOTDIR") return []
    if (code === "EACCES" || code === "EPERM")
      throw new Fault("NOT_PERMITTED", `${directory} may not be read`, "Run as root.")
    throw error
  }
}
