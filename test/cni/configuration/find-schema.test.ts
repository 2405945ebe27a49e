import assert from "node:assert/strict"
import { test } from "node:test"
import { Ajv } from "ajv"
import { AGENT_PLUGINS } from "../../../src/cni/configuration/agent-plugins.ts"
import { ipamSchema, LIST_SCHEMA, pluginSchema } from "../../../src/cni/configuration/find-schema.ts"
import { IPAM_PLUGINS } from "../../../src/cni/configuration/ipam-plugins.ts"
import { MAIN_PLUGINS, META_PLUGINS } from "../../../src/cni/configuration/main-plugins.ts"
import { kindOfPlugin } from "../../../src/cni/plugin-kind.ts"

test("the role of every plugin with a schema is known", () => {
  const kinds = (plugins: object) => [...new Set(Object.keys(plugins).map(kindOfPlugin))]
  assert.deepEqual(kinds(MAIN_PLUGINS), ["main"])
  assert.deepEqual(kinds(META_PLUGINS), ["meta"])
  assert.deepEqual(kinds(IPAM_PLUGINS), ["ipam"])
  assert.deepEqual(kinds(AGENT_PLUGINS).sort(), ["main", "meta"])
})

test("every schema is a JSON Schema, in the strict reading of another validator", () => {
  const names = [MAIN_PLUGINS, META_PLUGINS, AGENT_PLUGINS, IPAM_PLUGINS].flatMap(Object.keys)
  const ajv = new Ajv({ strict: true, strictRequired: false, strictTypes: false, allErrors: true })
  for (const format of ["ip", "cidr", "mac", "pci-address"]) ajv.addFormat(format, true)
  for (const name of names) {
    const schema = pluginSchema(name) ?? ipamSchema(name)
    assert.ok(schema, name)
    const isValid = ajv.compile(schema)
    assert.equal(isValid({ type: name, mtu: {} }), isValid.errors === null)
  }
  assert.equal(ajv.compile(LIST_SCHEMA)({ plugins: [] }), true)
  assert.deepEqual(
    [pluginSchema("my-plugin"), pluginSchema("constructor"), ipamSchema("bridge")],
    [undefined, undefined, undefined],
  )
})
