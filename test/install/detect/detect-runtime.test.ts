import assert from "node:assert/strict"
import { test } from "node:test"
import type { Runtime } from "../../../src/install/detect/runtimes/runtime.ts"
import { detectFiles } from "../no-programs.ts"
import { plant, process, program, type Tree } from "../plant.ts"

const CONFIG = "/etc/containerd/config.toml"
const V2 = 'plugins."io.containerd.grpc.v1.cri".cni'
const V3 = 'plugins."io.containerd.cri.v1.runtime".cni'

function dpkg(name: string, version: string): Tree {
  return { "/var/lib/dpkg/status": `Package: ${name}\nStatus: install ok installed\nVersion: ${version}\n` }
}

function runtimeOf(root: string): Runtime {
  const { runtime } = detectFiles(root)
  assert.ok(runtime)
  return runtime
}

/** The two directories with their origin, and the setting for path mode. */
function decision({ confDir, binDirs, pathSetting, behaviour: { selection }, broken }: Runtime): object {
  return {
    conf: `${confDir.value} (${confDir.from})`,
    bin: `${binDirs.value.join(":")} (${binDirs.from})`,
    set: `${pathSetting.kind} ${pathSetting.key} in ${pathSetting.file}`,
    ...(selection.by === "first-files" && selection.count !== 1 ? { count: selection.count } : {}),
    ...(broken ? { broken } : {}),
  }
}

test("containerd 1.6, a configuration of version 1", (t) => {
  const root = plant(t, dpkg("containerd", "1.6.20~ds1-1"), {
    [CONFIG]: '[plugins.cri.cni]\nbin_dir = "/usr/lib/cni/"\nmax_conf_num = 2\n',
  })
  assert.deepEqual(decision(runtimeOf(root)), {
    conf: "/etc/cni/net.d (containerd's default)",
    bin: `/usr/lib/cni (${CONFIG}, plugins.cri.cni.bin_dir)`,
    set: `single plugins.cri.cni.bin_dir in ${CONFIG}`,
    count: 2,
  })
})

test("containerd 2.1 takes a list; 2.0 reads the same file and ignores the key", (t) => {
  const config = {
    [CONFIG]: `version = 3\n[${V3}]\nbin_dirs = ["/opt/cnitap/bin", "/opt/cni/bin"]\n`,
  }
  const newer = plant(t, dpkg("containerd.io", "2.1.4-1~debian.12~bookworm"), config)
  assert.deepEqual(decision(runtimeOf(newer)), {
    conf: "/etc/cni/net.d (containerd's default)",
    bin: `/opt/cnitap/bin:/opt/cni/bin (${CONFIG}, ${V3}.bin_dirs)`,
    set: `list ${V3}.bin_dirs in ${CONFIG}`,
  })
  const older = plant(t, dpkg("containerd.io", "2.0.5-1"), config)
  assert.deepEqual(decision(runtimeOf(older)), {
    conf: "/etc/cni/net.d (containerd's default)",
    bin: "/opt/cni/bin (containerd's default)",
    set: `single ${V3}.bin_dir in ${CONFIG}`,
  })
})

test("imports: containerd 1 replaces a section with that of a later file, containerd 2 merges the keys", (t) => {
  const config = {
    [CONFIG]: `version = 2\nimports = ["/etc/containerd/conf.d/*.toml"]\n[${V2}]\nconf_dir = "/srv/net.d"\nbin_dir = "/srv/bin"\n`,
    "/etc/containerd/conf.d/10-a.toml": `version = 2\n[${V2}]\nbin_dir = "/a/bin"\n`,
    "/etc/containerd/conf.d/20-b.toml":
      'version = 2\n[plugins."io.containerd.gc.v1.scheduler"]\npause_threshold = 0.1\n',
    "/etc/containerd/conf.d/30-c.txt": "not TOML",
  }
  assert.deepEqual(decision(runtimeOf(plant(t, dpkg("containerd.io", "1.7.27-1"), config))), {
    conf: "/etc/cni/net.d (containerd's default)",
    bin: `/a/bin (/etc/containerd/conf.d/10-a.toml, ${V2}.bin_dir)`,
    set: `single ${V2}.bin_dir in ${CONFIG}`,
  })
  assert.deepEqual(decision(runtimeOf(plant(t, dpkg("containerd.io", "2.0.2-1"), config))), {
    conf: `/srv/net.d (${CONFIG}, ${V2}.conf_dir)`,
    bin: `/a/bin (/etc/containerd/conf.d/10-a.toml, ${V2}.bin_dir)`,
    set: `single ${V2}.bin_dir in ${CONFIG}`,
  })
})

test("a relative import is resolved against its importer; containerd 1 resolves a pattern against its working directory, /", (t) => {
  const config = {
    [CONFIG]: 'version = 2\nimports = ["here.toml", "conf.d/*.toml"]\n',
    "/etc/containerd/here.toml": `version = 2\n[${V2}]\nconf_dir = "/here"\n`,
    "/etc/containerd/conf.d/a.toml": `version = 2\n[${V2}]\nbin_dir = "/beside"\n`,
    "/conf.d/a.toml": `version = 2\n[${V2}]\nbin_dir = "/started"\n`,
  }
  const [one, two] = ["1.7.27-1", "2.3.0-1"].map((version) =>
    runtimeOf(plant(t, dpkg("containerd.io", version), config)),
  )
  assert.deepEqual([one?.confDir.value, one?.binDirs.value], ["/etc/cni/net.d", ["/started"]])
  assert.deepEqual([two?.confDir.value, two?.binDirs.value], ["/here", ["/beside"]])
})

test("a configuration that containerd does not start with is reported", (t) => {
  const syntax = plant(t, { [CONFIG]: "version = 2\nplugins = [\n" })
  assert.match(runtimeOf(syntax).broken ?? "", /^\/etc\/containerd\/config\.toml: Invalid TOML document/)
  const missing = plant(t, { [CONFIG]: 'version = 2\nimports = ["/etc/containerd/runtimes.toml"]\n' })
  assert.equal(runtimeOf(missing).broken, `/etc/containerd/runtimes.toml, which ${CONFIG} imports, is missing`)
})

test("Docker's containerd with a disabled CRI plugin is not used", (t) => {
  const root = plant(t, { [CONFIG]: 'disabled_plugins = ["cri"]\n' })
  const { runtime, runtimes, confDir } = detectFiles(root)
  assert.equal(runtime, undefined)
  assert.deepEqual(
    runtimes.map(({ name, off }) => [name, off]),
    [["containerd", `${CONFIG}, disabled_plugins has cri`]],
  )
  assert.deepEqual(confDir, { value: "/etc/cni/net.d", from: "the default of every runtime" })
})

test("a containerd in a container of the node is ignored", (t) => {
  const root = plant(
    t,
    process(1, "/sbin/init"),
    process(40, "containerd --config /in/the/container.toml", { namespace: "mnt:[7]" }),
    process(50, "/usr/local/bin/containerd"),
  )
  assert.deepEqual(
    detectFiles(root).runtimes.map(({ evidence, isRunning }) => ({ evidence, isRunning })),
    [{ evidence: ["process 50"], isRunning: true }],
  )
})

test("CRI-O: drop-ins in lexical order, then flags", (t) => {
  const files = {
    "/etc/crio/crio.conf": '[crio.network]\nnetwork_dir = "/etc/cni/net.d/"\nplugin_dir = "/old/bin"\n',
    "/etc/crio/crio.conf.d/20-late.conf": '[crio.network]\nplugin_dirs = ["/late/bin/", "/usr/libexec/cni"]\n',
    "/etc/crio/crio.conf.d/10-early.conf":
      '[crio.network]\nplugin_dirs = ["/early/bin"]\ncni_default_network = "pods"\n',
  }
  const configured = runtimeOf(plant(t, files))
  assert.deepEqual(decision(configured), {
    conf: "/etc/cni/net.d (/etc/crio/crio.conf, crio.network.network_dir)",
    bin: "/late/bin:/usr/libexec/cni:/old/bin (/etc/crio/crio.conf.d/20-late.conf, crio.network.plugin_dirs)",
    set: "list crio.network.plugin_dirs in /etc/crio/crio.conf.d/20-late.conf",
  })
  assert.deepEqual(configured.behaviour.selection, { by: "name", name: "pods", key: "cni_default_network" })
  const flags = plant(t, files, process(1, "/sbin/init"), process(77, "/usr/bin/crio --cni-config-dir=/flag/net.d"))
  assert.equal(runtimeOf(flags).isRunning, true)
  assert.deepEqual(runtimeOf(flags).confDir, { value: "/flag/net.d", from: "process 77, --cni-config-dir" })
})

test("cri-dockerd: flags of its unit; a drop-in overrides the unit", (t) => {
  const root = plant(t, {
    "/usr/lib/systemd/system/cri-docker.service":
      "[Service]\nExecStart=/usr/bin/cri-dockerd --container-runtime-endpoint fd://\n",
    "/etc/systemd/system/cri-docker.service.d/10-cni.conf":
      "[Service]\nExecStart=\nExecStart=/usr/bin/cri-dockerd \\\n  --network-plugin=cni --cni-bin-dir=/a/bin,/b/bin --cni-conf-dir /a/net.d\n",
  })
  const from = "/etc/systemd/system/cri-docker.service.d/10-cni.conf"
  assert.deepEqual(decision(runtimeOf(root)), {
    conf: `/a/net.d (${from}, --cni-conf-dir)`,
    bin: `/a/bin:/b/bin (${from}, --cni-bin-dir)`,
    set: `flag --cni-bin-dir in ${from}`,
  })
})

test("podman is used if its backend is CNI: configured, chosen when its storage was created, or because netavark is missing", (t) => {
  const podman = { "/usr/bin/podman": program }
  const netavark = { "/usr/lib/podman/netavark": program }
  const configured = plant(t, podman, netavark, {
    "/etc/containers/containers.conf": '[network]\nnetwork_backend = "cni"\ncni_plugin_dirs = ["/p/bin"]\n',
    "/etc/containers/containers.conf.d/net.conf": '[network]\nnetwork_config_dir = "/p/net.d"\n',
  })
  assert.deepEqual(decision(runtimeOf(configured)), {
    conf: "/p/net.d (/etc/containers/containers.conf.d/net.conf, network.network_config_dir)",
    bin: "/p/bin (/etc/containers/containers.conf, network.cni_plugin_dirs)",
    set: "list network.cni_plugin_dirs in /etc/containers/containers.conf",
  })
  const chosen = "/var/lib/containers/storage/defaultNetworkBackend"
  assert.deepEqual(runtimeOf(plant(t, podman, netavark, { [chosen]: "cni" })).evidence, ["/usr/bin/podman", chosen])
  assert.deepEqual(runtimeOf(plant(t, podman)).evidence, ["/usr/bin/podman", "netavark is not installed"])
  assert.deepEqual(detectFiles(plant(t, podman, netavark)).runtimes, [])
})

test("of several runtimes, the one that the kubelet uses comes first", (t) => {
  const both = {
    [CONFIG]: "version = 2\n",
    "/etc/crio/crio.conf": "",
    "/var/lib/kubelet/kubeadm-flags.env":
      'KUBELET_KUBEADM_ARGS="--container-runtime-endpoint=unix:///var/run/crio/crio.sock --pod-infra-container-image=p"\n',
  }
  assert.deepEqual(
    detectFiles(plant(t, both)).runtimes.map(({ name }) => name),
    ["cri-o", "containerd"],
  )
  const running = plant(t, { [CONFIG]: "version = 2\n" }, process(1, "init"), process(9, "/usr/bin/crio"))
  assert.deepEqual(
    detectFiles(running).runtimes.map(({ name }) => name),
    ["cri-o", "containerd"],
  )
})

const PODMAN = { "/usr/bin/podman": program }
const CONTAINERD_UNIT = {
  "/usr/lib/systemd/system/containerd.service": "[Service]\nExecStart=/usr/bin/containerd\n",
}
const CONMON =
  "/usr/bin/conmon --api-version 1 -c 1f3a -u 1f3a --exit-command /usr/bin/podman --exit-command-arg cleanup"

test("what runs comes before what is installed: podman with a container, its service, a daemon of another runtime", (t) => {
  const order = (...trees: Tree[]) =>
    detectFiles(plant(t, process(1, "/sbin/init"), ...trees)).runtimes.map(
      ({ name, isRunning }) => `${name}${isRunning ? " runs" : ""}`,
    )
  assert.deepEqual(order(PODMAN, CONTAINERD_UNIT), ["containerd", "podman"])
  assert.deepEqual(order(PODMAN, CONTAINERD_UNIT, process(70, CONMON)), ["podman runs", "containerd"])
  const service = process(71, "/usr/bin/podman system service --time=0")
  assert.deepEqual(order(PODMAN, CONTAINERD_UNIT, service), ["podman runs", "containerd"])
  // The monitor of a container of CRI-O.
  const other = process(72, "/usr/bin/conmon -b /var/run/containers -c 1f3a --exit-dir /var/run/crio/exits")
  assert.deepEqual(order(PODMAN, CONTAINERD_UNIT, other), ["containerd", "podman"])
})

test("what runs comes before what a kubelet that does not run was configured with", (t) => {
  const former = {
    [CONFIG]: "version = 2\n",
    "/var/lib/kubelet/config.yaml": "containerRuntimeEndpoint: unix:///run/containerd/containerd.sock\n",
  }
  const crio = process(9, "/usr/bin/crio")
  const names = (...trees: Tree[]) =>
    detectFiles(plant(t, process(1, "init"), former, ...trees)).runtimes.map(({ name }) => name)
  assert.deepEqual(names(crio), ["cri-o", "containerd"])
  // It will use containerd as soon as that is started again.
  assert.deepEqual(names(crio, process(10, "/usr/bin/kubelet")), ["containerd", "cri-o"])
})

test("options override everything; an empty root has the default directories", (t) => {
  const root = plant(t, { "/usr/lib/cni/bridge": program })
  const found = detectFiles(root)
  assert.deepEqual(
    { runtime: found.runtime, networks: found.networks, plugins: found.plugins, agents: found.agents },
    { runtime: undefined, networks: [], plugins: [], agents: [] },
  )
  assert.deepEqual(found.binDirs, { value: ["/usr/lib/cni"], from: "the default of every runtime" })
  const given = detectFiles(root, { confDir: "/x/net.d", binDirs: ["/x/bin", "/y/bin"] })
  assert.deepEqual(
    [given.confDir, given.binDirs],
    [
      { value: "/x/net.d", from: "--conf-dir" },
      { value: ["/x/bin", "/y/bin"], from: "--bin-dir" },
    ],
  )
})

test("a socket alone is evidence of a runtime", (t) => {
  const sockets = { "/run/containerd/containerd.sock": "", "/run/crio/crio.sock": "" }
  assert.deepEqual(
    detectFiles(plant(t, sockets)).runtimes.map(({ name, evidence, isRunning }) => [name, evidence, isRunning]),
    [
      ["containerd", ["/run/containerd/containerd.sock"], false],
      ["cri-o", ["/run/crio/crio.sock"], false],
    ],
  )
})

test("symlinks of a mounted node are resolved inside its root", (t) => {
  const root = plant(t, {
    "/etc/cni": "-> /srv/cni",
    "/srv/cni/net.d/10-a.conflist": '{"name":"a","cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}',
    "/opt": "-> ../../../../../../srv/opt",
    "/srv/opt/cni/bin/bridge": "-> /usr/bin/env",
    "/usr/bin/env": program,
  })
  const { networks, plugins } = detectFiles(root)
  assert.deepEqual(
    networks.map(({ file, name }) => [file, name]),
    [["/etc/cni/net.d/10-a.conflist", "a"]],
  )
  assert.deepEqual(
    plugins.map(({ path, target }) => [path, target]),
    [["/opt/cni/bin/bridge", "/usr/bin/env"]],
  )
})

test("containerd 2.1 does not start with both keys; an empty one does not count", (t) => {
  const both = (single: string) => {
    const text = `version = 3\n[${V3}]\nbin_dir = "${single}"\nbin_dirs = ["/opt/cni/bin"]\n`
    return runtimeOf(plant(t, dpkg("containerd.io", "2.1.4-1"), { [CONFIG]: text })).broken
  }
  assert.equal(both(""), undefined)
  assert.equal(both("/usr/lib/cni"), `${CONFIG}: bin_dir and bin_dirs are both set`)
  const config = { [CONFIG]: `version = 3\n[${V3}]\nbin_dir = "/usr/lib/cni"\n` }
  const { binDirs, pathSetting } = runtimeOf(plant(t, dpkg("containerd.io", "2.1.4-1"), config))
  assert.deepEqual(binDirs.value, ["/usr/lib/cni"])
  assert.deepEqual(pathSetting, {
    file: CONFIG,
    key: `${V3}.bin_dirs`,
    kind: "list",
    value: ["/usr/lib/cni"],
    restart: "systemctl restart containerd",
    note: `remove ${CONFIG}, ${V3}.bin_dir: containerd does not start with both keys`,
  })
})

test("a configuration file that is relative to the daemon's working directory", (t) => {
  const config = `version = 2\n[${V2}]\nbin_dir = "/srv/bin"\n`
  const root = plant(t, process(612, "/usr/bin/containerd -c containerd.toml"), dpkg("containerd.io", "1.7.27-1"), {
    "/proc/612/cwd": "-> /srv/conf",
    "/srv/conf/containerd.toml": config,
  })
  assert.deepEqual(decision(runtimeOf(root)), {
    conf: "/etc/cni/net.d (containerd's default)",
    bin: `/srv/bin (/srv/conf/containerd.toml, ${V2}.bin_dir)`,
    set: `single ${V2}.bin_dir in /srv/conf/containerd.toml`,
  })
})
