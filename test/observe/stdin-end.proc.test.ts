import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import { WITH_PIPES } from "../relay/stand.ts"
import { ObservedStand } from "./observed-stand.ts"

const stand = new ObservedStand()
after(() => stand.remove())

/** Reads once, and waits for the end without a read of it. */
const READS_ONCE = (bytes: number) =>
  `#!/usr/bin/python3\nimport os, select\nos.read(0, ${bytes})\npoll = select.poll()\npoll.register(0, 0)\npoll.poll()\n`

const PLUGINS = {
  node: `#!${process.execPath}\nprocess.stdin.on("data", () => {}).on("end", () => console.log("ended"))\n`,
  once: READS_ONCE(100),
  part: READS_ONCE(3),
  unread: READS_ONCE(0),
  // Its caller can still write.
  early: "#!/usr/bin/python3\nimport os\nos.read(0, 100)\n",
  closes: "#!/bin/sh\nread -r line\nexec 0<&-\n",
}
/** Keeps the pipe open for writing until the plugin has exited. */
const STAYS_OPEN = ["bash", "-c", '(cat; cat "$FIFO") | { "$0"; : >"$FIFO"; }']

test("stdin is whole if the plugin has read all of it and nobody could write any more, also without a read of the end", async () => {
  for (const [name, text] of Object.entries(PLUGINS)) writeFileSync(join(stand.bin, name), text, { mode: 0o755 })
  const fifo = join(stand.root, "fifo")
  execFileSync("mkfifo", [fifo])
  await stand.observe()
  for (const name of Object.keys(PLUGINS)) {
    const within = name === "early" ? STAYS_OPEN : WITH_PIPES
    await stand.run(name, { command: "ADD", stdin: "hello\n", within, env: { FIFO: fifo } })
  }
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const whole = { sizeBytes: 6, text: "hello\n" }
  const cut = { ...whole, truncated: true }
  assert.deepEqual(Object.fromEntries(Object.entries(stand.streams()).map(([name, { stdin }]) => [name, stdin])), {
    node: whole,
    once: whole,
    part: { sizeBytes: 3, truncated: true, text: "hel" },
    unread: undefined,
    early: cut,
    closes: cut,
  })
})
