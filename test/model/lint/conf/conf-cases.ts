import assert from "node:assert/strict"
import { test } from "node:test"
import { lintConf } from "../../../../src/model/lint/conf/lint-conf.ts"
import type { Rule } from "../../../../src/model/lint/finding.ts"

/** Files by rule, and everything that all rules find in them. */
export type ConfCases = Record<string, { content: string; path?: string; found: string[] }[]>

/** One test per rule; every rule of a family must have one. */
export function testConfRules(rules: readonly Rule[], cases: ConfCases): void {
  test("every rule has a case", () => {
    assert.deepEqual(Object.keys(cases).sort(), rules.map(({ id }) => id).sort())
  })
  for (const [rule, files] of Object.entries(cases)) {
    test(rule, () => {
      for (const { content, path, found } of files) assert.deepEqual(lint(content, path), found)
    })
  }
}

/** `rule line:column detail` of a file. */
export function lint(content: string, path = "10-net.conflist"): string[] {
  return lintConf(path, content).map(({ rule, line, column, detail }) => `${rule} ${line}:${column} ${detail}`.trim())
}

/** A list with these plugins; `more` goes before them. */
export function list(plugins: unknown, more = ""): string {
  return `{"cniVersion":"1.0.0","name":"pods",${more}"plugins":${JSON.stringify(plugins)}}`
}

export const BRIDGE = { type: "bridge" }

/** A list of one bridge with this section of host-local. */
export function hostLocal(keys: object): string {
  return list([{ type: "bridge", ipam: { type: "host-local", ...keys } }])
}
