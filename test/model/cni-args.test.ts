import assert from "node:assert/strict"
import { test } from "node:test"
import { toRepro } from "../../src/export/repro.ts"
import { contextOf, parseArgs, splitArgs } from "../../src/model/call.ts"
import { toMatcher } from "../../src/model/filter/match.ts"
import { parseFilter } from "../../src/model/filter/parse.ts"
import { call, T0 } from "./calls.ts"
import { lint } from "./lint/rule-cases.ts"

// hashicorp/consul-k8s#3795, hashicorp/nomad#20183: the configuration of iptables is a JSON value in CNI_ARGS.
const CONFIG = '{"ConsulDNSIP":"10.0.0.1","ExcludeInboundPorts":["8080"],"Note":"a=b;K8S_POD_NAME=other;c"}'
const ARGS = `IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;IPTABLES_CONFIG=${CONFIG};K8S_POD_NAME=web-0`

test("a pair is split at its first equals sign, and JSON may contain semicolons and equals signs", () => {
  assert.deepEqual(
    [...parseArgs(ARGS)],
    [
      ["IgnoreUnknown", "1"],
      ["K8S_POD_NAMESPACE", "shop"],
      ["IPTABLES_CONFIG", CONFIG],
      ["K8S_POD_NAME", "web-0"],
    ],
  )
  assert.deepEqual(splitArgs('A={"open;B=2;C=[1;2]'), ['A={"open', "B=2", "C=[1", "2]"])
})

test("the pod's name, filters on it, lint and repro scripts keep to that", () => {
  const env = {
    CNI_COMMAND: "ADD",
    CNI_CONTAINERID: "c1",
    CNI_NETNS: "/n",
    CNI_IFNAME: "eth0",
    CNI_PATH: "/b",
    CNI_ARGS: ARGS,
  }
  const context = contextOf(env)
  assert.deepEqual(context.pod, { namespace: "shop", name: "web-0" })
  const recorded = call("consul-cni", { ...context, env })
  const matches = (text: string) => {
    const parsed = parseFilter(text, T0)
    return parsed.ok && toMatcher(parsed.filter, T0).call(recorded)
  }
  assert.deepEqual([matches("pod=shop/web-0"), matches("pod=shop/other")], [true, false])
  assert.deepEqual(
    lint([recorded]).filter((line) => line.startsWith("args-malformed ")),
    [],
  )
  assert.ok(toRepro([recorded]).includes(`[ "\${CNI_ARGS+set}" ] || CNI_ARGS='${ARGS}'\n`))
})
