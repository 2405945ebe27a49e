import assert from "node:assert/strict"
import { test } from "node:test"
import { isSameAddress, parseAddress } from "../../../src/cni/address.ts"
import type { Call } from "../../../src/model/call.ts"
import { Ledger } from "../../../src/model/ledger/ledger.ts"
import { toOperations } from "../../../src/model/operation.ts"
import { type CallProps, call, probe } from "../calls.ts"

const IP = { cniVersion: "1.0.0", ips: [{ address: "10.1.2.3/24" }] }
const FAILED: CallProps = { exit: { code: 1 }, stdout: { code: 999, msg: "no" } }

/** bridge with host-local, then portmap. */
function add(props: CallProps = {}): Call[] {
  const at = props.at ?? 0
  return [
    call("bridge", { stdout: IP, durationMs: 20, ...props }),
    call("host-local", { ...props, parent: "bridge", at: at + 2, durationMs: 3, stdout: IP }),
    call("portmap", { ...props, at: at + 30, stdout: IP }),
  ]
}

/** The DEL of one plugin, 20 s after T0. */
function del(plugin: string, props: CallProps = {}): Call {
  return call(`del-${plugin}`, { plugin, command: "DEL", at: 20_000, ...props })
}

function ledgerOf(calls: Call[], ip?: string): Ledger {
  const wanted = ip === undefined ? undefined : parseAddress(ip)
  const ledger = new Ledger(wanted && ((ips) => ips.some((one) => isSameAddress(one, wanted))))
  for (const operation of toOperations(calls)) ledger.add(operation)
  return ledger
}

/** `web-1 eth0 stuck [10.1.2.3] bridge,portmap: DEL failed in portmap` */
function lines(...calls: Call[]): string[] {
  return ledgerOf(calls)
    .attachments()
    .map(
      ({ pod, ifname, state, ips, holdings, reason }) =>
        `${pod?.name} ${ifname} ${state} [${ips}] ${holdings.map(({ plugin }) => plugin)}: ${reason}`,
    )
}

test("an attachment that was added and not deleted holds its addresses", () => {
  assert.deepEqual(lines(...add()), ["web-1 eth0 up [10.1.2.3] bridge,host-local,portmap: in use"])
})

test("an attachment is forgotten when every plugin completed DEL", () => {
  const calls = [
    ...add(),
    del("portmap"),
    del("bridge", { at: 20_020, durationMs: 9 }),
    del("host-local", { at: 20_022, parent: "del-bridge", durationMs: 2 }),
  ]
  assert.deepEqual(lines(...calls), [])
  assert.deepEqual([ledgerOf(calls).isGone("c0ffee", "eth0"), ledgerOf(calls).goneCount], [true, 1])
})

test("pain 22: a later plugin fails on DEL, the first is never called and its address leaks", () => {
  assert.deepEqual(lines(...add(), del("portmap", FAILED)), [
    "web-1 eth0 stuck [10.1.2.3] bridge,host-local,portmap: DEL failed in portmap; never reached bridge, host-local",
  ])
})

test("plugins that do not know the version of the list have done nothing", () => {
  const refused: CallProps = {
    exit: { code: 1 },
    stdout: { code: 1, msg: 'incompatible CNI versions; config is "1.1.0", plugin supports ["1.0.0"]' },
  }
  assert.deepEqual(lines(call("bridge", refused), del("portmap", refused)), [])
  assert.deepEqual(lines(...add(), del("portmap", refused)), [
    "web-1 eth0 stuck [10.1.2.3] bridge,host-local,portmap: DEL failed in portmap; never reached bridge, host-local",
  ])
})

test("pain 22: a plugin whose file is missing is executed neither on ADD nor on DEL", () => {
  assert.deepEqual(lines(call("aws-cni", { stdout: IP })), ["web-1 eth0 up [10.1.2.3] aws-cni: in use"])
})

test("pain 23: the sandbox timed out and no DEL was executed", () => {
  assert.deepEqual(lines(call("bridge", { state: "killed" })), [
    "web-1 eth0 failed [] bridge: ADD killed in bridge, no DEL followed",
  ])
})

test("pain 24: DEL is repeated and fails every time", () => {
  const tries = [0, 1, 2].map((at) => del("portmap", { id: `d${at}`, at: 20_000 + at * 15_000, ...FAILED }))
  assert.deepEqual(lines(...add(), ...tries), [
    "web-1 eth0 stuck [10.1.2.3] bridge,host-local,portmap: DEL (3 attempts) failed in portmap; never reached bridge, host-local",
  ])
})

test("pain 25: a DEL that succeeds without calling IPAM leaves the address behind", () => {
  assert.deepEqual(lines(...add(), del("portmap"), del("bridge", { at: 20_020 })), [
    "web-1 eth0 stuck [10.1.2.3] host-local: DEL never reached host-local",
  ])
})

test("pain 26: repeated DELs and DELs of unknown containers change nothing", () => {
  const gone = [
    ...add(),
    del("portmap"),
    del("bridge", { at: 20_020, durationMs: 9 }),
    del("host-local", { at: 20_022, parent: "del-bridge", durationMs: 2 }),
  ]
  const again = del("portmap", { id: "again", at: 60_000, ...FAILED })
  assert.deepEqual(lines(...gone, again, del("bridge", { id: "stranger", containerId: "5tranger", at: 70_000 })), [])
})

test("pain 26: DELs are counted, the first ten are listed", () => {
  const tries = Array.from({ length: 12 }, (_, at) =>
    del("portmap", { id: `d${at}`, at: 20_000 + at * 15_000, ...FAILED }),
  )
  const [attachment] = ledgerOf([...add(), ...tries]).attachments()
  assert.deepEqual([attachment?.delCount, attachment?.dels.length, attachment?.dels[0]?.operation], [12, 10, "d0"])
})

test("pain 27: two sandboxes of one pod, no DEL of the first", () => {
  const second = add({ containerId: "second", at: 60_000 }).map((one) => ({
    ...one,
    id: `2-${one.id}`,
    ...(one.parent ? { parent: "2-bridge" } : {}),
  }))
  assert.deepEqual(lines(...add(), ...second), [
    "web-1 eth0 up [10.1.2.3] bridge,host-local,portmap: in use",
    "web-1 eth0 up [10.1.2.3] bridge,host-local,portmap: in use",
  ])
})

test("pain 28: a late DEL of the old sandbox does not touch the new one", () => {
  const old = call("old", { plugin: "bridge", containerId: "old", stdout: IP })
  const fresh = call("fresh", { plugin: "bridge", containerId: "fresh", at: 10_000, stdout: IP })
  const late = del("bridge", { containerId: "old" })
  assert.deepEqual(
    ledgerOf([old, fresh, late])
      .attachments()
      .map(({ containerId, state }) => `${containerId} ${state}`),
    ["fresh up"],
  )
})

test("pain 29: who owns and owned an address, in any notation", () => {
  const first = [call("a", { plugin: "bridge", stdout: { ips: [{ address: "fd00::3/64" }] } }), del("bridge")]
  const second = call("b", {
    plugin: "bridge",
    containerId: "second",
    at: 40_000,
    pod: { namespace: "shop", name: "web-2" },
    stdout: { ips: [{ address: "fd00:0:0::3/64" }] },
  })
  assert.deepEqual(
    ledgerOf([...first, second], "fd00::0003")
      .attachments()
      .map(
        ({ pod, state, ips, add, dels }) =>
          `${pod?.name} ${state} [${ips}] ADD ${add?.operation} DEL ${dels.map(({ operation }) => operation)}`,
      ),
    ["web-1 gone [fd00::3] ADD a DEL del-bridge", "web-2 up [fd00:0:0::3] ADD b DEL "],
  )
})

test("an attachment from before the capture is known by its failed DEL, with the address of its prevResult", () => {
  const stdin = { cniVersion: "1.0.0", name: "pods", prevResult: IP }
  assert.deepEqual(lines(del("bridge", { stdin, ...FAILED })), [
    "web-1 eth0 stuck [10.1.2.3] bridge: DEL failed in bridge",
  ])
  assert.deepEqual(lines(del("bridge", { stdin })), [])
})

test("a failed ADD without a DEL; a DEL after it clears it", () => {
  const failed = [
    call("bridge", { ...FAILED, durationMs: 20 }),
    call("host-local", { parent: "bridge", at: 2, durationMs: 3, stdout: IP }),
  ]
  assert.deepEqual(lines(...failed), [
    "web-1 eth0 failed [10.1.2.3] bridge,host-local: ADD failed in bridge, no DEL followed",
  ])
  assert.deepEqual(
    lines(
      ...failed,
      del("bridge", { durationMs: 9 }),
      del("host-local", { at: 20_002, parent: "del-bridge", durationMs: 2 }),
    ),
    [],
  )
})

test("ADD and DEL in flight", () => {
  assert.deepEqual(lines(call("bridge", { state: "running" })), ["web-1 eth0 starting [] bridge: ADD in flight"])
  assert.deepEqual(lines(call("bridge", { stdout: IP }), del("bridge", { state: "running" })), [
    "web-1 eth0 stopping [10.1.2.3] bridge: DEL in flight",
  ])
})

test("attachments are keyed by node, network and interface", () => {
  const own = (id: string, props: CallProps) => call(id, { plugin: "bridge", stdout: IP, ...props })
  assert.deepEqual(
    lines(
      own("a", {}),
      own("b", { ifname: "net1", at: 100 }),
      own("c", { network: "storage", at: 200 }),
      own("d", { node: "n2", at: 300 }),
      del("bridge", { ifname: "net1" }),
    ),
    [
      "web-1 eth0 up [10.1.2.3] bridge: in use",
      "web-1 eth0 up [10.1.2.3] bridge: in use",
      "web-1 eth0 up [10.1.2.3] bridge: in use",
    ],
  )
})

test("a delegate of another network than its caller (Multus) is a separate attachment", () => {
  const calls = [
    call("multus", { network: "multus", durationMs: 90 }),
    call("calico", { parent: "multus", at: 5, network: "k8s", durationMs: 20, stdout: IP }),
    call("macvlan", { parent: "multus", at: 40, network: "storage", ifname: "net1", durationMs: 20 }),
  ]
  assert.deepEqual(
    ledgerOf(calls)
      .attachments()
      .map(({ network, ifname, holdings }) => `${network} ${ifname} ${holdings.map(({ plugin }) => plugin)}`),
    ["multus eth0 multus", "k8s eth0 calico", "storage net1 macvlan"],
  )
})

test("addresses of results before 0.3.0 count, loopback addresses do not", () => {
  const calls = [
    call("bridge", { stdout: { ip4: { ip: "10.0.0.2/24" }, ip6: { ip: "fd00::2/64" } } }),
    call("loopback", { ifname: "lo", stdout: { ips: [{ address: "127.0.0.1/8" }, { address: "::1/128" }] } }),
  ]
  assert.deepEqual(
    ledgerOf(calls)
      .attachments()
      .map(({ ips }) => ips),
    [["10.0.0.2", "fd00::2"], []],
  )
})

test("what was added between two probes is deleted when DEL reaches the first probe; probes hold nothing", () => {
  const added = [probe("cni_pre"), probe("cni_post", { at: 20, prevResult: IP })]
  const post = probe("del-post", { plugin: "cni_post", command: "DEL", at: 20_000, prevResult: IP })
  const pre = probe("del-pre", { plugin: "cni_pre", command: "DEL", at: 20_020, prevResult: IP })
  assert.deepEqual(lines(...added), ["web-1 eth0 up [10.1.2.3] : in use"])
  assert.deepEqual(lines(...added, post), [
    "web-1 eth0 stuck [10.1.2.3] : DEL did not get through the list: a plugin failed or was not found",
  ])
  assert.deepEqual(lines(...added, post, pre), [])
})

test("added while probes were in the list, deleted after they were removed: gone", () => {
  const added = [probe("cni_pre"), call("bridge", { at: 5, stdout: IP }), probe("cni_post", { at: 20, prevResult: IP })]
  assert.deepEqual(lines(...added), ["web-1 eth0 up [10.1.2.3] bridge: in use"])
  assert.deepEqual(lines(...added, del("bridge")), [])
})

test("added while plugins were recorded, deleted when only probes were: gone once DEL reached the first probe", () => {
  const post = probe("del-post", { plugin: "cni_post", command: "DEL", at: 20_000 })
  const pre = probe("del-pre", { plugin: "cni_pre", command: "DEL", at: 20_020 })
  assert.deepEqual(lines(...add(), post), [
    "web-1 eth0 stuck [10.1.2.3] bridge,host-local,portmap: DEL never reached bridge, host-local, portmap",
  ])
  assert.deepEqual(lines(...add(), post, pre), [])
})

test("Multus cannot DEL one delegate: what it never called is stuck too", () => {
  const multus = { network: "multus" }
  const added = [
    call("multus", { ...multus, durationMs: 90, ...FAILED }),
    call("bridge", { parent: "multus", at: 5, network: "pods", durationMs: 20, stdout: IP }),
    call("macvlan", { parent: "multus", at: 40, network: "storage", ifname: "net1", durationMs: 20, ...FAILED }),
  ]
  const deleted = [
    del("multus", { ...multus, durationMs: 90, ...FAILED }),
    del("macvlan", { network: "storage", ifname: "net1", parent: "del-multus", at: 20_005, durationMs: 9, ...FAILED }),
  ]
  assert.deepEqual(lines(...added), [
    "web-1 eth0 failed [] multus: ADD failed in multus, no DEL followed",
    "web-1 eth0 failed [10.1.2.3] bridge: ADD failed in multus, no DEL followed",
    "web-1 net1 failed [] macvlan: ADD failed in macvlan, no DEL followed",
  ])
  assert.deepEqual(lines(...added, ...deleted), [
    "web-1 eth0 stuck [] multus: DEL failed in multus",
    "web-1 eth0 stuck [10.1.2.3] bridge: DEL failed in multus; never called bridge",
    "web-1 net1 stuck [] macvlan: DEL failed in macvlan",
  ])
})

test("Multus completes DEL without calling its delegate: the delegate's address is left behind", () => {
  const added = [
    call("multus", { network: "multus", durationMs: 90, stdout: IP }),
    call("bridge", { parent: "multus", at: 5, durationMs: 20, stdout: IP }),
  ]
  assert.deepEqual(lines(...added, del("multus", { network: "multus" })), [
    "web-1 eth0 stuck [10.1.2.3] bridge: the plugin above completed DEL without calling bridge",
  ])
})

test("a renamed list: DEL goes to the new network, and the old one keeps the address", () => {
  const renamed = ["portmap", "bridge"].map((plugin, at) => del(plugin, { network: "renamed", at: 20_000 + 20 * at }))
  assert.deepEqual(lines(...add(), ...renamed), [
    "web-1 eth0 stuck [10.1.2.3] bridge,host-local,portmap: DEL went to the network renamed: the list was renamed, so nothing of this network was released",
  ])
})

test("an ADD that failed for the runtime holds its addresses, although every plugin exited with 0", () => {
  const refused = call("portmap", { at: 30, stdout: "log line before the result" })
  assert.deepEqual(lines(...add().slice(0, 2), refused), [
    "web-1 eth0 failed [10.1.2.3] bridge,host-local,portmap: ADD failed in portmap, no DEL followed",
  ])
})
