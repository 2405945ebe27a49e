import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, copyFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, test } from "node:test"
import type { End, Payload } from "../../src/capture/record.ts"
import { compiled } from "../doubles/double.ts"
import { compileNarrow } from "./narrow.ts"
import { ObservedStand } from "./observed-stand.ts"

const stand = new ObservedStand()

after(() => stand.remove())

/** Plugins in C, with either library; the plugins of against-swap.proc.test.ts are in Go. */
const STDIO = join(import.meta.dirname, "../doubles/stdio.c")
const SCRIPTS: Record<string, string> = {
  // A child of the shell writes for it, and reads its stdin.
  "shell-child": "#!/bin/sh\ncat\nenv printf 'to %s' stderr >&2\nexit 4\n",
  // The pipe within the script is no stream of the call.
  "shell-pipe": "#!/bin/sh\ntr a-z A-Z | sed s/O/0/\n",
  // stdout under another number, and reopened by its path.
  "shell-dup": "#!/bin/sh\nexec 7>&1 1>/dev/null\necho hidden\necho seven >&7\necho again >/dev/stderr\n",
  python:
    "#!/usr/bin/python3\nimport os, sys\nos.writev(1, [b'one ', b'', b'two ', b'x' * 9000])\nsys.stdout.write(sys.stdin.read())\n",
  vectors:
    "#!/usr/bin/python3\nimport os\nparts = [bytearray(3), bytearray(5000)]\nn = os.readv(0, parts)\nos.write(1, str(n).encode())\nos.read(0, 1)\n",
  moved:
    "#!/usr/bin/python3\nimport os\nos.write(1, b'before ')\nf = os.open('/etc/passwd', os.O_RDONLY)\nos.sendfile(1, f, 0, 10)\nos.write(1, b'after')\n",
  bash: "#!/bin/bash\nread -r first second\nprintf '%s-' $second $first {1..2000}\nexec 2>&1\nprintf 'both\n' >&2\n",
  node: `#!${process.execPath}\nconst chunks = []\nprocess.stdin.on("data", (chunk) => chunks.push(chunk)).on("end", () => {\n  process.stdout.write(Buffer.concat(chunks) + "y".repeat(20000))\n  process.stderr.write("to stderr")\n  process.exitCode = 7\n})\n`,
  unread: "#!/bin/sh\necho done\n",
  // All that JSON escapes, and characters of each length.
  characters:
    "#!/usr/bin/python3\nimport sys\ntext = ''.join(map(chr, range(33))) + '\"\\\\\\x7f\\xe9\\u2028\\uffff\\U0001f600'\nsys.stdout.buffer.write(text.encode())\n",
}

test("streams are found by the open file, whoever reads or writes it and with whatever system call", async () => {
  for (const [name, text] of Object.entries(SCRIPTS)) {
    writeFileSync(join(stand.bin, name), text)
    chmodSync(join(stand.bin, name), 0o755)
  }
  copyFileSync(compiled(STDIO), join(stand.bin, "musl"))
  execFileSync("gcc", ["-O2", "-o", join(stand.bin, "glibc"), STDIO])
  await stand.observe()
  const seen = new Map<string, unknown>()
  for (const name of [...Object.keys(SCRIPTS), "musl", "glibc"]) {
    const { stdout, stderr, code } = await stand.run(name, { command: "ADD", stdin: "hello o" })
    seen.set(name, { stdout: Buffer.from(stdout, "latin1").toString("utf8"), stderr, code })
  }
  const { stderr } = await stand.end()
  assert.equal(stderr.split("\n")[1], "")
  const recorded = new Map(
    stand.begins().map(({ id, plugin, argv, depth }) => {
      const end = stand.ends().find((it) => it.id === id)
      assert.deepEqual({ argv, depth }, { argv: [join(stand.bin, plugin)], depth: 0 })
      return [plugin, facts(end)]
    }),
  )
  for (const name of [
    "shell-child",
    "shell-pipe",
    "shell-dup",
    "python",
    "vectors",
    "bash",
    "node",
    "unread",
    "characters",
    "musl",
    "glibc",
  ])
    assert.deepEqual(recorded.get(name), seen.get(name), name)
  const stdins = Object.entries(stand.streams()).map(([name, { stdin }]) => [name, stdin && textOf(stdin)])
  const read = "hello o"
  assert.deepEqual(Object.fromEntries(stdins), {
    "shell-child": read,
    "shell-pipe": read,
    "shell-dup": undefined,
    python: read,
    vectors: read,
    moved: undefined,
    bash: read,
    node: read,
    unread: undefined,
    characters: undefined,
    musl: read,
    glibc: read,
  })
  const moved = stand.ends().find(({ stdout }) => stdout.truncated)
  assert.deepEqual(moved?.stdout, { sizeBytes: 22, truncated: true, truncatedBy: "loss", text: "before " })
})

test("what a 32-bit program reads and writes is marked as not seen, also below a 64-bit plugin", async (t) => {
  const stand = new ObservedStand()
  t.after(() => stand.remove())
  const narrow = join(stand.root, "narrow")
  compileNarrow(narrow)
  const { stdout } = spawnSync(narrow, { input: "hello", encoding: "utf8" })
  if (stdout !== "hello") return t.skip("this kernel does not execute 32-bit programs")
  copyFileSync(narrow, join(stand.bin, "itself"))
  writeFileSync(join(stand.bin, "below"), `#!/bin/sh\necho before\n${narrow}\necho after\n`)
  chmodSync(join(stand.bin, "below"), 0o755)
  await stand.observe()
  for (const name of ["itself", "below"]) {
    const { stdout } = await stand.run(name, { command: "ADD", stdin: "hello" })
    assert.ok(stdout.includes("hello"))
  }
  await stand.end()
  const notSeen = { truncated: true, truncatedBy: "loss" }
  assert.deepEqual(
    stand.ends().map(({ stdin, stdout, stderr }) => ({ stdin, stdout, stderr })),
    [
      {
        stdin: { sizeBytes: 0, ...notSeen, text: "" },
        stdout: { sizeBytes: 0, ...notSeen, text: "" },
        stderr: { sizeBytes: 0, ...notSeen, text: "" },
      },
      {
        stdin: { sizeBytes: 0, ...notSeen, text: "" },
        stdout: { sizeBytes: 13, ...notSeen, text: "before\n" },
        stderr: { sizeBytes: 0, ...notSeen, text: "" },
      },
    ],
  )
})

function facts(end: End | undefined): unknown {
  if (!end || !("code" in end.exit)) return undefined
  return { stdout: textOf(end.stdout), stderr: textOf(end.stderr), code: end.exit.code }
}

function textOf(payload: Payload): string {
  return "text" in payload ? payload.text : Buffer.from(payload.base64, "base64").toString("latin1")
}
