/** node:fs, as far as cnitap uses it, over system calls. */
import { readFileSync } from "../files/content.ts"
import { constants } from "../files/descriptor.ts"
import { realpathSync } from "../files/link.ts"
import { accessSync, existsSync, lstatSync, statSync } from "../files/stat.ts"

export * from "../files/content.ts"
export * from "../files/descriptor.ts"
export * from "../files/directory.ts"
export * from "../files/link.ts"
export * from "../files/stat.ts"
export * from "../files/watcher.ts"
export * from "../files/write-stream.ts"

export default { constants, existsSync, accessSync, readFileSync, realpathSync, statSync, lstatSync }
