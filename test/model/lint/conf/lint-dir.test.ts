import assert from "node:assert/strict"
import { test } from "node:test"
import { lintConfDir } from "../../../../src/model/lint/conf/lint-dir.ts"
import { toSourceText } from "../../../../src/model/lint/conf/source-text.ts"
import { BRIDGE, list } from "./conf-cases.ts"

const MODIFIED_MS = Date.UTC(2026, 10, 20, 3)

/** `name rule detail` of every finding. */
function lint(files: Record<string, string>): string[] {
  const entries = Object.entries(files).map(([name, text]) => ({
    name,
    modifiedMs: MODIFIED_MS,
    source: toSourceText(text),
  }))
  return lintConfDir("/etc/cni/net.d/", entries).map(
    ({ path, rule, detail }) => `${path.replace("/etc/cni/net.d/", "")} ${rule} ${detail}`,
  )
}

const LIST = list([BRIDGE])

test("files are read as runtimes read them: sorted, by extension, and only the first one is used", () => {
  assert.deepEqual(lint({ "20-b.conflist": LIST, "10-a.conflist": LIST, "05-z.conflist.bak": "{" }), [
    "05-z.conflist.bak conf-extension-unread 05-z.conflist.bak: a backup",
    "20-b.conflist conf-file-unused the first one is 10-a.conflist",
  ])
})

test("files that agents leave beside their list", () => {
  // kindnet#42
  assert.deepEqual(lint({ "10-kindnet.conflist": LIST, "10-kindnet.conflist.temp": "" }), [
    "10-kindnet.conflist.temp conf-extension-unread 10-kindnet.conflist.temp: an agent writes its list under this name and renames it; containerd logs each of these events",
  ])
  assert.deepEqual(lint({ "05-cilium.conflist": LIST, "10-aws.conflist.cilium_bak": LIST }), [
    "10-aws.conflist.cilium_bak conf-extension-unread 10-aws.conflist.cilium_bak: Cilium renamed it, so that its own list is the only one",
  ])
})

test("a first file that cannot be loaded leaves containerd without a network, and CRI-O takes the next one", () => {
  assert.deepEqual(lint({ "10-calico.conflist": '{"plugins":[],}', "20-b.conflist": LIST }), [
    "10-calico.conflist conf-broken-json a comma before `}`; containerd has no network meanwhile, and CRI-O uses 20-b.conflist",
    "20-b.conflist conf-file-unused the first one is 10-calico.conflist",
  ])
  assert.deepEqual(lint({ "10-calico.conf": LIST }), [
    "10-calico.conf conf-extension a list in 10-calico.conf: runtimes look for a plugin in it and report that its type is missing; containerd has no network meanwhile, and CRI-O has no other",
  ])
})

// linkerd2#9916
test("a chained plugin in the first file: since when, and before which file", () => {
  const linkerd = '{"cniVersion":"0.3.0","name":"linkerd-cni","type":"linkerd-cni"}'
  assert.deepEqual(lint({ "01-linkerd-cni.conf": linkerd, "05-cilium.conflist": LIST }), [
    "01-linkerd-cni.conf conf-meta-plugin-first linkerd-cni alone; 01-linkerd-cni.conf is read before 05-cilium.conflist and was written at 2026-11-20T03:00:00.000Z",
    "05-cilium.conflist conf-file-unused the first one is 01-linkerd-cni.conf",
  ])
})

test("Multus uses the other files, and the loopback network does not compete", () => {
  const multus = list([{ type: "multus", clusterNetwork: "/etc/cni/net.d/10-a.conflist" }])
  assert.deepEqual(lint({ "00-multus.conflist": multus, "10-a.conflist": LIST }), [])
  assert.deepEqual(lint({ "10-a.conflist": LIST, "99-loopback.conflist": list([{ type: "loopback" }]) }), [])
})
