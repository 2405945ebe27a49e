import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"

const LIMIT_MS = 120_000
const PAUSE_MS = 200

/** Waits until it is true; throws with the words after two minutes. */
export async function until(what: string, isTrue: () => boolean | Promise<boolean>, limitMs = LIMIT_MS): Promise<void> {
  for (const endMs = Date.now() + limitMs; !(await isTrue()); await sleep(PAUSE_MS))
    if (Date.now() > endMs) throw new Error(`timed out waiting until ${what}`)
}

/** Waits until what is read equals a value; after two minutes the error shows the difference. */
export async function untilEqual<T>(read: () => Promise<T>, expected: T): Promise<void> {
  for (const endMs = Date.now() + LIMIT_MS; ; await sleep(PAUSE_MS)) {
    const actual = await read()
    if (isDeepStrictEqual(actual, expected)) return
    if (Date.now() > endMs) assert.deepEqual(actual, expected)
  }
}
