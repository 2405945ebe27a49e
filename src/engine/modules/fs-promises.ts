/** node:fs/promises. */
import { promises } from "./fs.ts"

export const { open, readFile, readdir } = promises
