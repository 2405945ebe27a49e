import assert from "node:assert/strict"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { Ajv, type ValidateFunction } from "ajv"
import addFormats from "ajv-formats"
import { SCHEMA_DIR, schemaFiles } from "../../../scripts/build/build-schemas.ts"
import { twoNodes } from "../../cluster/two-nodes.ts"
import { capturing, cnitap as install, within } from "../../install/cli.ts"
import { Node } from "../../install/node.ts"
import { Stand } from "../../relay/stand.ts"
import { cnitap } from "../cnitap.ts"

const FROM = ["--from", join(import.meta.dirname, "../../../examples/failed-pod.cnitap")]
const files = Object.fromEntries(
  readdirSync(SCHEMA_DIR).map((name) => [name, readFileSync(join(SCHEMA_DIR, name), "utf8")]),
)
const validators = new Map(Object.values(files).map((text) => [JSON.parse(text).title as string, validator(text)]))
const printed = new Set<string>()

test("docs/schema is what the types say; npm run schema writes it", () => {
  assert.deepEqual(files, schemaFiles())
})

test("each schema refuses an object with a missing, a wrong or an unknown key", () => {
  for (const [kind, validate] of validators) {
    assert.equal(validate({ apiVersion: "cnitap/v1", kind, unheardOf: 1 }), false, kind)
    assert.equal(validate({ apiVersion: "cnitap/v2", kind }), false, kind)
  }
})

const READING: readonly (readonly string[])[] = [
  ["ls", ...FROM],
  ["ls", ...FROM, "-o", "jsonl"],
  ["tail", ...FROM],
  ["ps", ...FROM],
  ["stats", ...FROM],
  ["stats", "--errors", ...FROM],
  ["explain", "shop/web-2", ...FROM],
  ["explain", "shop/web-0", ...FROM],
  ["diff", "shop/web-0", ...FROM],
  ["diff", "shop/web-0", "shop/web-2", ...FROM],
  ["diff", "shop/web-0", "shop/web-1", ...FROM],
  ["ledger", ...FROM],
  ["who-owns", "10.88.0.2", ...FROM],
  ["decode", "before [123 34 99 34 58 49 125] after"],
  ["doctor"],
]
for (const args of READING) {
  test(`cnitap ${args
    .filter((word) => word !== "--from")
    .map((word) => word.replace(/^.*\//, ""))
    .join(" ")}`, async () => {
    const isLines = args.includes("jsonl")
    const { stdout, stderr } = await cnitap(isLines ? args : [...args, "-o", "json"])
    assert.ok(stdout !== "", stderr)
    for (const value of isLines ? stdout.trim().split("\n") : [stdout]) check(JSON.parse(value))
  })
}

test("cnitap show of an operation and of a call with nested calls", async () => {
  const { stdout } = await cnitap(["ls", "plugin=host-local", ...FROM, "-o", "json"])
  const [operation] = JSON.parse(stdout).items
  for (const id of [operation.id, `call/${operation.calls[0].call.id}`])
    check(JSON.parse((await cnitap(["show", id, ...FROM, "-o", "json"])).stdout))
})

test("cnitap lint of a call and of a configuration file", async (t) => {
  const stand = new Stand()
  t.after(() => stand.remove())
  stand.configure()
  stand.add("bridge", ["drain", "out not JSON"])
  stand.wrap("bridge")
  await stand.run("bridge", { command: "ADD", stdin: '{"cniVersion":"1.0.0","name":"pods","type":"bridge"}' })
  const conf = join(stand.root, "10-pods.conflist")
  writeFileSync(conf, '{"cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}')
  for (const args of [
    ["lint", "--capture", stand.capture],
    ["lint", conf],
  ]) {
    const { stdout, stderr } = await cnitap([...args, "-o", "json"])
    const list = JSON.parse(stdout)
    assert.ok(list.items.length > 0, stderr)
    check(list)
  }
})

test("export jsonl", async () => {
  const { stdout } = await cnitap(["export", "jsonl", ...FROM])
  for (const line of stdout.trim().split("\n")) check(JSON.parse(line))
})

for (const mode of ["swap", "chain", "path"]) {
  test(`plan, install, status and uninstall in ${mode} mode`, async (t: TestContext) => {
    const node = new Node()
    t.after(() => node.remove())
    for (const name of ["bridge", "host-local"]) node.plugin(name)
    node.list("10-pods.conflist", [{ type: "bridge", ipam: { type: "host-local" } }])
    for (const verb of ["plan", "install"] as const)
      check(JSON.parse((await install(verb, ...capturing(node), "--mode", mode, "--for", "2h", "-o", "json")).stdout))
    check(JSON.parse((await install("status", ...within(node), "-o", "json")).stdout))
    check(JSON.parse((await install("uninstall", ...within(node), "-o", "json")).stdout))
  })
}

test("kubectl cnitap install, status and uninstall", async (t: TestContext) => {
  const { cluster } = twoNodes(t)
  for (const args of [["install", "--all", "--dry-run"], ["install", "--all"], ["status"], ["uninstall"]]) {
    const { stdout, stderr } = await cluster.cnitap([...args, "-o", "json"])
    assert.ok(stdout !== "", stderr)
    check(JSON.parse(stdout))
  }
})

test("every kind that has a schema was printed by one of these", () => {
  assert.deepEqual([...printed].sort(), [...validators.keys()].sort())
})

/** One object, or the items of a list; jsonpath and jq users rely on the list's own shape as well. */
function check(value: { kind: string; items?: { kind: string }[] }): void {
  if (value.items) {
    assert.deepEqual(Object.keys(value), ["apiVersion", "kind", "items"])
    for (const item of value.items) {
      assert.equal(value.kind, `${item.kind}List`)
      check(item)
    }
    return
  }
  const validate = validators.get(value.kind)
  assert.ok(validate, `there is no schema of ${value.kind}`)
  printed.add(value.kind)
  validate(value)
  assert.deepEqual(validate.errors?.slice(0, 5) ?? [], [], value.kind)
}

/** The published schemas allow keys that a later version adds; here a key that no schema names is an error. */
function validator(text: string): ValidateFunction {
  const ajv = new Ajv({ allErrors: true, strict: false })
  addFormats.default(ajv)
  const closed = JSON.parse(text, (_, value: unknown) => {
    const isObject = typeof value === "object" && value !== null && "properties" in value && "type" in value
    return isObject && !("additionalProperties" in value) ? { ...value, additionalProperties: false } : value
  })
  return ajv.compile(closed)
}
