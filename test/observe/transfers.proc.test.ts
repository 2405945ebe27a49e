import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { copyFileSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { compiled } from "../doubles/double.ts"
import { ObservedStand } from "./observed-stand.ts"
import { MESSAGES, TRANSFER_STDIN, TRANSFERS } from "./transfers.ts"

const stand = new ObservedStand()
after(() => stand.remove())

const double = compiled(join(import.meta.dirname, "../doubles/transfers.c"))
for (const name of Object.keys({ ...TRANSFERS, ...MESSAGES })) copyFileSync(double, join(stand.bin, name))

test("what any system call has transferred is recorded, and what cannot be seen is marked", async () => {
  await stand.observe()
  // The stand's streams are sockets, those of a runtime are pipes.
  for (const name of Object.keys(MESSAGES)) await stand.run(name, { command: "ADD", stdin: TRANSFER_STDIN })
  for (const name of Object.keys(TRANSFERS))
    execFileSync("sh", ["-c", 'cat | "$0" | cat', join(stand.bin, name)], { input: TRANSFER_STDIN })
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  assert.deepEqual(stand.streams(), { ...TRANSFERS, ...MESSAGES })
})
