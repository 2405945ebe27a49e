import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { mountinfo, process, programs, type Tree } from "../plant.ts"

const CONFLISTS = join(import.meta.dirname, "../../fixtures/conflists")

/** The network configurations of a real network (test/fixtures/conflists), placed in this directory. */
export function conflists(name: string, directory = "/etc/cni/net.d"): Tree {
  const folder = join(CONFLISTS, name)
  return Object.fromEntries(
    readdirSync(folder).map((file) => [join(directory, file), readFileSync(join(folder, file), "utf8")]),
  )
}

/** One node of every platform, with the files that detect reads. */
export const PLATFORM_TREES = {
  kubeadm: {
    ...process(1, "/sbin/init"),
    ...process(612, "/usr/bin/containerd", { executable: "/usr/bin/containerd" }),
    ...process(733, "/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml"),
    ...process(1901, "calico-node -felix", { namespace: "mnt:[2]" }),
    "/etc/os-release": 'NAME="Debian GNU/Linux"\nID=debian\n',
    "/var/lib/dpkg/status":
      "Package: containerd.io\nStatus: install ok installed\nVersion: 1.7.24-1\n\nPackage: runc\nVersion: 1.1.5\n",
    "/var/lib/kubelet/config.yaml":
      "kind: KubeletConfiguration\ncontainerRuntimeEndpoint: unix:///var/run/containerd/containerd.sock\n",
    "/var/run": "-> /run",
    "/run/containerd/containerd.sock": "",
    "/etc/containerd/config.toml":
      'version = 2\n[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]\nSystemdCgroup = true\n',
    ...conflists("calico"),
    ...programs("/opt/cni/bin", "calico", "calico-ipam", "portmap", "loopback"),
    ...mountinfo("/ ext4 rw,relatime"),
  },
  k3s: {
    ...mountinfo("/ ext4 rw,relatime"),
    ...process(1, "/sbin/init"),
    ...process(
      900,
      "containerd -c /var/lib/rancher/k3s/agent/etc/containerd/config.toml -a /run/k3s/containerd/containerd.sock",
      { executable: "/var/lib/rancher/k3s/data/5d8e/bin/containerd" },
    ),
    "/var/lib/rancher/k3s/agent/etc/containerd/config.toml": `# generated
version = 3
[grpc]
  address = "/run/k3s/containerd/containerd.sock"
[plugins."io.containerd.cri.v1.runtime".cni]
  bin_dir = "/var/lib/rancher/k3s/data/cni"
  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"
`,
    ...conflists("k3s", "/var/lib/rancher/k3s/agent/etc/cni/net.d"),
    ...programs("/var/lib/rancher/k3s/data/5d8e/bin", "cni"),
    ...Object.fromEntries(
      ["bridge", "flannel", "host-local", "portmap", "bandwidth", "loopback"].map((name) => [
        `/var/lib/rancher/k3s/data/cni/${name}`,
        "-> /var/lib/rancher/k3s/data/5d8e/bin/cni",
      ]),
    ),
  },
  k3d: {
    ...mountinfo("/ ext4 rw,relatime"),
    "/etc/os-release": 'NAME="K3s"\n',
    "/var/lib/rancher/k3s/agent/etc/containerd/config.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/bin"
  conf_dir = "/var/lib/rancher/k3s/agent/etc/cni/net.d"
`,
    ...conflists("k3s", "/var/lib/rancher/k3s/agent/etc/cni/net.d"),
    ...programs("/bin", "cni"),
    ...Object.fromEntries(
      ["bridge", "flannel", "host-local", "portmap", "bandwidth"].map((name) => [`/bin/${name}`, "-> cni"]),
    ),
  },
  rke2: {
    ...mountinfo("/ ext4 rw,relatime"),
    ...process(1, "/usr/lib/systemd/systemd"),
    ...process(
      950,
      "containerd -c /var/lib/rancher/rke2/agent/etc/containerd/config.toml -a /run/k3s/containerd/containerd.sock",
    ),
    "/sys/fs/selinux/enforce": "1",
    "/var/lib/rancher/rke2/agent/etc/containerd/config.toml":
      'version = 3\nroot = "/var/lib/rancher/rke2/agent/containerd"\n[grpc]\naddress = "/run/k3s/containerd/containerd.sock"\n',
    ...conflists("canal"),
    ...programs("/opt/cni/bin", "calico", "host-local", "portmap"),
  },
  microk8s: {
    ...mountinfo("/ ext4 rw,relatime"),
    "/var/snap/microk8s/current": "-> 7449",
    "/var/snap/microk8s/7449/args/containerd.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/var/snap/microk8s/7449/opt/cni/bin"
  conf_dir = "/var/snap/microk8s/7449/args/cni-network"
`,
    ...conflists("calico", "/var/snap/microk8s/7449/args/cni-network"),
    ...programs("/var/snap/microk8s/7449/opt/cni/bin", "calico", "calico-ipam", "portmap"),
    ...process(1, "/sbin/init"),
    ...process(
      2210,
      "/snap/microk8s/7449/bin/containerd --config /var/snap/microk8s/7449/args/containerd.toml --address /var/snap/microk8s/common/run/containerd.sock",
    ),
  },
  gke: {
    "/etc/os-release": 'NAME="Container-Optimized OS"\nID=cos\n',
    "/etc/containerd/config.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "/home/kubernetes/bin"
  conf_dir = "/etc/cni/net.d"
  conf_template = ""
`,
    ...conflists("containerd-bridge"),
    ...programs("/home/kubernetes/bin", "bridge", "host-local", "portmap", "ptp"),
    ...mountinfo(
      "/ ext4 ro,relatime",
      "/etc tmpfs rw,nosuid",
      "/home ext4 rw,nosuid,nodev,noexec",
      "/home/kubernetes/bin ext4 rw,nosuid,nodev",
    ),
  },
  aks: {
    ...mountinfo("/ ext4 rw,relatime"),
    "/etc/kubernetes/azure.json": "{}",
    "/etc/containerd/config.toml": 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "pause"\n',
    ...conflists("azure"),
    ...programs("/opt/cni/bin", "azure-vnet", "portmap"),
  },
  openshift: {
    ...process(1, "/usr/lib/systemd/systemd"),
    ...process(1200, "/usr/bin/crio"),
    ...process(1300, "/usr/bin/kubelet --container-runtime-endpoint=/var/run/crio/crio.sock"),
    ...process(2400, "/usr/src/multus-cni/bin/multus-daemon", { namespace: "mnt:[2]" }),
    ...process(2500, "/usr/bin/ovnkube --init-ovnkube-controller", { namespace: "mnt:[3]" }),
    "/etc/os-release": 'NAME="Red Hat Enterprise Linux CoreOS"\nID="rhcos"\n',
    "/sys/fs/selinux/enforce": "1",
    "/etc/crio/crio.conf": '[crio.network]\nnetwork_dir = "/etc/cni/net.d/"\nplugin_dirs = ["/usr/libexec/cni"]\n',
    "/etc/crio/crio.conf.d/00-default": `[crio.network]
network_dir = "/etc/kubernetes/cni/net.d/"
plugin_dirs = ["/var/lib/cni/bin", "/usr/libexec/cni"]
`,
    ...conflists("openshift", "/etc/kubernetes/cni/net.d"),
    ...conflists("ovn-kubernetes", "/run/multus/cni/net.d"),
    ...programs("/var/lib/cni/bin", "multus-shim", "ovn-k8s-cni-overlay"),
    ...mountinfo("/ xfs ro,relatime", "/etc xfs rw", "/var xfs rw", "/run tmpfs rw,nosuid,nodev"),
  },
  talos: {
    ...process(1, "/sbin/init"),
    ...process(
      1800,
      "/bin/containerd --address /system/run/containerd/containerd.sock --config /etc/containerd/config.toml",
    ),
    ...process(1900, "/bin/containerd --address /run/containerd/containerd.sock --config /etc/cri/containerd.toml"),
    ...process(2000, "/usr/local/bin/kubelet --container-runtime-endpoint=unix:///run/containerd/containerd.sock", {
      namespace: "mnt:[2]",
    }),
    "/etc/os-release": 'NAME="Talos"\nID=talos\n',
    "/etc/containerd/config.toml":
      'version = 3\ndisabled_plugins = ["io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"]\n',
    "/etc/cri/containerd.toml": 'version = 3\nimports = ["/etc/cri/conf.d/cri.toml"]\n',
    "/etc/cri/conf.d/cri.toml":
      'version = 3\n[plugins."io.containerd.cri.v1.runtime".cni]\nbin_dirs = ["/opt/cni/bin"]\nconf_dir = "/etc/cni/net.d"\n',
    ...conflists("flannel"),
    ...programs("/opt/cni/bin", "flannel", "bridge", "host-local", "portmap", "loopback"),
    ...mountinfo("/ squashfs ro,relatime", "/etc/cni overlay rw,nosuid,nodev", "/opt overlay rw,nosuid,nodev"),
  },
  bottlerocket: {
    "/etc/os-release": "NAME=Bottlerocket\nID=bottlerocket\n",
    "/sys/fs/selinux/enforce": "1",
    "/etc/containerd/config.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/opt/cni/bin"
conf_dir = "/etc/cni/net.d"
`,
    ...conflists("aws-vpc-cni"),
    ...programs("/opt/cni/bin", "aws-cni", "egress-cni", "host-local", "portmap"),
    ...mountinfo("/ ext4 ro,relatime", "/etc tmpfs rw,nosuid,nodev", "/opt/cni overlay rw,nosuid,nodev,relatime"),
  },
  nixos: {
    "/etc/NIXOS": "",
    "/etc/os-release": "NAME=NixOS\nID=nixos\n",
    "/etc/systemd/system/containerd.service":
      "[Service]\nExecStart=/nix/store/abc-containerd/bin/containerd --config=/nix/store/def-containerd.toml\n",
    "/nix/store/def-containerd.toml": `version = 2
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/nix/store/ghi-cni-plugins/bin"
`,
    ...conflists("containerd-bridge"),
    ...programs("/nix/store/ghi-cni-plugins/bin", "bridge", "host-local", "portmap"),
    ...mountinfo("/ ext4 rw", "/nix/store ext4 ro,nosuid,nodev"),
  },
} satisfies Record<string, Tree>
