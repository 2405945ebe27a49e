import assert from "node:assert/strict"
import { test } from "node:test"
import { toPicture } from "../../../src/model/result/picture.ts"
import { layoutPicture } from "../../../src/model/result/picture-layout.ts"
import { type CallProps, call, operation } from "../calls.ts"

const RESULT = {
  cniVersion: "1.0.0",
  interfaces: [
    { name: "cni0", mac: "aa" },
    { name: "veth1", mac: "bb" },
    { name: "eth0", mac: "cc", sandbox: "/ns" },
  ],
  ips: [{ interface: 2, address: "10.1.2.3/24", gateway: "10.1.2.1" }],
  routes: [{ dst: "0.0.0.0/0", gw: "10.1.2.1" }],
}
const ipam = {
  cniVersion: "1.0.0",
  ips: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }],
  routes: [{ dst: "0.0.0.0/0" }],
}
const ports = {
  type: "portmap",
  runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
}

const ADD = operation(
  call("bridge", { durationMs: 30, stdin: { type: "bridge", name: "pods" }, stdout: RESULT }),
  call("host-local", { at: 5, parent: "bridge", stdout: ipam }),
  call("portmap", { at: 40, stdin: { ...ports, name: "pods", prevResult: RESULT }, stdout: RESULT }),
)

function del(...calls: [plugin: string, props: CallProps][]) {
  return operation(
    ...calls.map(([plugin, props], at) =>
      call(`del-${plugin}`, {
        at: 1_000 + at * 20,
        plugin,
        command: "DEL",
        stdin: { type: plugin, name: "pods", prevResult: RESULT },
        ...props,
      }),
    ),
  )
}

/** `+ pod eth0 (cc) on interface veth1 on the node, by bridge` */
function lines(frames: ReturnType<typeof toPicture>): string[][] {
  const signs = { made: "+", changed: "~", kept: "=", removed: "-", left: "!" }
  return frames.map(({ call: { plugin }, items }) => [
    plugin,
    ...items.map(
      ({ kind, label, detail, on, plugin: by, state }) =>
        `${signs[state]} ${kind} ${label}${detail ? ` (${detail})` : ""}${on ? ` on ${on}` : ""}${by ? `, by ${by}` : ""}`,
    ),
  ])
}

test("an ADD: each thing is there after the call that made it, and belongs to what it is attached to", () => {
  assert.deepEqual(lines(toPicture(ADD)), [
    ["host-local", "+ address 10.1.2.3/24 (gateway 10.1.2.1), by host-local", "+ route 0.0.0.0/0, by host-local"],
    [
      "bridge",
      "= address 10.1.2.3/24 (gateway 10.1.2.1) on interface eth0 in the pod, by host-local",
      "~ route 0.0.0.0/0 via 10.1.2.1, by host-local",
      "+ bridge cni0 (aa), by bridge",
      "+ host veth1 (bb) on interface cni0 on the node, by bridge",
      "+ pod eth0 (cc) on interface veth1 on the node, by bridge",
    ],
    [
      "portmap",
      "= address 10.1.2.3/24 (gateway 10.1.2.1) on interface eth0 in the pod, by host-local",
      "= route 0.0.0.0/0 via 10.1.2.1, by host-local",
      "= bridge cni0 (aa), by bridge",
      "= host veth1 (bb) on interface cni0 on the node, by bridge",
      "= pod eth0 (cc) on interface veth1 on the node, by bridge",
      "+ port :8080 → 80/tcp, by portmap",
    ],
  ])
})

test("a plugin that changes, and one that drops what others made", () => {
  const tuned = {
    ...RESULT,
    interfaces: [RESULT.interfaces[0], RESULT.interfaces[1], { name: "eth0", mac: "dd", sandbox: "/ns" }],
  }
  const frames = toPicture(
    operation(
      call("ptp", { stdin: { type: "ptp" }, stdout: RESULT }),
      call("tuning", { at: 20, stdin: { type: "tuning", prevResult: RESULT }, stdout: { ...tuned, routes: [] } }),
      call("last", { at: 40, stdin: { type: "last", prevResult: tuned }, stdout: { ...tuned, routes: [] } }),
    ),
  )
  assert.deepEqual(
    lines(frames).map((frame) => frame.filter((line) => /eth0 |route/.test(line) && !line.includes("address"))),
    [
      ["+ pod eth0 (cc) on interface cni0 on the node, by ptp", "+ route 0.0.0.0/0 via 10.1.2.1, by ptp"],
      ["~ pod eth0 (dd) on interface cni0 on the node, by ptp", "- route 0.0.0.0/0 via 10.1.2.1, by ptp"],
      ["= pod eth0 (dd) on interface cni0 on the node, by ptp"],
    ],
  )
})

test("a macvlan is attached to its parent; a failed call adds nothing", () => {
  const config = { type: "macvlan", master: "eth1" }
  const stdout = { cniVersion: "1.0.0", interfaces: [{ name: "net1", sandbox: "/ns" }] }
  assert.deepEqual(lines(toPicture(operation(call("macvlan", { stdin: config, stdout })))), [
    ["macvlan", "+ parent eth1, by macvlan", "+ pod net1 on parent eth1, by macvlan"],
  ])
  const failed = call("macvlan", { stdin: config, stdout: { code: 11, msg: "no such device" }, exit: { code: 1 } })
  assert.deepEqual(lines(toPicture(operation(failed))), [["macvlan"]])
})

test("a DEL: each plugin removes what it made; what a failed one made is left", () => {
  const done = toPicture(del(["portmap", {}], ["bridge", {}], ["host-local", { parent: "del-bridge", at: 1_021 }]), ADD)
  assert.deepEqual(
    done.map(({ call: { plugin }, items }) => [plugin, ...items.map(({ kind, state }) => `${kind} ${state}`)]),
    [
      ["portmap", "address kept", "route kept", "bridge kept", "host kept", "pod kept", "port removed"],
      ["host-local", "address removed", "route removed", "bridge kept", "host kept", "pod kept", "port removed"],
      ["bridge", "address removed", "route removed", "bridge kept", "host removed", "pod removed", "port removed"],
    ],
  )
  const failed = toPicture(del(["portmap", { exit: { code: 1 }, stdout: { code: 11, msg: "xtables lock" } }]), ADD)
  assert.deepEqual(
    failed.at(-1)?.items.map(({ kind, state }) => [kind, state]),
    [
      ["address", "left"],
      ["route", "left"],
      ["bridge", "kept"],
      ["host", "left"],
      ["pod", "left"],
      ["port", "left"],
    ],
  )
})

test("a DEL without its ADD: the result that it was given is removed once all plugins succeeded", () => {
  const frames = toPicture(del(["portmap", {}], ["bridge", {}]))
  assert.deepEqual(
    frames.map(({ items }) => items.map(({ kind, state }) => `${kind} ${state}`)),
    [
      ["bridge kept", "host kept", "pod kept", "address kept", "route kept"],
      ["bridge kept", "host removed", "pod removed", "address removed", "route removed"],
    ],
  )
})

test("everything has its place: nothing overlaps, nothing leaves its side, and lines join what belongs together", () => {
  for (const width of [310, 700, 1600]) {
    const { boxes, node, pod, height, lines: joined } = layoutPicture(toPicture(ADD), width)
    assert.equal(boxes.length, 6)
    for (const box of boxes) {
      const side = box.x < pod.x ? node : pod
      assert.ok(box.x >= side.x && box.x + box.width <= side.x + side.width, `${box.text} leaves its side at ${width}`)
      assert.ok(box.y + box.height <= height, `${box.text} is below the picture at ${width}`)
      const over = boxes.filter(
        (other) =>
          other !== box &&
          other.x < box.x + box.width &&
          box.x < other.x + other.width &&
          other.y < box.y + box.height &&
          box.y < other.y + other.height,
      )
      assert.deepEqual(over, [], `${box.text} at ${width}`)
    }
    assert.deepEqual(
      joined.map(({ item }) => `${item.on} - ${item.label}`),
      ["interface veth1 on the node - eth0", "interface cni0 on the node - veth1"],
    )
  }
})
