import assert from "node:assert/strict"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import type { Operation } from "../../src/model/operation.ts"
import { DEADLINE_EXCEEDED } from "../node/cri.ts"
import { CONTAINERDS, testOn } from "../node/runtimes.ts"
import { BRIDGE, E2eStand } from "./stand.ts"

const test = testOn(CONTAINERDS)

const ETH0 = { name: "eth0", sandbox: "/run/netns/x" }
const ON_NODE = { name: "veth1" }
const IP = { address: "10.88.0.9/24" }
const json = (members: object) => JSON.stringify({ cniVersion: "1.0.0", ...members })

/** What the plugin prints for a pod of this name, what containerd says of it, and the outcome here. */
const ANSWERS: Record<string, { stdout: string; runtime: string | RegExp; outcome: string }> = {
  "a-result": { stdout: json({ interfaces: [ETH0], ips: [{ ...IP, interface: 0 }] }), runtime: "ok", outcome: "ok" },
  // multus#576: an IPAM plugin in the place of the main plugin.
  "no-interfaces": { stdout: json({ ips: [IP] }), runtime: "ok", outcome: "ok" },
  "on-the-node": {
    stdout: json({ interfaces: [{ name: "eth0" }], ips: [{ ...IP, interface: 0 }] }),
    runtime: "ok",
    outcome: "ok",
  },
  // istio#38794
  "log-line": {
    stdout: `2022-05-08T19:56:33Z warn\n${json({ ips: [IP] })}`,
    runtime: /failed \(add\): failed to unmarshal raw result|invalid character '-' after top-level value/,
    outcome: "failed unreadable",
  },
  "log-object": {
    stdout: `{"level":"info"}\n${json({ ips: [IP] })}`,
    runtime: /invalid character '\{' after top-level value/,
    outcome: "failed unreadable",
  },
  empty: { stdout: "", runtime: /unexpected end of JSON input/, outcome: "failed unreadable" },
  "bad-address": {
    stdout: json({ ips: [{ address: "10.88.0.9" }] }),
    runtime: /invalid CIDR address: 10\.88\.0\.9/,
    outcome: "failed unreadable",
  },
  "null-result": {
    stdout: "null",
    runtime: /failed to find network info for sandbox/,
    outcome: "failed no-address",
  },
  "next-version": {
    stdout: json({ cniVersion: "2.0.0", ips: [IP] }),
    runtime: /unsupported CNI result version "2\.0\.0"/,
    outcome: "failed unknown-version",
  },
  "error-object": {
    stdout: JSON.stringify({ code: 11, msg: "try again later" }),
    runtime: /failed to find network info for sandbox/,
    outcome: "failed error-object",
  },
  // antrea#2002
  "no-address": {
    stdout: json({ interfaces: [ETH0] }),
    runtime: /failed to find network info for sandbox/,
    outcome: "failed no-address",
  },
  "other-interface": {
    stdout: json({ interfaces: [ETH0, ON_NODE], ips: [{ ...IP, interface: 1 }] }),
    runtime: /failed to find network info for sandbox/,
    outcome: "failed no-address",
  },
  "index-beyond": {
    stdout: json({ interfaces: [ETH0], ips: [{ ...IP, interface: 7 }] }),
    runtime: /invalid interface config: invalid IP configuration \(interface number 7 is > number of interfaces 1\)/,
    outcome: "failed interface-index",
  },
}

test("containerd and cnitap conclude the same from what a plugin printed", async ({ version, t }) => {
  const stand = await E2eStand.start(version, t, [{ type: "mycni" }])
  const cases = Object.entries(ANSWERS).map(([pod, { stdout }]) => `*K8S_POD_NAME=${pod}\\;*) printf %s '${stdout}';;`)
  stand.script(
    "mycni",
    `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0\ncase "$CNI_ARGS;" in\n${cases.join("\n")}\nesac\n`,
  )
  await stand.install()
  for (const [name, { runtime }] of Object.entries(ANSWERS)) {
    const said = await stand.run({ name }).then(
      () => "ok",
      (error: Error) => error.message,
    )
    if (typeof runtime === "string") assert.equal(said, runtime, name)
    else assert.match(said, runtime, name)
  }
  assert.deepEqual(
    outcomesOf(await stand.operations()),
    Object.entries(ANSWERS).map(([name, { outcome }]) => `${name}: ${outcome}`),
  )
})

// go-cni compares with > where the indexes end one earlier (helper.go), and then indexes the list.
test("an interface index just past the end ends containerd itself", async ({ version, t }) => {
  const stand = await E2eStand.start(version, t, [{ type: "mycni" }])
  const stdout = json({ interfaces: [ETH0], ips: [{ ...IP, interface: 1 }] })
  stand.script("mycni", `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0; printf %s '${stdout}'`)
  await stand.install()
  await assert.rejects(stand.run({ name: "past-the-end" }), /UNAVAILABLE|Connection dropped|read ECONNRESET|EOF/)
  assert.deepEqual(outcomesOf(await stand.operations()), ["past-the-end: failed interface-index"])
})

test("a plugin of the list that is missing: containerd fails the ADD and its DEL, and no call shows it", async ({
  version,
  t,
}) => {
  const stand = await E2eStand.start(version, t, [BRIDGE, { type: "late" }])
  stand.script("late", `[ "$CNI_COMMAND" = ADD ] || exit 0; sed 's/.*"prevResult":\\({.*}\\),"type".*/\\1/'`)
  await stand.install()
  await stand.run({ name: "before" })
  rmSync(join(stand.node.binDir, "late"))
  // One attempt could also be one whose recording ended in the middle; the kubelet tries again, in a new sandbox.
  for (const uid of ["without-1", "without-2"])
    await assert.rejects(stand.run({ name: "without", uid }), /failed to find plugin "late" in path/)
  const without = "without: failed incomplete-list"
  assert.deepEqual(outcomesOf(await stand.operations()), ["before: ok", without, without])
})

test("the runtime's deadline passes: the ADD was killed", async ({ version, t }) => {
  const stand = await E2eStand.start(version, t, [{ type: "mycni" }])
  stand.script("mycni", `cat >/dev/null; [ "$CNI_COMMAND" = ADD ] || exit 0; exec sleep 1000`)
  await stand.install()
  await assert.rejects(stand.run({ name: "hung" }, 5000), { code: DEADLINE_EXCEEDED })
  for (let tries = 0; outcomesOf(await stand.operations())[0] !== "hung: killed"; tries++) {
    if (tries === 100) assert.fail("the call never counted as killed")
    await sleep(100)
  }
})

function outcomesOf(operations: readonly Operation[]): string[] {
  return operations
    .filter(({ command }) => command === "ADD")
    .map(({ pod, outcome, outcomeReason }) =>
      [`${pod?.name}: ${outcome}`, outcome === "failed" ? outcomeReason?.kind : undefined].filter(Boolean).join(" "),
    )
}
