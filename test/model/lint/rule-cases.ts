import assert from "node:assert/strict"
import { test } from "node:test"
import type { Call } from "../../../src/model/call.ts"
import type { Finding, Rule } from "../../../src/model/lint/finding.ts"
import { Linter } from "../../../src/model/lint/linter.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { type CallProps, call, T0 } from "../calls.ts"

/** What all rules find in `calls`; the rule itself finds nothing in each of `fine`. */
export type Case = { calls: Call[]; found: string[]; fine?: Call[][] }

export const RESULT = {
  cniVersion: "1.0.0",
  interfaces: [{ name: "cni0" }, { name: "eth0", mac: "0a:58:0a:01:02:03", sandbox: "/var/run/netns/cni-1" }],
  ips: [{ address: "10.1.2.3/24", gateway: "10.1.2.1", interface: 1 }],
  routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.1" }],
}

/** A call without findings: ADD prints RESULT, every other command prints nothing. */
export function plugin(id: string, props: CallProps = {}): Call {
  const { command = "ADD", containerId = "c0ffee", ifname = "eth0", netns = "/var/run/netns/cni-1" } = props
  const env = {
    CNI_COMMAND: command,
    CNI_CONTAINERID: containerId,
    CNI_NETNS: netns,
    CNI_IFNAME: ifname,
    CNI_PATH: "/opt/cni/bin",
  }
  return call(id, { stdout: command === "ADD" ? RESULT : "", env, ...props })
}

/** The default configuration of `call`, with other keys. */
export function config(more: object = {}, type = "bridge"): object {
  return { cniVersion: "1.0.0", name: "pods", type, ...more }
}

/** One test per case; every rule of a family must have one. */
export function testRules(rules: readonly Rule[], cases: Record<string, Case>): void {
  test("every rule has a case", () => {
    assert.deepEqual(Object.keys(cases).sort(), rules.map(({ id }) => id).sort())
  })
  for (const [id, { calls, found, fine = [] }] of Object.entries(cases)) {
    test(id, () => {
      assert.deepEqual(lint(calls), found)
      for (const calls of fine)
        assert.deepEqual(
          lint(calls).filter((line) => line.startsWith(`${id} `)),
          [],
        )
    })
  }
}

/** `rule call:stream:byte detail`, a minute after T0. */
export function lint(calls: Call[]): string[] {
  return findings(calls).map(({ rule, detail, evidence: { call: id, stream, byte } }) =>
    `${rule} ${[id, stream, ...(byte === undefined ? [] : [byte])].join(":")} ${detail}`.trim(),
  )
}

export function findings(calls: Call[]): Finding[] {
  const linter = new Linter(T0 + 60_000)
  return toOperations(calls).flatMap((operation) => linter.check(operation))
}
