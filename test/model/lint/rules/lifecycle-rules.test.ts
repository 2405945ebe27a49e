import assert from "node:assert/strict"
import { test } from "node:test"
import { LIFECYCLE_RULES } from "../../../../src/model/lint/rules/lifecycle-rules.ts"
import type { CallProps } from "../../calls.ts"
import { config, lint, plugin, testRules } from "../rule-cases.ts"

const other = { containerId: "beef", netns: "/var/run/netns/cni-2" }
const alone = { stdout: { cniVersion: "1.0.0" } }
/** An ADD of a container of its own by a build of bridge. */
const build = (id: string, sizeBytes: number, modifiedMs: number, more: CallProps = {}) =>
  plugin(id, {
    plugin: "bridge",
    at: sizeBytes + (id === "newer" ? 1 : 0),
    containerId: id,
    original: { sizeBytes, modifiedMs },
    ...alone,
    ...more,
  })
const failed = { exit: { code: 1 }, stdout: { cniVersion: "1.0.0", code: 999, msg: "link not there" } }
const version = (at = 0) =>
  plugin("v", {
    plugin: "bridge",
    at,
    command: "VERSION",
    stdout: { cniVersion: "0.4.0", supportedVersions: ["0.3.1", "0.4.0"] },
  })

/** A pod's ADD on a network whose addresses host-local assigns. */
const pooled = (network: string, range: Record<string, string>, at: number) => {
  const { subnet, rangeStart, rangeEnd, type = "bridge", ...own } = range
  const ranges = [[{ subnet, rangeStart, rangeEnd }]]
  const stdin = { cniVersion: "1.0.0", name: network, type, ...own, ipam: { type: "host-local", ranges } }
  const containerId = `${network}-${at}`
  return plugin(containerId, { plugin: type, network, containerId, at, stdin, ...alone })
}

/** A pod's ADD over bridge and antrea. */
const list = (containerId: string, at: number) =>
  ["bridge", "antrea"].map((type, index) => {
    const stdin = { ...config(index > 0 ? { prevResult: alone.stdout } : {}, type) }
    return plugin(`${containerId}-${type}`, { plugin: type, containerId, at: at + index * 20, stdin, ...alone })
  })
const last = list("d", 60_000).slice(0, 1)

testRules(Object.values(LIFECYCLE_RULES), {
  // Pain 27: cilium#39370 (there with another sandbox's id).
  "add-twice": {
    calls: [
      plugin("first", { plugin: "bridge", ...alone }),
      plugin("again", { plugin: "bridge", at: 20_000, ...alone }),
    ],
    found: ["add-twice again:env the first is call first"],
    fine: [
      [
        plugin("first", { plugin: "bridge", ...alone }),
        plugin("del", { plugin: "bridge", command: "DEL", at: 10_000 }),
        plugin("again", { plugin: "bridge", at: 20_000, ...alone }),
      ],
      [
        plugin("first", { plugin: "bridge", ...alone }),
        plugin("net1", { plugin: "bridge", ifname: "net1", at: 20_000, ...alone }),
      ],
      [plugin("first", { plugin: "bridge", ...failed }), plugin("again", { plugin: "bridge", at: 20_000, ...alone })],
    ],
  },
  // Pain 26: kubernetes#44100.
  "del-not-idempotent": {
    calls: [
      plugin("add", { plugin: "bridge", ...alone }),
      plugin("del", { plugin: "bridge", command: "DEL", at: 10_000 }),
      plugin("again", { plugin: "bridge", command: "DEL", at: 20_000, ...failed }),
    ],
    found: ["del-not-idempotent again:stdout:0 an earlier DEL of it succeeded"],
    fine: [
      [
        plugin("add", { plugin: "bridge", ...alone }),
        plugin("del", { plugin: "bridge", command: "DEL", at: 10_000, ...failed }),
      ],
    ],
  },
  // containerd and CRI-O on one node, each with its own store.
  "subnet-of-two-networks": {
    calls: [
      pooled("pods", { subnet: "10.91.0.0/24" }, 0),
      pooled("crio", { subnet: "10.91.0.0/16", bridge: "cni0" }, 20_000),
      pooled("crio", { subnet: "10.91.0.0/16", bridge: "cni0" }, 40_000),
    ],
    found: [
      "subnet-of-two-networks crio-20000:stdin:118 10.91.0.0/16 of crio, and 10.91.0.0/24 of pods (call pods-0) on cni0",
    ],
    fine: [
      [pooled("pods", { subnet: "10.91.0.0/24" }, 0), pooled("pods", { subnet: "10.91.0.0/24" }, 20_000)],
      [pooled("pods", { subnet: "10.91.0.0/24" }, 0), pooled("crio", { subnet: "10.92.0.0/24" }, 20_000)],
      [
        pooled("pods", { subnet: "10.91.0.0/24", rangeEnd: "10.91.0.99" }, 0),
        pooled("crio", { subnet: "10.91.0.0/24", rangeStart: "10.91.0.100" }, 20_000),
      ],
      // Separate VLANs may use the same addresses.
      [
        pooled("a", { subnet: "10.91.0.0/24", type: "macvlan", master: "eth1" }, 0),
        pooled("b", { subnet: "10.91.0.0/24", type: "macvlan", master: "eth2" }, 20_000),
      ],
      [pooled("pods", { subnet: "10.91.0.0/24" }, 0), { ...pooled("crio", { subnet: "10.91.0.0/24" }, 1), node: "n2" }],
    ],
  },
  "ip-of-two-attachments": {
    calls: [
      plugin("first", { plugin: "bridge" }),
      plugin("second", {
        plugin: "bridge",
        at: 20_000,
        ...other,
        stdout: { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] },
      }),
    ],
    found: [
      "ip-of-two-attachments second:stdout:41 10.1.2.3, already assigned by call first to shop/web-1 without a recorded DEL",
    ],
    fine: [
      [
        plugin("first", { plugin: "bridge" }),
        plugin("del", { plugin: "bridge", command: "DEL", at: 10_000 }),
        plugin("second", { plugin: "bridge", at: 20_000, ...other }),
      ],
      // Another network or node may use the same addresses.
      [
        plugin("first", { plugin: "bridge" }),
        plugin("second", { plugin: "bridge", at: 20_000, ...other, network: "storage" }),
      ],
      [
        plugin("first", { plugin: "bridge", node: "a" }),
        plugin("second", { plugin: "bridge", at: 20_000, ...other, node: "b" }),
      ],
    ],
  },
  // Pain 19: plugins#359, plugins#690, plugins#425.
  // Pain 31: antrea#4012.
  "list-without-plugin": {
    calls: [...list("a", 0), ...list("b", 20_000).slice(0, 1), ...list("c", 40_000).slice(0, 1), ...last],
    found: ["list-without-plugin d-bridge:stdin antrea, since 2026-09-21T03:00:20.000Z; called are bridge"],
    fine: [
      [...list("a", 0), ...list("b", 20_000).slice(0, 1), ...list("c", 40_000)],
      [...list("a", 0).slice(0, 1), ...list("b", 20_000)],
      // A runtime deletes with the current list.
      [
        ...list("a", 0),
        plugin("del", { plugin: "cilium-cni", command: "DEL", at: 20_000, containerId: "a", stdout: "" }),
      ],
    ],
  },
  // cni#1086
  "gc-of-other-runtime": {
    calls: [
      plugin("podman", {
        plugin: "bridge",
        parentName: "podman",
        pod: { namespace: "", name: "p0d" },
        containerId: "p0d",
      }),
      plugin("gc", {
        plugin: "bridge",
        parentName: "crio",
        command: "GC",
        at: 20_000,
        stdin: config({
          cniVersion: "1.1.0",
          "cni.dev/valid-attachments": [{ containerID: "c0ffee", ifname: "eth0" }],
        }),
      }),
    ],
    found: ["gc-of-other-runtime gc:stdin:52 p0d of podman, added by call podman, has 10.1.2.3; crio does not know it"],
    fine: [
      // What its own runtime does not list any more is what GC is for.
      [
        plugin("crio", { plugin: "bridge", parentName: "crio", containerId: "gone" }),
        plugin("gc", {
          plugin: "bridge",
          parentName: "crio",
          command: "GC",
          at: 20_000,
          stdin: config({ cniVersion: "1.1.0", "cni.dev/valid-attachments": [] }),
        }),
      ],
    ],
  },
  // aws#2293
  "plugin-replaced": {
    calls: [build("old", 1000, 0), build("new", 1002, 86_400_000), build("newer", 1002, 86_400_000)],
    found: ["plugin-replaced new:exit 1002 bytes of 1970-01-02T00:00:00Z; before, 1000 bytes of 1970-01-01T00:00:00Z"],
    fine: [
      [build("one", 1000, 0), build("other", 9, 0, { path: "/opt/cni/bin/other" })],
      [build("one", 1000, 0), build("elsewhere", 9, 0, { node: "node-2" })],
    ],
  },
  "version-unsupported": {
    calls: [version(), plugin("bridge", { at: 100, ...alone })],
    found: ["version-unsupported bridge:stdin:1 1.0.0; bridge supports 0.3.1 to 0.4.0"],
    fine: [
      [
        version(),
        plugin("bridge", { at: 100, stdin: config({ cniVersion: "0.4.0" }), stdout: { cniVersion: "0.4.0" } }),
      ],
    ],
  },
})

// minikube#17754
test("a plugin that names its versions in its error, once for a delegate and its caller", () => {
  const error = {
    code: 1,
    msg: "incompatible CNI versions",
    details: 'config is "1.0.0", plugin supports ["0.1.0" "0.2.0" "0.3.0" "0.3.1" "0.4.0"]',
  }
  const refused = { exit: { code: 1 }, stdout: error }
  const stdin = config({ ipam: { type: "host-local", subnet: "10.1.2.0/24" } })
  assert.deepEqual(
    lint([
      plugin("bridge", { stdin, durationMs: 50, ...refused }),
      plugin("host-local", { parent: "bridge", at: 10, stdin, ...refused }),
    ]),
    ["version-unsupported host-local:stdin:1 1.0.0; host-local supports 0.1.0 to 0.4.0"],
  )
})

// Pain 32: cilium#30614, istio#46848.
test("two agents overwrite each other's list: every change is reported", () => {
  const one = (containerId: string, at: number, type: string) =>
    plugin(`${containerId}-${type}`, { plugin: type, containerId, at, stdin: config({}, type), ...alone })
  assert.deepEqual(lint([one("a", 0, "cilium-cni"), one("b", 20_000, "aws-cni"), one("c", 40_000, "cilium-cni")]), [
    "list-without-plugin b-aws-cni:stdin cilium-cni, since 2026-09-21T03:00:20.000Z; called are aws-cni",
    "list-without-plugin c-cilium-cni:stdin aws-cni, since 2026-09-21T03:00:40.000Z; called are cilium-cni",
  ])
})
