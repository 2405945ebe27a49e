import type { Context } from "../context.ts"

/** Writes text and waits for a slow reader of the pipe, so that memory stays bounded. */
export function writer(context: Context): (text: string) => Promise<void> {
  const { stdout } = context
  return async (text) => {
    if (stdout.write(text) === false && stdout.once) await new Promise<void>((done) => stdout.once?.("drain", done))
  }
}
