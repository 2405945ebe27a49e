/** A plugin of a network list; `delegates`: those that it calls itself, IPAM among them. */
export type Plugin = {
  type: string
  network: string
  ifname?: string
  delegates?: Plugin[]
  config: object
  redacted?: string[]
  log?(containerId: string): string
}

export type Chain = { name: string; plugins: Plugin[] }

/** The configuration as libcni gives it on stdin: keys sorted, as Go marshals a map. */
export function configOf(plugin: Plugin, command: string, ip: string | undefined, uid: string | undefined): string {
  const config = {
    cniVersion: "1.0.0",
    name: plugin.network,
    type: plugin.type,
    ...plugin.config,
    ...(ip && command !== "ADD" ? { prevResult: result(plugin, ip, uid ?? "") } : {}),
  }
  return JSON.stringify(Object.fromEntries(Object.entries(config).toSorted(([a], [b]) => (a < b ? -1 : 1))))
}

/** The result of an ADD as Go's plugins print it. */
export function resultOf(plugin: Plugin, ip: string, uid: string): string {
  return JSON.stringify(result(plugin, ip, uid), null, 4)
}

function result({ type, ifname }: Plugin, ip: string, uid: string): object {
  const isIpam = type.endsWith("-ipam") || type === "host-local" || type === "whereabouts"
  const sandbox = `/var/run/netns/cni-${uid}`
  return {
    cniVersion: "1.0.0",
    ...(isIpam
      ? {}
      : {
          interfaces: [
            { name: `cali${uid.slice(0, 11)}`, mac: "ee:ee:ee:ee:ee:ee" },
            { name: ifname ?? "eth0", mac: `7a:0e:30:${uid.slice(0, 2)}:9c:aa`, sandbox },
          ],
        }),
    ips: [{ ...(isIpam ? {} : { interface: 1 }), address: `${ip}/32`, gateway: "169.254.1.1" }],
    routes: [{ dst: "0.0.0.0/0", gw: "169.254.1.1" }, { dst: "169.254.1.1/32" }],
    dns: {},
  }
}

const KUBERNETES = { kubeconfig: "/etc/cni/net.d/calico-kubeconfig", k8s_api_root: "https://10.96.0.1:443" }
const IPAM_RANGES = { type: "host-local", ranges: [[{ subnet: "10.244.0.0/16" }]], routes: [{ dst: "0.0.0.0/0" }] }

function calico(network: string): Plugin {
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
    runtimeConfig: { mac: "", portMappings: [], bandwidth: {} },
    feature_control: { ip_addrs_no_ipam: true, floating_ips: true },
    windows_use_single_network: true,
  }
  const redacted = ["/policy/k8s_auth_token"]
  return {
    type: "calico",
    network,
    config,
    redacted,
    delegates: [{ type: "calico-ipam", network, config, redacted, log: calicoLog }],
    log: calicoLog,
  }
}

function calicoLog(containerId: string): string {
  return [
    `2026-09-21 03:00:00.101 [INFO][4711] cni-plugin/plugin.go 340: Calico CNI found existing endpoint ContainerID="${containerId}"`,
    `2026-09-21 03:00:00.114 [INFO][4711] ipam/ipam.go 1216: Successfully claimed IPs handle="k8s-pod-network.${containerId}" host="worker-17"`,
    `2026-09-21 03:00:00.120 [INFO][4711] cni-plugin/k8s.go 414: Added Mac, interface name, and active container ID to endpoint ContainerID="${containerId}"\n`,
  ].join("\n")
}

function portmap(network: string): Plugin {
  const config = { capabilities: { portMappings: true }, snat: true, runtimeConfig: { portMappings: [] } }
  return { type: "portmap", network, config }
}

function bandwidth(network: string): Plugin {
  const config = {
    capabilities: { bandwidth: true },
    runtimeConfig: { bandwidth: { ingressRate: 1e7, egressRate: 1e7 } },
  }
  return { type: "bandwidth", network, config }
}

const flannel: Plugin = {
  type: "flannel",
  network: "cbr0",
  config: { delegate: { hairpinMode: true, isDefaultGateway: true }, subnetFile: "/run/flannel/subnet.env" },
  delegates: [
    {
      type: "bridge",
      network: "cbr0",
      config: {
        bridge: "cni0",
        mtu: 1450,
        hairpinMode: true,
        isGateway: true,
        isDefaultGateway: true,
        ipam: IPAM_RANGES,
      },
      delegates: [{ type: "host-local", network: "cbr0", config: { bridge: "cni0", mtu: 1450, ipam: IPAM_RANGES } }],
    },
  ],
}

const storage = { ipam: { type: "whereabouts", range: "192.168.70.0/24", kubernetes: KUBERNETES } }
const multus: Plugin = {
  type: "multus",
  network: "multus-cni-network",
  config: {
    kubeconfig: "/etc/cni/net.d/multus.d/multus.kubeconfig",
    capabilities: { portMappings: true, bandwidth: true },
    delegates: [{ cniVersion: "1.0.0", name: "k8s-pod-network", plugins: [calico("k8s-pod-network").config] }],
  },
  delegates: [
    calico("k8s-pod-network"),
    {
      type: "macvlan",
      network: "storage",
      ifname: "net1",
      config: { master: "eth1", mode: "bridge", ...storage },
      delegates: [{ type: "whereabouts", network: "storage", ifname: "net1", config: storage }],
    },
  ],
}

/** Lists of the networks that nodes have; one of them twice, because it is the commonest. */
export const CHAINS: Chain[] = [
  { name: "calico", plugins: [calico("k8s-pod-network"), bandwidth("k8s-pod-network"), portmap("k8s-pod-network")] },
  { name: "calico", plugins: [calico("k8s-pod-network"), bandwidth("k8s-pod-network"), portmap("k8s-pod-network")] },
  { name: "flannel", plugins: [flannel, portmap("cbr0")] },
  { name: "multus", plugins: [multus] },
]
