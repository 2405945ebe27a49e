/** The globals of Node.js: the build makes every use of one an import of this module. */
import { nowMs } from "./loop.ts"

export { AbortController, AbortSignal } from "./abort.ts"
export { Buffer } from "./buffer.ts"
export { process } from "./process.ts"
export { clearTimeout, setImmediate, setTimeout } from "./timers.ts"
export { URL } from "./url.ts"

export const performance = { now: nowMs }
