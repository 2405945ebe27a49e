import assert from "node:assert/strict"
import { chmodSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { runChecks } from "../../src/doctor/run-checks.ts"
import { conflists } from "../install/detect/platform-trees.ts"
import { detectFiles } from "../install/no-programs.ts"
import { mountinfo, plant, process, program, programs, type Tree } from "../install/plant.ts"
import { PlantedFiles } from "../install/planted-files.ts"
import { HEALTHY, LIST, list, ranged } from "./healthy.ts"

const NOW_MS = Date.UTC(2030, 0, 1)

/** A line a finding: severity, rule, what is wrong, and what to do. */
async function findings(root: string, owners: Record<string, number> = {}): Promise<string[]> {
  const files = new PlantedFiles(root, owners)
  const found = await runChecks(detectFiles(root), { files, mayExecute: false, nowMs: NOW_MS })
  return found.map(({ severity, rule, detail, remedy }) => `${severity} ${rule}: ${detail} => ${remedy}`)
}

/** The healthy node, changed. */
async function sick(t: TestContext, ...changes: Tree[]): Promise<string[]> {
  return findings(plant(t, HEALTHY, ...changes))
}

function without(...paths: string[]): Tree {
  return Object.fromEntries(Object.entries(HEALTHY).filter(([path]) => !paths.includes(path)))
}

test("a healthy node has no finding", async (t) => {
  assert.deepEqual(await sick(t), [])
})

test("runtime-missing, and why", async (t) => {
  const bare = without("/proc/612/cmdline", "/proc/612/ns/mnt", "/etc/containerd/config.toml")
  assert.deepEqual(await findings(plant(t, bare)), [
    "warning runtime-missing: no containerd, CRI-O, cri-dockerd or podman that uses CNI => Start one, or name its directories with --conf-dir and --bin-dir.",
  ])
  assert.deepEqual(await sick(t, { "/etc/containerd/config.toml": 'disabled_plugins = ["cri"]\n' }), [
    "warning runtime-missing: containerd is there, its CNI is switched off => Take it out of /etc/containerd/config.toml, disabled_plugins has cri, then systemctl restart containerd.",
  ])
})

test("runtime-config-broken", async (t) => {
  assert.deepEqual(await sick(t, { "/etc/containerd/config.toml": 'imports = ["/etc/none.toml"]\n' }), [
    "error runtime-config-broken: containerd: /etc/none.toml, which /etc/containerd/config.toml imports, is missing => Correct /etc/none.toml.",
  ])
})

test("runtime-down", async (t) => {
  assert.deepEqual(await findings(plant(t, without("/proc/612/cmdline", "/proc/612/ns/mnt"))), [
    "warning runtime-down: containerd does not run => systemctl restart containerd",
  ])
})

test("runtime-too-old: containerd 1 and a list of 1.1.0", async (t) => {
  assert.deepEqual(await sick(t, { [LIST]: list({ cniVersion: "1.1.0" }) }), [
    `error runtime-too-old: containerd 1.7.24 knows 1.0.0, the list is 1.1.0 => Write "cniVersion": "1.0.0" into ${LIST}, or install containerd 2.`,
  ])
})

test("runtimes-differ", async (t) => {
  const crio = { "/etc/crio/crio.conf": '[crio.network]\nnetwork_dir = "/srv/net.d"\n' }
  assert.deepEqual(await sick(t, process(700, "/usr/bin/crio"), crio), [
    "note runtimes-differ: cri-o takes its networks from /srv/net.d => Name its directories with --conf-dir /srv/net.d to look at them.",
  ])
})

test("conf-dir-missing, network-missing", async (t) => {
  assert.deepEqual(await findings(plant(t, without(LIST))), [
    "error conf-dir-missing: /etc/cni/net.d is missing (containerd's default) => mkdir -p /etc/cni/net.d, then restart the agent of the pod network, which writes its list there",
  ])
  assert.deepEqual(await findings(plant(t, without(LIST), { "/etc/cni/net.d/README": "" })), [
    "error network-missing: the node stays NotReady: /etc/cni/net.d holds no .conf, .conflist or .json => Restart the agent of the pod network, which writes its list there.",
  ])
})

test("network-broken: before the good list it takes the whole network away, behind it nothing", async (t) => {
  const before = await sick(t, { "/etc/cni/net.d/05-half.conflist": "" })
  assert.deepEqual(before, [
    "error network-broken: it is empty; containerd then has no network at all => rm /etc/cni/net.d/05-half.conflist, then restart the agent that writes it",
  ])
  assert.deepEqual(await sick(t, { "/etc/cni/net.d/90-half.conflist": '{"name":"x"}' }), [
    "warning network-broken: no plugins => Correct /etc/cni/net.d/90-half.conflist, or remove it.",
    "warning network-several: 10-containerd-net.conflist is in use, 90-half.conflist not => Remove what is left of a former network: rm /etc/cni/net.d/90-half.conflist",
  ])
})

test("network-default-missing: CRI-O waits for a network that nobody has", async (t) => {
  const crio = plant(
    t,
    without("/proc/612/cmdline", "/proc/612/ns/mnt", "/etc/containerd/config.toml"),
    process(9, "crio"),
    {
      "/etc/crio/crio.conf": '[crio.network]\ncni_default_network = "pods"\n',
    },
  )
  assert.deepEqual(await findings(crio), [
    "error network-default-missing: CRI-O waits for a network pods => Set cni_default_network to a name of a list in /etc/cni/net.d, or take it out; then systemctl restart crio.",
  ])
})

test("network-several: a leftover is a warning, the networks that Multus works with are none", async (t) => {
  assert.deepEqual(await sick(t, { "/etc/cni/net.d/20-old.conflist": list({ name: "old" }) }), [
    "warning network-several: 10-containerd-net.conflist is in use, 20-old.conflist not => Remove what is left of a former network: rm /etc/cni/net.d/20-old.conflist",
  ])
  const multus = JSON.stringify({
    cniVersion: "0.3.1",
    name: "multus-cni-network",
    type: "multus-shim",
    clusterNetwork: `/host${LIST}`,
  })
  assert.deepEqual(
    await sick(t, { "/etc/cni/net.d/00-multus.conf": multus }, programs("/opt/cni/bin", "multus-shim")),
    [
      "note network-several: 00-multus.conf is in use, 10-containerd-net.conflist not => Leave it: the first one works with the others.",
    ],
  )
})

test("network-name-twice", async (t) => {
  const found = await sick(t, { "/etc/cni/net.d/20-copy.conflist": list({}) })
  assert.deepEqual(
    found.at(1),
    "warning network-name-twice: both are named containerd-net, which is what caches and address stores are keyed by => Give /etc/cni/net.d/20-copy.conflist another name, or remove it.",
  )
})

test("network-open, plugin-open: modes and owners", async (t) => {
  const root = plant(t, HEALTHY)
  chmodSync(join(root, LIST), 0o666)
  chmodSync(join(root, "/opt/cni/bin/bridge"), 0o775)
  assert.deepEqual(await findings(root, { "/opt/cni/bin/portmap": 1000 }), [
    `error network-open: ${LIST} has mode 0666 => chmod go-w ${LIST}`,
    "error plugin-open: /opt/cni/bin/bridge has mode 0775 => chmod go-w /opt/cni/bin/bridge",
    "warning plugin-open: /opt/cni/bin/portmap belongs to user 1000 => chown root /opt/cni/bin/portmap",
  ])
})

test("network-lint: what cnitap lint says of the list in use", async (t) => {
  assert.deepEqual(await sick(t, { [LIST]: list({ name: "no name" }) }), [
    "error network-lint: a network name with characters that it may not have: no name (conf-name-invalid) => Use letters, digits, `_`, `.` and `-`: the name becomes a part of file names.",
  ])
})

test("bin-dir-missing", async (t) => {
  const bare = Object.fromEntries(Object.entries(HEALTHY).filter(([path]) => !path.startsWith("/opt/")))
  assert.equal(
    (await findings(plant(t, bare)))[0],
    "error bin-dir-missing: /opt/cni/bin is missing (containerd's default) => Install the plugins into /opt/cni/bin, or set the directory that has them.",
  )
})

test("plugin-missing: it lies elsewhere, an agent installs it, a package has it, nobody knows it", async (t) => {
  const missing = without("/opt/cni/bin/portmap", "/opt/cni/bin/host-local")
  assert.deepEqual(await findings(plant(t, missing, { "/usr/lib/cni/portmap": program })), [
    "error plugin-missing: host-local (IPAM of bridge) is in none of /opt/cni/bin => Install the CNI plugins (Debian's containernetworking-plugins) so that /opt/cni/bin/host-local is there.",
    "error plugin-missing: portmap (the list) is in none of /opt/cni/bin => ln -s /usr/lib/cni/portmap /opt/cni/bin/portmap",
  ])
  const plugins = [{ type: "calico", ipam: { type: "calico-ipam" } }, { type: "homemade" }]
  assert.deepEqual(await sick(t, { [LIST]: list({ plugins }) }), [
    "error plugin-missing: calico (the list) is in none of /opt/cni/bin => Restart calico, which installs it.",
    "error plugin-missing: calico-ipam (IPAM of calico) is in none of /opt/cni/bin => Restart calico, which installs it.",
    "error plugin-missing: homemade (the list) is in none of /opt/cni/bin => Install homemade as /opt/cni/bin/homemade.",
  ])
})

test("a plugin that only an unused network needs is a note", async (t) => {
  const found = await sick(t, { "/etc/cni/net.d/20-old.conf": '{"name":"old","type":"macvlan","cniVersion":"0.4.0"}' })
  assert.equal(found[1]?.slice(0, 60), "note plugin-missing: macvlan (the list) is in none of /opt/c")
})

test("loopback-missing: in no list, and executed for every pod", async (t) => {
  assert.deepEqual(await findings(plant(t, without("/opt/cni/bin/loopback"))), [
    "error loopback-missing: loopback (containerd itself) is in none of /opt/cni/bin => Install the CNI plugins (Debian's containernetworking-plugins) so that /opt/cni/bin/loopback is there.",
  ])
  const internal = 'version = 2\n[plugins."io.containerd.grpc.v1.cri".cni]\nuse_internal_loopback = true\n'
  assert.deepEqual(
    await findings(plant(t, without("/opt/cni/bin/loopback"), { "/etc/containerd/config.toml": internal })),
    [],
  )
})

const TWO_DIRS = {
  "/etc/crio/crio.conf": '[crio.network]\nplugin_dirs = ["/a", "/opt/cni/bin"]\n',
  ...process(612, "crio"),
}

test("plugin-not-executable: a file of mode 0644 hides the good one", async (t) => {
  assert.deepEqual(
    await findings(
      plant(t, without("/etc/containerd/config.toml"), TWO_DIRS, { "/a/bridge": { mode: 0o644, text: "" } }),
    ),
    [
      "error plugin-not-executable: /a/bridge has mode 0644 and hides /opt/cni/bin/bridge => rm /a/bridge, or chmod 0755 /a/bridge",
    ],
  )
})

test("plugin-hidden: another file of the name; a copy is nobody's trouble", async (t) => {
  const base = without("/etc/containerd/config.toml")
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, { "/a/bridge": program })), [])
  const other = { mode: 0o755, text: "#!/bin/true\n# older\n" }
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, { "/a/bridge": other })), [
    "warning plugin-hidden: /a/bridge hides /opt/cni/bin/bridge => Remove the one that is not meant: rm /a/bridge, or rm /opt/cni/bin/bridge",
  ])
})

test("a relay of cnitap hides nothing: what it stands for is compared", async (t) => {
  const base = without("/etc/containerd/config.toml")
  const relay = { mode: 0o755, text: "#!/bin/true\n# the relay\n" }
  const installed = { "/a/bridge": relay, "/a/.cnitap/journal.jsonl": "" }
  const swapped = { ...installed, "/a/.cnitap/real/bridge": program }
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, swapped)), [])
  const shimmed = { ...installed, "/a/.cnitap/real/bridge": "-> /opt/cni/bin/bridge" }
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, shimmed)), [])
  const other = { mode: 0o755, text: "#!/bin/true\n# older\n" }
  assert.equal((await findings(plant(t, base, TWO_DIRS, { ...installed, "/a/.cnitap/real/bridge": other }))).length, 1)
})

test("plugin-passed-over: a dangling link before the good file", async (t) => {
  assert.deepEqual(
    await findings(plant(t, without("/etc/containerd/config.toml"), TWO_DIRS, { "/a/bridge": "-> /none" })),
    ["warning plugin-passed-over: /a/bridge is a dangling symlink or a directory => rm -r /a/bridge"],
  )
})

/** The head of an ELF file for a machine, with the loader that it asks for. */
function elf(machine: number, loader = ""): { mode: number; text: Buffer } {
  const head = Buffer.alloc(64 + 56)
  head.write("\x7fELF\x02\x01\x01", "latin1")
  head.writeUInt16LE(machine, 18)
  head.writeBigUInt64LE(64n, 32)
  head.writeUInt16LE(56, 54)
  head.writeUInt16LE(loader ? 1 : 0, 56)
  head.writeUInt32LE(3, 64)
  head.writeBigUInt64LE(120n, 64 + 8)
  head.writeBigUInt64LE(BigInt(loader.length), 64 + 32)
  return { mode: 0o755, text: Buffer.concat([head, Buffer.from(loader)]) }
}

const [OURS, ANOTHER, NAME] = globalThis.process.arch === "arm64" ? [183, 62, "x64"] : [62, 183, "arm64"]

test("plugin-not-runnable: empty, text, another machine's, without its loader or interpreter", async (t) => {
  const why = async (file: Tree[string]) => {
    const [finding = "nothing"] = await sick(t, { "/opt/cni/bin/bridge": file })
    return finding.replace(/^error plugin-not-runnable: \/opt\/cni\/bin\/bridge: /, "").replace(/ => .*$/, "")
  }
  assert.equal(await why({ mode: 0o755, text: "" }), "it is empty")
  assert.equal(await why({ mode: 0o755, text: "<html>404" }), 'it is no program: it begins with "<html>404"')
  assert.equal(await why(elf(ANOTHER)), `it is built for ${NAME}, the node is ${globalThis.process.arch}`)
  assert.equal(await why(elf(OURS, "/lib/ld-musl.so.1")), "it needs /lib/ld-musl.so.1, which the node does not have")
  assert.equal(
    await why({ mode: 0o755, text: "#!/usr/bin/env bash\n" }),
    "it needs /usr/bin/env, which the node does not have",
  )
  assert.equal(await why(elf(OURS)), "nothing")
})

test("plugin-noexec", async (t) => {
  assert.deepEqual(await sick(t, mountinfo("/ ext4 rw", "/opt ext4 rw,noexec")), [
    "error plugin-noexec: /opt/cni/bin is on /opt, mounted noexec => mount -o remount,exec /opt, and take noexec out of /etc/fstab",
  ])
})

test("tool-missing: iptables where the runtime looks for programs, nft where the list asks for it", async (t) => {
  const usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  assert.deepEqual(await findings(plant(t, without("/usr/sbin/iptables"))), [
    `error tool-missing: bridge, portmap cannot find iptables in ${usual} => Install iptables.`,
  ])
  const path = { "/proc/612/environ": "HOME=/root\0PATH=/snap/bin\0" }
  assert.deepEqual(await sick(t, path), [
    "error tool-missing: bridge, portmap cannot find iptables in /snap/bin => Install iptables.",
  ])
  assert.deepEqual(await findings(plant(t, without("/usr/sbin/iptables"), path, { "/snap/bin/iptables": program })), [])
  const plugins = [
    { type: "bridge", ipam: ranged("10.1.0.0/16") },
    { type: "portmap", backend: "nftables" },
  ]
  assert.deepEqual(await findings(plant(t, without("/usr/sbin/iptables"), { [LIST]: list({ plugins }) })), [
    `error tool-missing: portmap cannot find nft in ${usual} => Install nft (package nftables).`,
  ])
})

test("result-cache-broken: an error until containerd 2 reads on", async (t) => {
  const path = "/var/lib/cni/results/containerd-net-abc-eth0"
  assert.deepEqual(await sick(t, { [path]: "" }), [
    `error result-cache-broken: ${path}: the cache file is empty; DEL fails on it with libcni before 1.2 => rm ${path}`,
  ])
  const newer = { "/var/lib/dpkg/status": "Package: containerd.io\nVersion: 2.1.4-1\n" }
  assert.deepEqual(await sick(t, { [path]: '{"kind":' }, newer), [
    `warning result-cache-broken: ${path}: the cache file is not JSON; DEL fails on it with libcni before 1.2 => rm ${path}`,
  ])
})

function reservation(ip: string, container: string): Tree {
  return { [`/var/lib/cni/networks/containerd-net/${ip}`]: `${container}\neth0` }
}

function cached(container: string, netns: string): Tree {
  const result = { cniVersion: "1.0.0", ips: [{ address: "10.88.0.2/16" }] }
  return {
    [`/var/lib/cni/results/containerd-net-${container}-eth0`]: JSON.stringify({
      kind: "cniCacheV1",
      containerId: container,
      ifName: "eth0",
      networkName: "containerd-net",
      netns,
      result,
    }),
  }
}

test("attachment-leaked and reservation-orphan: grouped by their directory, and not while an ADD may still run", async (t) => {
  const root = plant(
    t,
    HEALTHY,
    { "/run/netns/living": "" },
    cached("gone", "/run/netns/gone"),
    reservation("10.88.0.2", "gone"),
    reservation("10.88.0.3", "unknown"),
    reservation("10.88.0.4", "unknown-too"),
    reservation("10.88.0.5", "being-made"),
  )
  const now = new Date(NOW_MS)
  utimesSync(join(root, "/var/lib/cni/networks/containerd-net/10.88.0.5"), now, now)
  const store = "/var/lib/cni/networks/containerd-net"
  assert.deepEqual(await findings(root), [
    `warning attachment-leaked: 1 in ${store} kept for network namespaces that are no more: 10.88.0.2 => rm ${store}/10.88.0.2`,
    `warning reservation-orphan: 2 in ${store} reserved for containers that no cache knows: 10.88.0.3, 10.88.0.4 => rm ${store}/10.88.0.3 ${store}/10.88.0.4`,
  ])
})

test("attachment-leaked: a cached result whose namespace is gone, and whose address is nobody's", async (t) => {
  assert.deepEqual(await sick(t, { "/run/netns/living": "" }, cached("gone", "/run/netns/gone")), [
    "warning attachment-leaked: 1 in /var/lib/cni/results kept for network namespaces that are no more: 10.88.0.2 => rm /var/lib/cni/results/containerd-net-gone-eth0",
  ])
})

test("store-read-only", async (t) => {
  assert.deepEqual(await sick(t, mountinfo("/ ext4 rw", "/var ext4 ro")), [
    "error store-read-only: /var/lib/cni/results, /var/lib/cni/networks: on /var, which is read-only => mount -o remount,rw /var; look into dmesg for why it became so",
  ])
})

test("a node whose namespaces are not mounted here has no orphans", async (t) => {
  assert.deepEqual(await sick(t, reservation("10.88.0.2", "pod"), cached("pod", "/run/netns/pod")), [])
})

test("addresses-short: nearly, then none; the gateway and the broadcast address are nobody's", async (t) => {
  const plugins = [{ type: "bridge", ipam: ranged("10.1.2.0/28") }]
  const small = { [LIST]: list({ plugins }) }
  const held = (count: number) =>
    Array.from({ length: count }, (_, at) => reservation(`10.1.2.${at + 2}`, `c${at}`)).concat(
      Array.from({ length: count }, (_, at) => cached(`c${at}`, "/proc/self/ns/net")),
    )
  const short = async (count: number) =>
    (await sick(t, small, ...held(count)))
      .filter((line) => line.includes("addresses-short"))
      .map((line) => line.replace(/ => .*/, ""))
  assert.deepEqual(await short(11), [])
  assert.deepEqual(await short(12), [
    "warning addresses-short: containerd-net: 12 of 13 addresses of 10.1.2.0/28 are reserved",
  ])
  assert.deepEqual(await short(13), [
    "error addresses-short: containerd-net: 13 of 13 addresses of 10.1.2.0/28 are reserved",
  ])
})

test("addresses-short: flannel's subnet stands in its own file", async (t) => {
  const root = plant(
    t,
    without(LIST),
    conflists("flannel"),
    programs("/opt/cni/bin", "flannel"),
    { "/run/flannel/subnet.env": "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/30\nFLANNEL_MTU=1450\n" },
    { "/var/lib/cni/networks/cbr0/10.244.3.2": "a\neth0", "/proc/modules": "vxlan 1 0 - Live 0\n" },
  )
  assert.equal(
    (await findings(root)).find((line) => line.includes("addresses-short"))?.replace(/ => .*/, ""),
    "error addresses-short: cbr0: 1 of 1 addresses of 10.244.3.1/30 are reserved",
  )
})

test("store-unused: a directory of a network that no list has", async (t) => {
  assert.deepEqual(await sick(t, { "/var/lib/cni/networks/former": "directory" }), [
    "note store-unused: no list is named former => rm -r /var/lib/cni/networks/former, if no pod of that network is left",
  ])
})

test("kernel-module-missing, and kernel-unknown where nothing can tell", async (t) => {
  const less = String(HEALTHY["/proc/modules"])
    .replace(/^nf_nat .*\n/m, "")
    .replace(/^veth .*\n/m, "")
  assert.deepEqual(await sick(t, { "/proc/modules": less }), [
    "error kernel-module-missing: the kernel has no veth, for bridge => Install the package with the kernel's other modules (linux-modules-extra, kernel-modules), then modprobe veth.",
    "error kernel-module-missing: the kernel has no nf_nat, for portmap => Install the package with the kernel's other modules (linux-modules-extra, kernel-modules), then modprobe nf_nat.",
  ])
  const builtin = {
    "/lib/modules/6.1.0-18-amd64/modules.builtin": "kernel/net/veth.ko\nkernel/net/netfilter/nf_nat.ko\n",
  }
  assert.deepEqual(await sick(t, { "/proc/modules": less }, builtin), [])
  const none = without(
    "/proc/modules",
    "/lib/modules/6.1.0-18-amd64/modules.dep",
    "/lib/modules/6.1.0-18-amd64/modules.builtin",
  )
  assert.deepEqual(await findings(plant(t, none)), [
    "note kernel-unknown: it is not known whether the kernel has bridge, veth, nf_nat, xt_comment, xt_mark, xt_multiport, xt_MASQUERADE, overlay => Run modprobe -n bridge veth nf_nat xt_comment xt_mark xt_multiport xt_MASQUERADE overlay on the node.",
  ])
  const config = ["BRIDGE", "VETH", "NF_NAT", "NETFILTER_XT_MATCH_COMMENT", "NETFILTER_XT_MARK", "OVERLAY_FS"]
  const told = { "/boot/config-6.1.0-18-amd64": config.map((key) => `CONFIG_${key}=y\n`).join("") }
  assert.deepEqual(
    (await findings(plant(t, none, told))).map((line) => line.replace(/ => .*/, "")),
    [
      "error kernel-module-missing: the kernel has no xt_multiport, for portmap",
      "error kernel-module-missing: the kernel has no xt_MASQUERADE, for portmap",
    ],
  )
})

test("bridge-netfilter-off on a node of Kubernetes, forwarding-off", async (t) => {
  const kubelet = { "/var/lib/kubelet/config.yaml": "" }
  const remedy =
    "modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1, and in /etc/modules-load.d and /etc/sysctl.d for the next boot"
  assert.deepEqual(await sick(t, kubelet), [`warning bridge-netfilter-off: br_netfilter is not loaded => ${remedy}`])
  const sysctl = "/proc/sys/net/bridge/bridge-nf-call-iptables"
  assert.deepEqual(await sick(t, kubelet, { [sysctl]: "1\n" }), [])
  assert.deepEqual(await sick(t, kubelet, { [sysctl]: "0\n", "/proc/sys/net/ipv4/ip_forward": "0\n" }), [
    `warning bridge-netfilter-off: net.bridge.bridge-nf-call-iptables is 0 => ${remedy}`,
    "note forwarding-off: net.ipv4.ip_forward is 0 => sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d for the next boot",
  ])
  const pod = [reservation("10.88.0.2", "pod"), cached("pod", "/run/netns/pod")]
  assert.deepEqual(await sick(t, ...pod, { "/proc/sys/net/ipv4/ip_forward": "0\n" }), [
    "warning forwarding-off: net.ipv4.ip_forward is 0 => sysctl -w net.ipv4.ip_forward=1, and in /etc/sysctl.d for the next boot",
  ])
})

test("cilium-leftover: what Cilium renamed is put back where nothing else is left", async (t) => {
  const bak = `${LIST}.cilium_bak`
  assert.deepEqual(await sick(t, { [bak]: "{}" }), [
    `warning cilium-leftover: Cilium left 10-containerd-net.conflist.cilium_bak => rm ${bak}`,
  ])
  assert.deepEqual(
    (await findings(plant(t, without(LIST), { [bak]: "{}" }))).at(-1),
    `error cilium-leftover: Cilium left 10-containerd-net.conflist.cilium_bak => mv ${bak} ${LIST}`,
  )
  assert.equal(
    (await sick(t, { [bak]: "{}", "/run/cilium/cilium.sock": "" })).some((line) => line.includes("cilium-leftover")),
    false,
  )
})

test("cnitap's own leftovers: unfinished files, a list that somebody rewrote, originals without a journal", async (t) => {
  const dir = "/etc/cni/net.d/.10-containerd-net.conflist"
  assert.deepEqual(await sick(t, { [`${dir}.cnitap-new`]: "", "/opt/cni/bin/.cnitap/new/bridge": program }), [
    `warning cnitap-unfinished: unfinished: ${dir}.cnitap-new, /opt/cni/bin/.cnitap/new/bridge => cnitap uninstall`,
  ])
  assert.deepEqual(await sick(t, { [`${dir}.cnitap-saved`]: "{}" }), [
    `warning cnitap-list-saved: ${LIST} was written by somebody else since => cnitap uninstall, or cnitap install --mode chain again`,
  ])
  assert.deepEqual(await sick(t, { "/opt/cni/bin/.cnitap/real/bridge": program }), [
    "error cnitap-without-journal: bridge in /opt/cni/bin/.cnitap/real, and no journal => mv /opt/cni/bin/.cnitap/real/* /opt/cni/bin/, where a relay stands in their place; then rm -r /opt/cni/bin/.cnitap",
  ])
  const journal = { "/opt/cni/bin/.cnitap/real/bridge": program, "/opt/cni/bin/.cnitap/journal.jsonl": "" }
  assert.deepEqual(await sick(t, journal), [])
})
