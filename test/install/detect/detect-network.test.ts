import assert from "node:assert/strict"
import { test } from "node:test"
import type { NodeFacts } from "../../../src/install/detect/node-facts.ts"
import { detectFiles } from "../no-programs.ts"
import { plant, program, programs, type Tree } from "../plant.ts"
import { conflists } from "./platform-trees.ts"

const CONF = "/etc/cni/net.d"

function list(file: string, plugins: readonly object[], more: object = {}): Tree {
  return { [`${CONF}/${file}`]: JSON.stringify({ cniVersion: "1.0.0", name: file.split(".")[0], plugins, ...more }) }
}

function containerd(cni = "", version = "1.7.24"): Tree {
  return {
    "/etc/containerd/config.toml": `version = 2\n[plugins."io.containerd.grpc.v1.cri".cni]\n${cni}\n`,
    "/var/lib/dpkg/status": `Package: containerd.io\nVersion: ${version}-1\n`,
  }
}

/** One line per network: whether it is active, its file, and its plugins or error. */
function chosen({ networks }: NodeFacts): string[] {
  return networks.map(
    ({ file, isActive, broken, plugins }) =>
      `${isActive ? "*" : " "} ${file.slice(CONF.length + 1)} ${broken ?? plugins.map(({ type }) => type).join(",")}`,
  )
}

function places({ plugins }: NodeFacts): string[] {
  return plugins.map(({ name, via, path, isExecutable, shadows, skipped }) =>
    [
      `${name} (${via})`,
      path ?? "missing",
      ...(isExecutable === false ? ["not executable"] : []),
      ...shadows.map((it) => `hides ${it}`),
      ...skipped.map((it) => `not ${it}`),
    ].join(" "),
  )
}

test("containerd uses the first file in byte order; a .conf comes before a .conflist", (t) => {
  const root = plant(t, containerd(), list("10-b.conflist", [{ type: "bridge" }]), {
    [`${CONF}/10-b.conf`]: '{"name":"single","type":"ptp","cniVersion":"0.4.0"}',
    [`${CONF}/9-late.json`]: '{"name":"late","type":"macvlan"}',
    [`${CONF}/10-b.conflist.bak`]: "not read",
    [`${CONF}/00-directory.conf`]: "directory",
  })
  assert.deepEqual(chosen(detectFiles(root)), ["* 10-b.conf ptp", "  10-b.conflist bridge", "  9-late.json macvlan"])
})

test("max_conf_num: that many files, or all of them", (t) => {
  const lists = ["1.conflist", "2.conflist", "3.conflist"].map((file) => list(file, [{ type: "bridge" }]))
  assert.deepEqual(chosen(detectFiles(plant(t, containerd("max_conf_num = 2"), ...lists))), [
    "* 1.conflist bridge",
    "* 2.conflist bridge",
    "  3.conflist bridge",
  ])
  assert.deepEqual(chosen(detectFiles(plant(t, containerd("max_conf_num = 0"), ...lists))), [
    "* 1.conflist bridge",
    "* 2.conflist bridge",
    "* 3.conflist bridge",
  ])
})

test("a broken first file leaves containerd without a network; CRI-O uses the next one", (t) => {
  const files: Tree[] = [
    { [`${CONF}/00-empty.conflist`]: "", [`${CONF}/01-half.conflist`]: '{"name":"a","plugins":[' },
    list("10-good.conflist", [{ type: "bridge" }]),
    programs("/opt/cni/bin", "bridge"),
  ]
  const half = /^ {2}01-half\.conflist it is not valid JSON: /
  const [first, second, third] = chosen(detectFiles(plant(t, containerd(), ...files)))
  assert.equal(first, "  00-empty.conflist it is empty")
  assert.match(second ?? "", half)
  assert.equal(third, "  10-good.conflist bridge")
  const crio = chosen(detectFiles(plant(t, { "/etc/crio/crio.conf": "" }, ...files)))
  assert.equal(crio[2], "* 10-good.conflist bridge")
})

test("CRI-O skips a list with a missing plugin, and uses cni_default_network", (t) => {
  const files: Tree[] = [
    list("10-first.conflist", [{ type: "bridge" }, { type: "absent" }]),
    list("20-second.conflist", [{ type: "bridge" }]),
    list("30-third.conflist", [{ type: "bridge" }]),
    programs("/opt/cni/bin", "bridge"),
  ]
  const first = "  10-first.conflist plugin absent is not in any plugin directory"
  assert.deepEqual(chosen(detectFiles(plant(t, { "/etc/crio/crio.conf": "" }, ...files))), [
    first,
    "* 20-second.conflist bridge",
    "  30-third.conflist bridge",
  ])
  const named = '[crio.network]\ncni_default_network = "30-third"\n'
  assert.deepEqual(chosen(detectFiles(plant(t, { "/etc/crio/crio.conf": named }, ...files))), [
    first,
    "  20-second.conflist bridge",
    "* 30-third.conflist bridge",
  ])
  const nowhere = '[crio.network]\ncni_default_network = "elsewhere"\n'
  assert.deepEqual(
    chosen(detectFiles(plant(t, { "/etc/crio/crio.conf": nowhere }, ...files)))[1],
    "  20-second.conflist bridge",
  )
})

test("podman reads only lists, and can use all of them", (t) => {
  const root = plant(
    t,
    { "/usr/bin/podman": program },
    conflists("podman"),
    list("net.conflist", [{ type: "bridge" }]),
    {
      [`${CONF}/10-single.conf`]: '{"name":"single","type":"ptp"}',
    },
  )
  assert.deepEqual(chosen(detectFiles(root)), [
    "* 87-podman-bridge.conflist bridge,portmap,firewall,tuning",
    "* net.conflist bridge",
  ])
})

test("a side directory adds plugins since containerd 2.1, unless loadOnlyInlinedPlugins is set", (t) => {
  const side = {
    [`${CONF}/pods/10-extra.conf`]: '{"type":"tuning"}',
    [`${CONF}/pods/20-not.conflist`]: '{"type":"portmap"}',
  }
  const open = list("10-pods.conflist", [{ type: "bridge" }], { name: "pods" })
  const closed = list("10-pods.conflist", [{ type: "bridge" }], { name: "pods", loadOnlyInlinedPlugins: "true" })
  const found = detectFiles(plant(t, containerd("", "2.1.1"), open, side))
  assert.deepEqual(chosen(found), ["* 10-pods.conflist bridge,tuning"])
  assert.deepEqual(found.networks[0]?.sideFiles, [`${CONF}/pods/10-extra.conf`])
  assert.deepEqual(chosen(detectFiles(plant(t, containerd("", "2.1.1"), closed, side))), ["* 10-pods.conflist bridge"])
  assert.deepEqual(chosen(detectFiles(plant(t, containerd("", "1.7.24"), open, side))), ["* 10-pods.conflist bridge"])
  const broken = { [`${CONF}/pods/10-extra.conf`]: '{"name":"x"}' }
  assert.deepEqual(chosen(detectFiles(plant(t, containerd("", "2.1.1"), open, broken))), [
    `  10-pods.conflist ${CONF}/pods/10-extra.conf: no type`,
  ])
})

test("the first regular file wins, executable or not; directories and dangling symlinks are skipped", (t) => {
  const crio = '[crio.network]\nplugin_dirs = ["/a", "/b", "/c"]\n'
  const root = plant(
    t,
    { "/etc/crio/crio.conf": crio },
    list("1.conflist", [{ type: "bridge", ipam: { type: "host-local" } }, { type: "portmap" }, { type: "tuning" }]),
    {
      "/a/bridge": { mode: 0o644, text: "#!/bin/true" },
      "/b/bridge": program,
      "/a/host-local": "-> /nowhere",
      "/b/host-local": "directory",
      "/c/host-local": "-> ../b/bridge",
      "/b/portmap": program,
      "/c": "directory",
    },
  )
  assert.deepEqual(places(detectFiles(root)), [
    "bridge (the list) /a/bridge not executable hides /b/bridge",
    "host-local (IPAM of bridge) /c/host-local not /a/host-local not /b/host-local",
    "portmap (the list) /b/portmap",
    "tuning (the list) missing",
  ])
})

test("one directory under two names does not shadow itself", (t) => {
  const crio = '[crio.network]\nplugin_dirs = ["/usr/lib/cni", "/lib/cni"]\n'
  const root = plant(
    t,
    { "/etc/crio/crio.conf": crio, "/lib": "-> usr/lib" },
    list("1.conflist", [{ type: "bridge" }]),
    {
      "/usr/lib/cni/bridge": program,
    },
  )
  assert.deepEqual(places(detectFiles(root)), ["bridge (the list) /usr/lib/cni/bridge"])
})

test("thin Multus has its delegates in its file; its own directory is searched before those of the runtime", (t) => {
  const root = plant(
    t,
    { "/etc/crio/crio.conf": '[crio.network]\nplugin_dirs = ["/usr/libexec/cni"]\n' },
    conflists("multus-thin"),
    programs("/usr/libexec/cni", "multus", "flannel", "bridge", "host-local", "portmap"),
    programs("/opt/cni/bin", "flannel", "multus"),
  )
  assert.deepEqual(places(detectFiles(root)), [
    "multus (the list) /usr/libexec/cni/multus",
    "flannel (delegate of multus) /opt/cni/bin/flannel hides /usr/libexec/cni/flannel",
    "bridge (delegate of flannel) /usr/libexec/cni/bridge",
    "host-local (IPAM of bridge) /usr/libexec/cni/host-local",
    "portmap (delegate of multus) /usr/libexec/cni/portmap",
  ])
})

test("thick Multus refers to its cluster network by a path in its pod, or by name", (t) => {
  const bins = programs("/opt/cni/bin", "multus-shim", "flannel", "bridge", "host-local", "portmap")
  const delegates = [
    "multus-shim (the list) /opt/cni/bin/multus-shim",
    "flannel (delegate of multus-shim) /opt/cni/bin/flannel",
    "bridge (delegate of flannel) /opt/cni/bin/bridge",
    "host-local (IPAM of bridge) /opt/cni/bin/host-local",
    "portmap (delegate of multus-shim) /opt/cni/bin/portmap",
  ]
  const byFile = plant(t, containerd(), conflists("multus-thick"), conflists("flannel"), bins)
  assert.deepEqual(places(detectFiles(byFile)), delegates)
  const byName = plant(t, containerd(), conflists("flannel"), bins, {
    [`${CONF}/00-multus.conf`]: '{"cniVersion":"0.3.1","name":"m","type":"multus-shim","clusterNetwork":"cbr0"}',
  })
  assert.deepEqual(places(detectFiles(byName)), delegates)
})

test("an IPAM that is not a program of the node is not a plugin", (t) => {
  assert.deepEqual(places(detectFiles(plant(t, conflists("antrea")))), [
    "antrea (the list) missing",
    "portmap (the list) missing",
    "bandwidth (the list) missing",
  ])
})
