/** The globals of Node.js: the build makes every use of one an import of this module. */
import { nowMs } from "./loop.ts"

export { AbortController, AbortSignal } from "./abort.ts"
export { Buffer } from "./modules/buffer.ts"
export { process } from "./modules/process.ts"
export { clearTimeout, setImmediate, setTimeout } from "./timers.ts"
export { URL } from "./url.ts"

export const performance = { now: nowMs }
