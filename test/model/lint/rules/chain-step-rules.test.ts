import assert from "node:assert/strict"
import { test } from "node:test"
import { CHAIN_STEP_RULES } from "../../../../src/model/lint/rules/chain-step-rules.ts"
import { config, lint, plugin, RESULT, testRules } from "../rule-cases.ts"

const { ips: _ips, routes: _routes, ...WITHOUT_IPS } = RESULT
const second = (prevResult: object | undefined, result: object) =>
  plugin("portmap", { at: 20, stdin: config(prevResult ? { prevResult } : {}, "portmap"), stdout: result })

testRules(CHAIN_STEP_RULES, {
  // Pain 18: plugins#376, plugins#360, multus#211.
  "prevresult-dropped": {
    calls: [plugin("bridge"), second(RESULT, { ...WITHOUT_IPS, ips: [] })],
    found: [
      "prevresult-dropped portmap:stdout:0 ip 10.1.2.3/24",
      "prevresult-dropped portmap:stdout:0 route 0.0.0.0/0 via 10.1.2.1",
    ],
    fine: [[plugin("bridge"), second(RESULT, { ...RESULT, routes: [...RESULT.routes, { dst: "10.0.0.0/8" }] })]],
  },
  "prevresult-not-passed-on": {
    calls: [plugin("bridge"), second(WITHOUT_IPS, WITHOUT_IPS)],
    found: [
      "prevresult-not-passed-on portmap:stdin:53 ip 10.1.2.3/24, returned by bridge",
      "prevresult-not-passed-on portmap:stdin:53 route 0.0.0.0/0 via 10.1.2.1, returned by bridge",
    ],
  },
  "prevresult-missing": {
    calls: [plugin("bridge"), second(undefined, { cniVersion: "1.0.0" })],
    found: ["prevresult-missing portmap:stdin:0 called after bridge"],
    fine: [[plugin("bridge")]],
  },
  "check-without-prevresult": {
    calls: [plugin("bridge", { command: "CHECK" })],
    found: ["check-without-prevresult bridge:stdin:0"],
    fine: [[plugin("bridge", { command: "CHECK", stdin: config({ prevResult: RESULT }) })]],
  },
})

test("an interface that was moved into the pod is the same interface", () => {
  const moved = { ...RESULT, interfaces: [{ name: "cni0" }, { name: "eth0", mac: "0a:58:0a:01:02:03" }] }
  assert.deepEqual(lint([plugin("bridge", { stdout: moved }), second(moved, RESULT)]), [])
})

test("a mistake in a result is reported only at the call that added it", () => {
  const bad = { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3", gateway: "10.9.9.9" }] }
  assert.deepEqual(lint([plugin("bridge", { stdout: bad }), second(bad, bad)]), [
    "ip-without-prefix bridge:stdout:40 10.1.2.3",
  ])
})
