import { mountinfo, process, programs, type Tree } from "../install/plant.ts"

const MODULES = ["bridge", "veth", "nf_nat", "xt_comment", "xt_mark", "xt_multiport", "xt_MASQUERADE"]

export const LIST = "/etc/cni/net.d/10-containerd-net.conflist"

/** A node without findings: containerd 1.7, bridge with host-local, portmap. */
export const HEALTHY: Tree = {
  ...process(1, "/sbin/init"),
  ...process(612, "/usr/bin/containerd"),
  ...mountinfo("/ ext4 rw,relatime"),
  "/usr/sbin/iptables": { mode: 0o755, text: "" },
  "/bin/true": { mode: 0o755, text: "#!/bin/true\n" },
  "/etc/containerd/config.toml": "version = 2\n",
  "/var/lib/dpkg/status": "Package: containerd.io\nVersion: 1.7.24-1\n",
  ...programs("/opt/cni/bin", "bridge", "host-local", "portmap", "loopback"),
  [LIST]: list({}),
  "/proc/sys/kernel/osrelease": "6.1.0-18-amd64\n",
  "/proc/sys/net/ipv4/ip_forward": "1\n",
  "/proc/modules": MODULES.map((name) => `${name} 16384 1 - Live 0x0\n`).join(""),
  "/lib/modules/6.1.0-18-amd64/modules.builtin": "kernel/net/core/core.ko\n",
  "/lib/modules/6.1.0-18-amd64/modules.dep":
    "kernel/fs/overlayfs/overlay.ko:\nkernel/net/bridge/br_netfilter.ko.xz: kernel/net/bridge/bridge.ko.xz\n",
}

/** The network list of the healthy node, with additional or replaced keys. */
export function list(more: object): string {
  return JSON.stringify(
    {
      cniVersion: "1.0.0",
      name: "containerd-net",
      plugins: [
        { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: true, ipam: ranged("10.88.0.0/16") },
        { type: "portmap", capabilities: { portMappings: true } },
      ],
      ...more,
    },
    null,
    2,
  )
}

export function ranged(subnet: string): object {
  return { type: "host-local", ranges: [[{ subnet }]], routes: [{ dst: "0.0.0.0/0" }] }
}
