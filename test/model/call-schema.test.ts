import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { FACT_NAMES, factOf } from "../../src/model/call-schema.ts"
import { FIELD_NAMES, fieldOf, fieldSource } from "../../src/model/filter/field.ts"
import { packOperations, summarize, unpackOperations } from "../../src/model/packed-operations.ts"
import { call, operation, T0 } from "./calls.ts"

test("a field that lists can decide has the same value for a call without streams as for the whole call", () => {
  const whole = call("bridge", {
    argv: ["/opt/cni/bin/bridge", "-v"],
    env: { CNI_COMMAND: "ADD" },
    envNames: ["PATH"],
    node: "worker-1",
    cniVersion: "1.0.0",
    pod: { namespace: "shop", name: "web-1", uid: "u-1" },
    pluginPid: 101,
    usage: { maxRssBytes: 30_000_000, userMs: 1, systemMs: 2 },
    original: { sizeBytes: 1, modifiedMs: 2 },
    exit: { signal: 9 },
    stdout: { ips: [{ address: "10.1.2.3/24" }] },
    stderr: "x",
  })
  const summaries = new Map([[whole.id, summarize(whole)]])
  const [unpacked] = unpackOperations(packOperations([{ ...operation(whole), summaries }]))
  const listed = unpacked?.calls[0]?.call
  assert.ok(unpacked && listed)
  const now = T0 + 1000
  for (const name of FIELD_NAMES.filter((field) => fieldSource(field) === "list")) {
    const field = fieldOf(name)
    assert.deepEqual(field.call(listed, now, summaries.get(listed.id)), field.call(whole, now), name)
    const values: readonly unknown[] | undefined = field.operation?.(unpacked, now)
    assert.deepEqual(values, field.operation?.(operation(whole), now), name)
    if (field.joined)
      assert.deepEqual(
        values?.filter((value) => !field.joined?.(unpacked).includes(String(value).toLowerCase())),
        [],
      )
  }
  assert.deepEqual(
    FIELD_NAMES.filter((field) => fieldSource(field) !== "list").map((field) => `${field}: ${fieldSource(field)}`),
    [
      "pluginPid: record",
      "memory: record",
      "code: stream",
      "msg: stream",
      "ip: stream",
      "stdin: stream",
      "stdout: stream",
      "stderr: stream",
    ],
  )
})

test("FORMAT.md describes the members of the records as the schema does", () => {
  for (const record of ["begin", "end"] as const) {
    const expected = FACT_NAMES.flatMap((name) => {
      const { source, type, path, description } = factOf(name)
      const isMember = source === record || (source === "either" && record === "begin")
      return isMember ? [[`\`${(path ?? [name]).join(".")}\``, type ?? "", description]] : []
    })
    const documented = documentedMembers(record).filter(([name = ""]) => !WITHOUT_FACT[record].includes(name))
    assert.deepEqual(documented, expected, `the table of the ${record} record`)
  }
})

/** What a record has beside the facts of the call, and what the end record repeats. */
const WITHOUT_FACT = {
  begin: ["`format`", "`kind`"],
  end: ["`format`", "`kind`", "`id`", "`wallMs`", "`monoMs`", "`stdin`"],
}

function documentedMembers(record: "begin" | "end"): string[][] {
  const page = readFileSync(join(import.meta.dirname, "../../FORMAT.md"), "utf8")
  const section = page.split(`\n## The ${record} record\n`)[1]?.split("\n## ")[0] ?? ""
  return [...section.matchAll(/^\| (`.*) \|$/gm)].map(([, row = ""]) => row.split(" | ").map((cell) => cell.trim()))
}
