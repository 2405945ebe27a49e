/** A result of ADD. */
export type PluginResult = { cniVersion: string; interfaces?: Interface[]; ips: Ip[]; routes: object[]; dns: object }
type Interface = { name: string; mac?: string; sandbox?: string }
type Ip = { address: string; gateway: string; interface?: number }

/** The values of a pod that its results contain; `number` counts the pods. */
export type PodFacts = { number: number; uid: string; netns: string }

/** `given`: the previous result in the list; `delegates`: the results of the plugins that it called. */
type Known = { given: PluginResult | undefined; delegates: readonly PluginResult[] }

/** A plugin of a network list; `delegates`: plugins that it calls itself, including IPAM. */
export type ListPlugin = {
  type: string
  network: string
  cniVersion: string
  ifname?: string
  delegates?: ListPlugin[]
  /** calls its delegates on CHECK too */
  checksDelegates?: true
  /** gets the configuration of its caller, as the specification requires */
  isIpam?: true
  config: object
  /** keys that the runtime adds, except for STATUS */
  runtimeConfig?: object
  redacted?: string[]
  log?(containerId: string): string
  result(pod: PodFacts, known: Known): PluginResult
}

/** The list of a network, as on its nodes. */
export type Chain = { network: string; plugins: ListPlugin[] }

/** The configuration as libcni gives it on stdin: keys sorted, as Go marshals a map. */
export function configOf(plugin: ListPlugin, command: string, prevResult: PluginResult | undefined): string {
  const { cniVersion, network, type, config, runtimeConfig } = plugin
  const whole = {
    cniVersion,
    name: network,
    type,
    ...config,
    ...(runtimeConfig && command !== "STATUS" ? { runtimeConfig } : {}),
    ...(prevResult ? { prevResult } : {}),
  }
  return JSON.stringify(Object.fromEntries(Object.entries(whole).toSorted(([a], [b]) => (a < b ? -1 : 1))))
}

/** As Go's plugins print it. */
export function resultText(result: PluginResult): string {
  return JSON.stringify(result, null, 4)
}

const KUBERNETES = { kubeconfig: "/etc/cni/net.d/calico-kubeconfig", k8s_api_root: "https://10.96.0.1:443" }
const IPAM_RANGES = { type: "host-local", ranges: [[{ subnet: "10.244.0.0/16" }]], routes: [{ dst: "0.0.0.0/0" }] }

function calico(network: string): ListPlugin {
  const cniVersion = "1.1.0"
  const config = {
    log_level: "info",
    log_file_path: "/var/log/calico/cni/cni.log",
    datastore_type: "kubernetes",
    nodename: "worker-17",
    mtu: 1440,
    nodename_file_optional: false,
    ipam: { type: "calico-ipam", assign_ipv4: "true", assign_ipv6: "false" },
    container_settings: { allow_ip_forwarding: false },
    policy: { type: "k8s", k8s_auth_token: "[redacted]" },
    kubernetes: KUBERNETES,
    feature_control: { ip_addrs_no_ipam: true, floating_ips: true },
    windows_use_single_network: true,
  }
  const ipam: ListPlugin = {
    type: "calico-ipam",
    network,
    cniVersion,
    isIpam: true,
    config,
    log: calicoLog,
    result: (pod) => ({
      cniVersion,
      ips: [{ address: `${address(pod)}/32`, gateway: "169.254.1.1" }],
      routes: [],
      dns: {},
    }),
  }
  return {
    type: "calico",
    network,
    cniVersion,
    config,
    redacted: ["/policy/k8s_auth_token"],
    delegates: [ipam],
    log: calicoLog,
    result: (pod, { delegates }) => ({
      cniVersion,
      interfaces: [
        { name: `cali${pod.uid.slice(0, 8)}`, mac: "ee:ee:ee:ee:ee:ee" },
        { name: "eth0", mac: mac(pod, "7a"), sandbox: pod.netns },
      ],
      ips: on(1, delegates),
      routes: [{ dst: "0.0.0.0/0", gw: "169.254.1.1" }, { dst: "169.254.1.1/32" }],
      dns: {},
    }),
  }
}

function calicoLog(containerId: string): string {
  return [
    `2026-09-21 03:00:00.101 [INFO][4711] cni-plugin/plugin.go 340: Calico CNI found existing endpoint ContainerID="${containerId}"`,
    `2026-09-21 03:00:00.114 [INFO][4711] ipam/ipam.go 1216: Successfully claimed IPs handle="k8s-pod-network.${containerId}" host="worker-17"`,
    `2026-09-21 03:00:00.120 [INFO][4711] cni-plugin/k8s.go 414: Added Mac, interface name, and active container ID to endpoint ContainerID="${containerId}"\n`,
  ].join("\n")
}

function portmap(network: string, cniVersion: string): ListPlugin {
  const config = { capabilities: { portMappings: true }, snat: true }
  const runtimeConfig = { portMappings: [] }
  return { type: "portmap", network, cniVersion, config, runtimeConfig, result: (_pod, known) => before(known) }
}

function bandwidth(network: string, cniVersion: string): ListPlugin {
  return {
    type: "bandwidth",
    network,
    cniVersion,
    config: { capabilities: { bandwidth: true } },
    runtimeConfig: { bandwidth: { ingressRate: 1e7, egressRate: 1e7 } },
    result(pod, known) {
      const { interfaces = [], ...rest } = before(known)
      const ifb = { name: `bwp${pod.uid.slice(-12)}`, mac: mac(pod, "3e") }
      return { ...rest, interfaces: [...interfaces, ifb] }
    },
  }
}

function flannel(network: string, cniVersion: string): ListPlugin {
  const hostLocal: ListPlugin = {
    type: "host-local",
    network,
    cniVersion,
    isIpam: true,
    config: {},
    result: (pod) => ({
      cniVersion,
      ips: [{ address: `${address(pod)}/24`, gateway: address(pod).replace(/\d+$/, "1") }],
      routes: [{ dst: "0.0.0.0/0" }],
      dns: {},
    }),
  }
  const bridge: ListPlugin = {
    type: "bridge",
    network,
    cniVersion,
    config: {
      bridge: "cni0",
      mtu: 1450,
      hairpinMode: true,
      isGateway: true,
      isDefaultGateway: true,
      ipam: IPAM_RANGES,
    },
    delegates: [hostLocal],
    result: (pod, { delegates }) => ({
      cniVersion,
      interfaces: [
        { name: "cni0", mac: "0a:58:0a:f4:00:01" },
        { name: `veth${pod.uid.slice(0, 8)}`, mac: mac(pod, "52") },
        { name: "eth0", mac: mac(pod, "0a"), sandbox: pod.netns },
      ],
      ips: on(2, delegates),
      routes: delegates[0]?.routes ?? [],
      dns: {},
    }),
  }
  return {
    type: "flannel",
    network,
    cniVersion,
    config: { delegate: { hairpinMode: true, isDefaultGateway: true }, subnetFile: "/run/flannel/subnet.env" },
    delegates: [bridge],
    result: (_pod, known) => before(known),
  }
}

function macvlan(network: string, cniVersion: string): ListPlugin {
  const config = {
    master: "eth1",
    mode: "bridge",
    ipam: { type: "whereabouts", range: "192.168.0.0/16", kubernetes: KUBERNETES },
  }
  const ifname = "net1"
  const whereabouts: ListPlugin = {
    type: "whereabouts",
    network,
    cniVersion,
    ifname,
    isIpam: true,
    config,
    result: ({ number }) => ({
      cniVersion,
      ips: [{ address: `192.168.${(number >> 8) & 255}.${number & 255}/16`, gateway: "192.168.0.1" }],
      routes: [],
      dns: {},
    }),
  }
  return {
    type: "macvlan",
    network,
    cniVersion,
    ifname,
    config,
    delegates: [whereabouts],
    checksDelegates: true,
    result: (pod, { delegates }) => ({
      cniVersion,
      interfaces: [{ name: ifname, mac: mac(pod, "aa"), sandbox: pod.netns }],
      ips: on(0, delegates),
      routes: [],
      dns: {},
    }),
  }
}

function multus(network: string, cniVersion: string): ListPlugin {
  const master = calico("k8s-pod-network")
  return {
    type: "multus",
    network,
    cniVersion,
    config: {
      kubeconfig: "/etc/cni/net.d/multus.d/multus.kubeconfig",
      capabilities: { portMappings: true, bandwidth: true },
      delegates: [{ cniVersion: master.cniVersion, name: master.network, plugins: [master.config] }],
    },
    delegates: [master, macvlan("storage", cniVersion)],
    checksDelegates: true,
    result: (_pod, known) => before(known),
  }
}

/** The result of a plugin that adds nothing: the previous result, or that of its first delegate. */
function before({ given, delegates }: Known): PluginResult {
  const result = given ?? delegates[0]
  if (!result) throw new Error("there is no result to pass on")
  return result
}

/** The addresses from IPAM, on an interface of the list. */
function on(index: number, [ipam]: readonly PluginResult[]): Ip[] {
  return (ipam?.ips ?? []).map((ip) => ({ interface: index, ...ip }))
}

function address({ number }: PodFacts): string {
  return `10.${244 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`
}

function mac({ uid }: PodFacts, first: string): string {
  return `${first}:0e:30:${uid.slice(0, 2)}:${uid.slice(2, 4)}:${uid.slice(4, 6)}`
}

const CALICO: Chain = {
  network: "k8s-pod-network",
  plugins: [calico("k8s-pod-network"), bandwidth("k8s-pod-network", "1.1.0"), portmap("k8s-pod-network", "1.1.0")],
}

/** The lists of the nodes' networks; the most common one occurs twice. */
export const CHAINS: Chain[] = [
  CALICO,
  CALICO,
  { network: "cbr0", plugins: [flannel("cbr0", "1.0.0"), portmap("cbr0", "1.0.0")] },
  { network: "multus-cni-network", plugins: [multus("multus-cni-network", "1.1.0")] },
]
