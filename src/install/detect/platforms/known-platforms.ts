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
  /** `ID` or `NAME` of /etc/os-release, in lower case */
  ids?: readonly string[]
  /** files and directories that identify it; one is sufficient */
  paths?: readonly string[]
  /** used if no runtime configuration is found: the first existing directory, or else the first one */
  confDirs: readonly string[]
  binDirs: readonly string[]
  /** one sentence for people that applies to every mode */
  caveat?: string
}

const CONF_DIR = "/etc/cni/net.d"
const BIN_DIR = "/opt/cni/bin"

/** In order of precedence: distributions with their own runtime come before the operating systems they may run on. */
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
    caveat:
      "Bottlerocket runs plugins as container_t: if SELinux does not let that domain write to the capture, calls work but are not recorded",
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

/** Any other system; packages of distributions install plugins into the last two directories. */
export const DEFAULT_PLATFORM: Platform = {
  name: "default",
  confDirs: [CONF_DIR],
  binDirs: [BIN_DIR, "/usr/libexec/cni", "/usr/lib/cni"],
}
