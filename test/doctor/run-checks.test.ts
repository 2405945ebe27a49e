import assert from "node:assert/strict"
import { chmodSync, utimesSync } from "node:fs"
import { join } from "node:path"
import { type TestContext, test } from "node:test"
import { runChecks } from "../../src/doctor/run-checks.ts"
import { sha256 } from "../../src/install/disk/relay-file.ts"
import { conflists } from "../install/detect/platform-trees.ts"
import { detectFiles } from "../install/no-programs.ts"
import { mountinfo, plant, process, program, programs, type Tree } from "../install/plant.ts"
import { PlantedFiles } from "../install/planted-files.ts"
import { HEALTHY, LIST, list, ranged } from "./healthy.ts"

const NOW_MS = Date.UTC(2030, 0, 1)

/** One line per finding: severity, rule, what is wrong, and what to do. */
async function findings(root: string, owners: Record<string, number> = {}): Promise<string[]> {
  const files = new PlantedFiles(root, owners)
  const found = await runChecks(detectFiles(root), { files, mayExecute: false, nowMs: NOW_MS })
  return found.map(({ severity, rule, detail, remedy }) => `${severity} ${rule}: ${detail} => ${remedy}`)
}

/** Findings of the healthy node with changes. */
async function changed(t: TestContext, ...changes: Tree[]): Promise<string[]> {
  return findings(plant(t, HEALTHY, ...changes))
}

function without(...paths: string[]): Tree {
  return Object.fromEntries(Object.entries(HEALTHY).filter(([path]) => !paths.includes(path)))
}

test("a healthy node has no finding", async (t) => {
  assert.deepEqual(await changed(t), [])
})

test("runtime-missing, with the reason", async (t) => {
  const bare = without("/proc/612/cmdline", "/proc/612/ns/mnt", "/etc/containerd/config.toml")
  assert.deepEqual(await findings(plant(t, bare)), [
    "warning runtime-missing: none of containerd, cri-o, cri-dockerd, podman was found with CNI enabled => Start one, or set its directories with --conf-dir and --bin-dir.",
  ])
  assert.deepEqual(await changed(t, { "/etc/containerd/config.toml": 'disabled_plugins = ["cri"]\n' }), [
    "warning runtime-missing: containerd is installed, but its CNI support is disabled => Undo this setting: /etc/containerd/config.toml, disabled_plugins has cri; then systemctl restart containerd.",
  ])
})

test("runtime-config-broken", async (t) => {
  assert.deepEqual(await changed(t, { "/etc/containerd/config.toml": 'imports = ["/etc/none.toml"]\n' }), [
    "error runtime-config-broken: containerd: /etc/none.toml, which /etc/containerd/config.toml imports, is missing => Fix /etc/none.toml.",
  ])
})

test("runtime-down", async (t) => {
  assert.deepEqual(await findings(plant(t, without("/proc/612/cmdline", "/proc/612/ns/mnt"))), [
    "warning runtime-down: containerd is not running => systemctl restart containerd",
  ])
})

test("runtime-too-old: containerd 1 with a list of version 1.1.0", async (t) => {
  assert.deepEqual(await changed(t, { [LIST]: list({ cniVersion: "1.1.0" }) }), [
    `error runtime-too-old: containerd 1.7.24 (libcni 1.1) supports versions up to 1.0.0, the list has 1.1.0 => Set "cniVersion": "1.0.0" in ${LIST}, or install containerd 2.`,
  ])
})

test("runtimes-differ", async (t) => {
  const crio = { "/etc/crio/crio.conf": '[crio.network]\nnetwork_dir = "/srv/net.d"\n' }
  assert.deepEqual(await changed(t, process(700, "/usr/bin/crio"), crio), [
    "note runtimes-differ: cri-o reads network configurations from /srv/net.d => Use --conf-dir /srv/net.d to check its directory.",
  ])
})

test("conf-dir-missing, network-missing", async (t) => {
  assert.deepEqual(await findings(plant(t, without(LIST))), [
    "error conf-dir-missing: /etc/cni/net.d is missing (containerd's default) => Run mkdir -p /etc/cni/net.d, then restart the network agent, which writes its list there.",
  ])
  assert.deepEqual(await findings(plant(t, without(LIST), { "/etc/cni/net.d/README": "" })), [
    "error network-missing: /etc/cni/net.d has no .conf, .conflist or .json file, so the node stays NotReady => Restart the network agent, which writes its list there.",
  ])
})

test("network-broken: an error before the valid list, a warning after it", async (t) => {
  const before = await changed(t, { "/etc/cni/net.d/05-half.conflist": "" })
  assert.deepEqual(before, [
    "error network-broken: it is empty; containerd has no network at all then => Run rm /etc/cni/net.d/05-half.conflist, then restart the agent that writes it.",
  ])
  assert.deepEqual(await changed(t, { "/etc/cni/net.d/90-half.conflist": '{"name":"x"}' }), [
    "warning network-broken: no plugins => Fix /etc/cni/net.d/90-half.conflist, or remove it.",
    "warning network-several: the runtime uses 10-containerd-net.conflist and ignores 90-half.conflist => If they belong to a former network, remove them: rm /etc/cni/net.d/90-half.conflist",
  ])
})

test("network-default-missing: CRI-O is configured with a network that does not exist", async (t) => {
  const crio = plant(
    t,
    without("/proc/612/cmdline", "/proc/612/ns/mnt", "/etc/containerd/config.toml"),
    process(9, "crio"),
    {
      "/etc/crio/crio.conf": '[crio.network]\ncni_default_network = "pods"\n',
    },
  )
  assert.deepEqual(await findings(crio), [
    'error network-default-missing: cri-o is configured to use the network "pods", and no list has that name => Set cni_default_network to the name of a list in /etc/cni/net.d, or remove it; then systemctl restart crio.',
  ])
})

test("network-several: a leftover is a warning, the networks that Multus uses are not", async (t) => {
  assert.deepEqual(await changed(t, { "/etc/cni/net.d/20-old.conflist": list({ name: "old" }) }), [
    "warning network-several: the runtime uses 10-containerd-net.conflist and ignores 20-old.conflist => If they belong to a former network, remove them: rm /etc/cni/net.d/20-old.conflist",
  ])
  const multus = JSON.stringify({
    cniVersion: "0.3.1",
    name: "multus-cni-network",
    type: "multus-shim",
    clusterNetwork: `/host${LIST}`,
  })
  assert.deepEqual(
    await changed(
      t,
      { "/etc/cni/net.d/00-multus.conf": multus },
      programs("/opt/cni/bin", "multus-shim"),
      process(800, "/usr/src/multus-cni/bin/multus-daemon"),
    ),
    [
      "note network-several: the runtime uses 00-multus.conf and ignores 10-containerd-net.conflist => No action needed: the plugin of the first list uses the others.",
    ],
  )
})

test("network-name-twice", async (t) => {
  const found = await changed(t, { "/etc/cni/net.d/20-copy.conflist": list({}) })
  assert.deepEqual(
    found.at(1),
    "warning network-name-twice: both are named containerd-net; caches and address stores are keyed by that name => Give /etc/cni/net.d/20-copy.conflist another name, or remove it.",
  )
})

test("network-open, plugin-open: modes and owners", async (t) => {
  const root = plant(t, HEALTHY)
  chmodSync(join(root, LIST), 0o666)
  chmodSync(join(root, "/opt/cni/bin/bridge"), 0o775)
  assert.deepEqual(await findings(root, { "/opt/cni/bin/portmap": 1000 }), [
    `error network-open: ${LIST} has mode 0666 => chmod go-w ${LIST}`,
    "error plugin-open: /opt/cni/bin/bridge has mode 0775 => chmod go-w /opt/cni/bin/bridge",
    "warning plugin-open: /opt/cni/bin/portmap is owned by user 1000 => chown root /opt/cni/bin/portmap",
  ])
})

test("network-lint: the findings of cnitap lint for the active list", async (t) => {
  assert.deepEqual(await changed(t, { [LIST]: list({ name: "no name" }) }), [
    "error network-lint: network name with invalid characters: no name (conf-name-invalid) => Use letters, digits, `_`, `.` and `-`: the name becomes part of file names.",
  ])
})

test("network-broken, network-lint: encodings and syntax, with what lint says to do", async (t) => {
  const utf16 = { mode: 0o644, text: Buffer.from(list({}), "utf16le") }
  const remedy = `Convert it: iconv -f UTF-16LE -t UTF-8 ${LIST} > ${LIST}.new && mv ${LIST}.new ${LIST}`
  assert.equal(
    (await changed(t, { [LIST]: utf16 }))[0],
    `error network-broken: file that is not plain UTF-8: it is UTF-16LE, and JSON parsers read UTF-8; containerd has no network at all then => ${LIST}: ${remedy}`,
  )
  assert.equal(
    (await changed(t, { [LIST]: `${list({}).slice(0, -1)},}` }))[0],
    `error network-broken: file is not JSON: a comma before \`}\`; containerd has no network at all then => ${LIST}: Remove the comma.`,
  )
  assert.equal(
    (await changed(t, { [LIST]: "[".repeat(100_000) }))[0],
    `error network-broken: brackets are nested deeper than 64 levels, which no configuration needs; containerd has no network at all then => ${LIST}: Find out what wrote the file, and let it write it again.`,
  )
})

test("bin-dir-missing", async (t) => {
  const bare = Object.fromEntries(Object.entries(HEALTHY).filter(([path]) => !path.startsWith("/opt/")))
  assert.equal(
    (await findings(plant(t, bare)))[0],
    "error bin-dir-missing: /opt/cni/bin is missing (containerd's default) => Install the plugins into /opt/cni/bin, or configure the directory that has them.",
  )
})

test("plugin-missing: remedies for a plugin in another directory, of an agent, of a package, and unknown", async (t) => {
  const missing = without("/opt/cni/bin/portmap", "/opt/cni/bin/host-local")
  assert.deepEqual(await findings(plant(t, missing, { "/usr/lib/cni/portmap": program })), [
    "error plugin-missing: host-local (IPAM of bridge) is not in /opt/cni/bin => Install the CNI plugins (package containernetworking-plugins) so that /opt/cni/bin/host-local exists.",
    "error plugin-missing: portmap (the list) is not in /opt/cni/bin => ln -s /usr/lib/cni/portmap /opt/cni/bin/portmap",
  ])
  const plugins = [{ type: "calico", ipam: { type: "calico-ipam" } }, { type: "homemade" }]
  const running = { ...process(800, "calico-node -felix"), "/var/lib/calico/nodename": "node-1" }
  assert.deepEqual(await changed(t, running, { [LIST]: list({ plugins }) }), [
    "error plugin-missing: calico (the list) is not in /opt/cni/bin => Restart calico, which installs it.",
    "error plugin-missing: calico-ipam (IPAM of calico) is not in /opt/cni/bin => Restart calico, which installs it.",
    "error plugin-missing: homemade (the list) is not in /opt/cni/bin => Install homemade as /opt/cni/bin/homemade.",
  ])
})

test("plugin-missing is a note if only an inactive network uses the plugin", async (t) => {
  const found = await changed(t, {
    "/etc/cni/net.d/20-old.conf": '{"name":"old","type":"macvlan","cniVersion":"0.4.0"}',
  })
  assert.equal(found[1]?.slice(0, 60), "note plugin-missing: macvlan (the list) is not in /opt/cni/b")
})

test("loopback-missing: in no list, but executed for every pod", async (t) => {
  assert.deepEqual(await findings(plant(t, without("/opt/cni/bin/loopback"))), [
    "error loopback-missing: loopback (containerd) is not in /opt/cni/bin => Install the CNI plugins (package containernetworking-plugins) so that /opt/cni/bin/loopback exists.",
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

test("plugin-not-executable: a file with mode 0644 hides the executable one", async (t) => {
  assert.deepEqual(
    await findings(
      plant(t, without("/etc/containerd/config.toml"), TWO_DIRS, { "/a/bridge": { mode: 0o644, text: "" } }),
    ),
    [
      "error plugin-not-executable: /a/bridge has mode 0644 and hides /opt/cni/bin/bridge => Run rm /a/bridge, or chmod 0755 /a/bridge.",
    ],
  )
})

test("plugin-hidden: a different file with the same name; an identical copy is not reported", async (t) => {
  const base = without("/etc/containerd/config.toml")
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, { "/a/bridge": program })), [])
  const other = { mode: 0o755, text: "#!/bin/true\n# older\n" }
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, { "/a/bridge": other })), [
    "warning plugin-hidden: /a/bridge hides /opt/cni/bin/bridge => Remove the wrong one: rm /a/bridge, or rm /opt/cni/bin/bridge",
  ])
})

test("plugin-hidden: the original behind a relay of cnitap is compared", async (t) => {
  const base = without("/etc/containerd/config.toml")
  const relay = { mode: 0o755, text: "#!/bin/true\n# the relay\n" }
  const step = { kind: "write", path: "/a/.cnitap/new/bridge", relay: { sha256: sha256(relay.text) } }
  const journal = { mode: 0o600, text: `${JSON.stringify({ format: 1, kind: "step", step })}\n` }
  const installed = { "/a/bridge": relay, "/a/.cnitap/journal.jsonl": journal }
  const swapped = { ...installed, "/a/.cnitap/real/bridge": program }
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, swapped)), [])
  const shimmed = { ...installed, "/a/.cnitap/real/bridge": "-> /opt/cni/bin/bridge" }
  assert.deepEqual(await findings(plant(t, base, TWO_DIRS, shimmed)), [])
  const other = { mode: 0o755, text: "#!/bin/true\n# older\n" }
  assert.equal((await findings(plant(t, base, TWO_DIRS, { ...installed, "/a/.cnitap/real/bridge": other }))).length, 1)
  // An agent has replaced the relay: its plugin runs, not the saved original.
  assert.equal((await findings(plant(t, base, TWO_DIRS, { ...swapped, "/a/bridge": other }))).length, 1)
})

test("plugin-passed-over: a dangling symlink before the valid file", async (t) => {
  assert.deepEqual(
    await findings(plant(t, without("/etc/containerd/config.toml"), TWO_DIRS, { "/a/bridge": "-> /none" })),
    ["warning plugin-passed-over: /a/bridge is a dangling symlink or a directory => rm -r /a/bridge"],
  )
})

/** The header of an ELF file for a machine, with its loader. */
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

test("plugin-not-runnable: empty, text, another architecture, missing loader or interpreter", async (t) => {
  const reason = async (file: Tree[string]) => {
    const [finding = "nothing"] = await changed(t, { "/opt/cni/bin/bridge": file })
    return finding.replace(/^error plugin-not-runnable: \/opt\/cni\/bin\/bridge: /, "").replace(/ => .*$/, "")
  }
  assert.equal(await reason({ mode: 0o755, text: "" }), "it is empty")
  assert.equal(await reason({ mode: 0o755, text: "<html>404" }), 'it is not a program: it begins with "<html>404"')
  assert.equal(await reason(elf(ANOTHER)), `it is built for ${NAME}, but the node is ${globalThis.process.arch}`)
  assert.equal(await reason(elf(OURS, "/lib/ld-musl.so.1")), "it requires /lib/ld-musl.so.1, which does not exist")
  assert.equal(
    await reason({ mode: 0o755, text: "#!/usr/bin/env bash\n" }),
    "it requires /usr/bin/env, which does not exist",
  )
  assert.equal(await reason(elf(OURS)), "nothing")
})

test("plugin-noexec", async (t) => {
  assert.deepEqual(await changed(t, mountinfo("/ ext4 rw", "/opt ext4 rw,noexec")), [
    "error plugin-noexec: /opt/cni/bin is on /opt, which is mounted noexec => Run mount -o remount,exec /opt, and remove noexec from /etc/fstab.",
  ])
})

test("tool-missing: iptables in the PATH of the runtime, nft if the list configures it", async (t) => {
  const usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
  assert.deepEqual(await findings(plant(t, without("/usr/sbin/iptables"))), [
    `error tool-missing: bridge, portmap cannot find iptables in ${usual} => Install iptables.`,
  ])
  const path = { "/proc/612/environ": "HOME=/root\0PATH=/snap/bin\0" }
  assert.deepEqual(await changed(t, path), [
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

test("result-cache-broken: an error before containerd 2, which tolerates it", async (t) => {
  const path = "/var/lib/cni/results/containerd-net-abc-eth0"
  assert.deepEqual(await changed(t, { [path]: "" }), [
    `error result-cache-broken: ${path}: the cache file is empty; DEL fails on it with libcni before 1.2 => rm ${path}`,
  ])
  const newer = { "/var/lib/dpkg/status": "Package: containerd.io\nVersion: 2.1.4-1\n" }
  assert.deepEqual(await changed(t, { [path]: '{"kind":' }, newer), [
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

test("attachment-leaked and reservation-orphan: grouped by directory, ignoring entries of a running ADD", async (t) => {
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
    `warning attachment-leaked: ${store} has 1 entry for network namespaces that no longer exist: 10.88.0.2 => rm ${store}/10.88.0.2`,
    `warning reservation-orphan: ${store} has 2 entries for containers without a cached result: 10.88.0.3, 10.88.0.4 => rm ${store}/10.88.0.3 ${store}/10.88.0.4`,
  ])
})

test("attachment-leaked: a cached result without its namespace and without a reservation", async (t) => {
  assert.deepEqual(await changed(t, { "/run/netns/living": "" }, cached("gone", "/run/netns/gone")), [
    "warning attachment-leaked: /var/lib/cni/results has 1 entry for network namespaces that no longer exist: 10.88.0.2 => rm /var/lib/cni/results/containerd-net-gone-eth0",
  ])
})

test("store-read-only", async (t) => {
  assert.deepEqual(await changed(t, mountinfo("/ ext4 rw", "/var ext4 ro")), [
    "error store-read-only: /var/lib/cni/results, /var/lib/cni/networks on /var, which is read-only => Check dmesg for the cause, then run mount -o remount,rw /var.",
  ])
})

test("no orphans are reported if the network namespaces are not mounted", async (t) => {
  assert.deepEqual(await changed(t, reservation("10.88.0.2", "pod"), cached("pod", "/run/netns/pod")), [])
})

test("addresses-short: a warning, then an error; gateway and broadcast address do not count", async (t) => {
  const plugins = [{ type: "bridge", ipam: ranged("10.1.2.0/28") }]
  const small = { [LIST]: list({ plugins }) }
  const held = (count: number) =>
    Array.from({ length: count }, (_, at) => reservation(`10.1.2.${at + 2}`, `c${at}`)).concat(
      Array.from({ length: count }, (_, at) => cached(`c${at}`, "/proc/self/ns/net")),
    )
  const short = async (count: number) =>
    (await changed(t, small, ...held(count)))
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

test("addresses-short: flannel's subnet comes from its own file", async (t) => {
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

test("store-unused: a directory of a network without a list", async (t) => {
  assert.deepEqual(await changed(t, { "/var/lib/cni/networks/former": "directory" }), [
    "note store-unused: no list has the name former => Run rm -r /var/lib/cni/networks/former if no pod of that network is left.",
  ])
})

test("store-unused: the list was renamed, and pods still use its addresses", async (t) => {
  const cached = {
    kind: "cniCacheV1",
    containerId: "c1",
    ifName: "eth0",
    networkName: "former",
    netns: "/run/netns/c1",
  }
  const used = {
    "/var/lib/cni/networks/former/10.88.0.9": "c1\r\neth0",
    "/var/lib/cni/results/former-c1-eth0": JSON.stringify(cached),
  }
  assert.deepEqual(await changed(t, used), [
    "note store-unused: no list has the name former, and pods use 1 of its addresses: 10.88.0.9 => Keep it: these pods were made when the list had that name, and their DEL releases the addresses.",
  ])
})

test("kernel-module-missing, and kernel-unknown without any source", async (t) => {
  const less = String(HEALTHY["/proc/modules"])
    .replace(/^nf_nat .*\n/m, "")
    .replace(/^veth .*\n/m, "")
  assert.deepEqual(await changed(t, { "/proc/modules": less }), [
    "error kernel-module-missing: kernel module veth is missing, required by bridge => Install the kernel's additional modules (package linux-modules-extra or kernel-modules), then run modprobe veth.",
    "error kernel-module-missing: kernel module nf_nat is missing, required by portmap => Install the kernel's additional modules (package linux-modules-extra or kernel-modules), then run modprobe nf_nat.",
  ])
  const builtin = {
    "/lib/modules/6.1.0-18-amd64/modules.builtin": "kernel/net/veth.ko\nkernel/net/netfilter/nf_nat.ko\n",
  }
  assert.deepEqual(await changed(t, { "/proc/modules": less }, builtin), [])
  const none = without(
    "/proc/modules",
    "/lib/modules/6.1.0-18-amd64/modules.dep",
    "/lib/modules/6.1.0-18-amd64/modules.builtin",
  )
  assert.deepEqual(await findings(plant(t, none)), [
    "note kernel-unknown: cannot determine whether the kernel has bridge, veth, nf_nat, xt_comment, xt_mark, xt_multiport, xt_MASQUERADE, overlay => Run modprobe -n bridge veth nf_nat xt_comment xt_mark xt_multiport xt_MASQUERADE overlay on the node.",
  ])
  const config = ["BRIDGE", "VETH", "NF_NAT", "NETFILTER_XT_MATCH_COMMENT", "NETFILTER_XT_MARK", "OVERLAY_FS"]
  const configured = { "/boot/config-6.1.0-18-amd64": config.map((key) => `CONFIG_${key}=y\n`).join("") }
  assert.deepEqual(
    (await findings(plant(t, none, configured))).map((line) => line.replace(/ => .*/, "")),
    [
      "error kernel-module-missing: kernel module xt_multiport is missing, required by portmap",
      "error kernel-module-missing: kernel module xt_MASQUERADE is missing, required by portmap",
    ],
  )
})

test("bridge-netfilter-off on a Kubernetes node, forwarding-off", async (t) => {
  const kubelet = { "/var/lib/kubelet/config.yaml": "" }
  const remedy =
    "Run modprobe br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1; make it permanent in /etc/modules-load.d and /etc/sysctl.d."
  assert.deepEqual(await changed(t, kubelet), [`warning bridge-netfilter-off: br_netfilter is not loaded => ${remedy}`])
  const sysctl = "/proc/sys/net/bridge/bridge-nf-call-iptables"
  assert.deepEqual(await changed(t, kubelet, { [sysctl]: "1\n" }), [])
  assert.deepEqual(await changed(t, kubelet, { [sysctl]: "0\n", "/proc/sys/net/ipv4/ip_forward": "0\n" }), [
    `warning bridge-netfilter-off: net.bridge.bridge-nf-call-iptables is 0 => ${remedy}`,
    "note forwarding-off: net.ipv4.ip_forward is 0 => Run sysctl -w net.ipv4.ip_forward=1; make it permanent in /etc/sysctl.d.",
  ])
  const pod = [reservation("10.88.0.2", "pod"), cached("pod", "/run/netns/pod")]
  assert.deepEqual(await changed(t, ...pod, { "/proc/sys/net/ipv4/ip_forward": "0\n" }), [
    "warning forwarding-off: net.ipv4.ip_forward is 0 => Run sysctl -w net.ipv4.ip_forward=1; make it permanent in /etc/sysctl.d.",
  ])
})

test("cilium-leftover: the remedy restores the file if no other configuration is left", async (t) => {
  const bak = `${LIST}.cilium_bak`
  assert.deepEqual(await changed(t, { [bak]: "{}" }), [
    `warning cilium-leftover: Cilium left 10-containerd-net.conflist.cilium_bak behind => rm ${bak}`,
  ])
  assert.deepEqual(
    (await findings(plant(t, without(LIST), { [bak]: "{}" }))).at(-1),
    `error cilium-leftover: Cilium left 10-containerd-net.conflist.cilium_bak behind => mv ${bak} ${LIST}`,
  )
  assert.equal(
    (await changed(t, { [bak]: "{}", "/run/cilium/cilium.sock": "" })).some((line) => line.includes("cilium-leftover")),
    false,
  )
})

test("leftovers of cnitap: unfinished files, a rewritten list, originals without a journal", async (t) => {
  const dir = "/etc/cni/net.d/.10-containerd-net.conflist"
  assert.deepEqual(await changed(t, { [`${dir}.cnitap-new`]: "", "/opt/cni/bin/.cnitap/new/bridge": program }), [
    `warning cnitap-unfinished: unfinished: ${dir}.cnitap-new, /opt/cni/bin/.cnitap/new/bridge => Run cnitap uninstall.`,
  ])
  assert.deepEqual(await changed(t, { [`${dir}.cnitap-saved`]: "{}" }), [
    `warning cnitap-list-saved: another program has rewritten ${LIST} since cnitap edited it => Run cnitap uninstall, or cnitap install --mode chain again.`,
  ])
  assert.deepEqual(await changed(t, { "/opt/cni/bin/.cnitap/real/bridge": program }), [
    "error cnitap-without-journal: /opt/cni/bin/.cnitap/real has bridge, but /opt/cni/bin/.cnitap/journal.jsonl is missing => Move each file of /opt/cni/bin/.cnitap/real back to /opt/cni/bin if a relay is in its place, then run rm -r /opt/cni/bin/.cnitap.",
  ])
  const journal = { "/opt/cni/bin/.cnitap/real/bridge": program, "/opt/cni/bin/.cnitap/journal.jsonl": "" }
  assert.deepEqual(await changed(t, journal), [])
})
