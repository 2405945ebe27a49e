import assert from "node:assert/strict"
import { test } from "node:test"
import { callText } from "../../../src/cli/render/call-text.ts"
import { call, operation } from "../../model/calls.ts"

// Pain 2: what are the actual bytes?
test("binary streams are shown as a hex dump, control characters as escapes", () => {
  const bytes = Buffer.from("\xff\x00\x01 not text at all", "latin1")
  const binary = {
    ...call("bridge", { stderr: "bell\u0007\n" }),
    stdout: { sizeBytes: bytes.length, base64: bytes.toString("base64") },
  }
  const text = callText({ call: binary, children: [] }, operation(binary), (one) => one)
  assert.deepEqual(text.split("\n").slice(-6), [
    "stdout (19 bytes, not UTF-8)",
    "  00000000  ff 00 01 20 6e 6f 74 20 74 65 78 74 20 61 74 20  |... not text at |",
    "  00000010  61 6c 6c                                         |all|",
    "stderr (6 bytes)",
    "  bell\\x07",
    "",
  ])
})
