export type PlatformName =
  | "default"
  | "k3s"
  | "k3d"
  | "rke2"
  | "microk8s"
  | "gke"
  | "aks"
  | "openshift"
  | "talos"
  | "bottlerocket"
  | "nixos"

export type Platform = {
  name: PlatformName
  /** `ID` or `NAME` of /etc/os-release, in small letters */
  ids?: readonly string[]
  /** files and directories that tell of it; one is enough */
  paths?: readonly string[]
  /** where its runtime looks, should no configuration of a runtime be found; the first that is there, else the first */
  confDirs: readonly string[]
  binDirs: readonly string[]
  /** what to mind there, whatever the mode: one sentence for people */
  mind?: string
}

const CONF_DIR = "/etc/cni/net.d"
const BIN_DIR = "/opt/cni/bin"

/**
 * In the order of asking: distributions that bring their own runtime before the systems that they may run on
 * (cni-semantics D3).
 */
export const PLATFORMS: readonly Platform[] = [
  {
    name: "k3d",
    ids: ["k3s"],
    paths: ["/bin/aux/xtables-legacy-multi"],
    confDirs: ["/var/lib/rancher/k3s/agent/etc/cni/net.d"],
    binDirs: ["/var/lib/rancher/k3s/data/cni", "/bin"],
  },
  {
    name: "k3s",
    paths: ["/var/lib/rancher/k3s/agent", "/etc/rancher/k3s"],
    confDirs: ["/var/lib/rancher/k3s/agent/etc/cni/net.d"],
    binDirs: ["/var/lib/rancher/k3s/data/cni", "/var/lib/rancher/k3s/data/current/bin"],
  },
  {
    name: "rke2",
    paths: ["/var/lib/rancher/rke2/agent", "/etc/rancher/rke2"],
    confDirs: [CONF_DIR],
    binDirs: [BIN_DIR],
  },
  {
    name: "microk8s",
    paths: ["/var/snap/microk8s/current"],
    confDirs: ["/var/snap/microk8s/current/args/cni-network"],
    binDirs: ["/var/snap/microk8s/current/opt/cni/bin"],
  },
  {
    name: "openshift",
    ids: ["rhcos", "scos"],
    paths: ["/etc/kubernetes/cni/net.d"],
    confDirs: ["/etc/kubernetes/cni/net.d"],
    binDirs: ["/var/lib/cni/bin"],
  },
  { name: "talos", ids: ["talos"], confDirs: [CONF_DIR], binDirs: [BIN_DIR] },
  {
    name: "bottlerocket",
    ids: ["bottlerocket"],
    confDirs: [CONF_DIR],
    binDirs: [BIN_DIR],
    mind: "Bottlerocket runs plugins as container_t: where that domain may not write, nothing is recorded, and calls go on",
  },
  {
    name: "gke",
    ids: ["cos"],
    paths: ["/home/kubernetes/bin"],
    confDirs: [CONF_DIR],
    binDirs: ["/home/kubernetes/bin"],
  },
  {
    name: "aks",
    paths: ["/etc/kubernetes/azure.json", "/opt/azure/containers"],
    confDirs: [CONF_DIR],
    binDirs: [BIN_DIR],
  },
  {
    name: "nixos",
    ids: ["nixos"],
    paths: ["/etc/NIXOS"],
    confDirs: [CONF_DIR],
    binDirs: [BIN_DIR],
  },
]

/** Everything else; distributions' packages put plugins into the last two. */
export const DEFAULT_PLATFORM: Platform = {
  name: "default",
  confDirs: [CONF_DIR],
  binDirs: [BIN_DIR, "/usr/libexec/cni", "/usr/lib/cni"],
}
