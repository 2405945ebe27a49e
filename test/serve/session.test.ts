import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { Session } from "../../src/serve/session.ts"
import { openCapture } from "../../src/store/capture/capture.ts"

test("a capture that cannot be read is reported and read again; the session goes on", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-session-"))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const capture = await openCapture(directory)
  let error: Error | undefined
  const session = new Session({
    ...capture,
    async segments() {
      if (error) throw error
      return capture.segments()
    },
  })
  t.after(() => session.close())
  await session.open()
  assert.deepEqual(session.state, {})
  const troubles = []
  for (const [code, message] of [
    ["EACCES", "EACCES: permission denied, scandir"],
    ["EIO", "EIO: i/o error, read"],
    ["ENOENT", "ENOENT: no such file or directory"],
  ] as const) {
    error = Object.assign(new Error(message), { code })
    await change(session)
    troubles.push(session.state.trouble?.error)
  }
  assert.deepEqual(troubles, [
    `${directory} cannot be read: EACCES: permission denied, scandir`,
    `${directory} cannot be read: EIO: i/o error, read`,
    `${directory} was removed`,
  ])
  error = undefined
  await change(session)
  assert.deepEqual(session.state, { trouble: undefined })
})

function change(session: Session): Promise<void> {
  return new Promise((resolve) => {
    const unsubscribe = session.subscribe(() => {
      unsubscribe()
      resolve()
    })
  })
}
