import assert from "node:assert/strict"
import { test } from "node:test"
import { detectFiles } from "../no-programs.ts"
import { plant } from "../plant.ts"
import { factsText } from "./facts-text.ts"
import { PLATFORM_TREES } from "./platform-trees.ts"

test("kubeadm on Debian: the running containerd is used, whatever path its socket has", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.kubeadm))),
    `platform default: no sign of another
runtime containerd 1.7.24 running
  [process 612; /etc/containerd/config.toml; /run/containerd/containerd.sock] /run/containerd/containerd.sock
  libcni 1.1, networks first 1 files, loopback
  path: single plugins."io.containerd.grpc.v1.cri".cni.bin_dir in /etc/containerd/config.toml, then systemctl restart containerd
conf /etc/cni/net.d (containerd's default)
bin /opt/cni/bin (containerd's default)
active /etc/cni/net.d/10-calico.conflist k8s-pod-network 1.0.0: calico, portmap
plugin calico by the list: /opt/cni/bin/calico
plugin calico-ipam by IPAM of calico: /opt/cni/bin/calico-ipam
plugin portmap by the list: /opt/cni/bin/portmap
agent calico: swap overwrites-at-start, list overwrites-at-start [/etc/cni/net.d/10-calico.conflist, calico; process 1901, calico-node]
mount /etc/cni/net.d on / ext4
mount /opt/cni/bin on / ext4`,
  )
})

test("k3s: the configuration it generates, a multi-call binary behind symlinks", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.k3s))),
    `platform k3s: /var/lib/rancher/k3s/agent
runtime containerd ? running
  [process 900; /var/lib/rancher/k3s/agent/etc/containerd/config.toml] /run/k3s/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.cri.v1.runtime".cni.bin_dir in /var/lib/rancher/k3s/agent/etc/containerd/config-v3.toml.tmpl, then systemctl restart k3s (k3s regenerates config.toml at each start, from the template if it exists)
conf /var/lib/rancher/k3s/agent/etc/cni/net.d (/var/lib/rancher/k3s/agent/etc/containerd/config.toml, plugins."io.containerd.cri.v1.runtime".cni.conf_dir)
bin /var/lib/rancher/k3s/data/cni (/var/lib/rancher/k3s/agent/etc/containerd/config.toml, plugins."io.containerd.cri.v1.runtime".cni.bin_dir)
active /var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist cbr0 1.0.0: flannel, portmap, bandwidth
plugin flannel by the list: /var/lib/rancher/k3s/data/cni/flannel -> /var/lib/rancher/k3s/data/5d8e/bin/cni
plugin bridge by delegate of flannel: /var/lib/rancher/k3s/data/cni/bridge -> /var/lib/rancher/k3s/data/5d8e/bin/cni
plugin host-local by IPAM of bridge: /var/lib/rancher/k3s/data/cni/host-local -> /var/lib/rancher/k3s/data/5d8e/bin/cni
plugin portmap by the list: /var/lib/rancher/k3s/data/cni/portmap -> /var/lib/rancher/k3s/data/5d8e/bin/cni
plugin bandwidth by the list: /var/lib/rancher/k3s/data/cni/bandwidth -> /var/lib/rancher/k3s/data/5d8e/bin/cni
agent flannel: swap overwrites-at-start, list overwrites-at-start [/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist, flannel]
mount /var/lib/rancher/k3s/agent/etc/cni/net.d on / ext4
mount /var/lib/rancher/k3s/data/cni on / ext4`,
  )
})

test("k3d: an older k3s in a container", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.k3d))),
    `platform k3d: /etc/os-release, NAME="K3s"
runtime containerd ?
  [/var/lib/rancher/k3s/agent/etc/containerd/config.toml] /run/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.grpc.v1.cri".cni.bin_dir in /var/lib/rancher/k3s/agent/etc/containerd/config.toml.tmpl, then systemctl restart k3s (k3s regenerates config.toml at each start, from the template if it exists)
conf /var/lib/rancher/k3s/agent/etc/cni/net.d (/var/lib/rancher/k3s/agent/etc/containerd/config.toml, plugins."io.containerd.grpc.v1.cri".cni.conf_dir)
bin /bin (/var/lib/rancher/k3s/agent/etc/containerd/config.toml, plugins."io.containerd.grpc.v1.cri".cni.bin_dir)
active /var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist cbr0 1.0.0: flannel, portmap, bandwidth
plugin flannel by the list: /bin/flannel -> /bin/cni
plugin bridge by delegate of flannel: /bin/bridge -> /bin/cni
plugin host-local by IPAM of bridge: /bin/host-local -> /bin/cni
plugin portmap by the list: /bin/portmap -> /bin/cni
plugin bandwidth by the list: /bin/bandwidth -> /bin/cni
agent flannel: swap overwrites-at-start, list overwrites-at-start [/var/lib/rancher/k3s/agent/etc/cni/net.d/10-flannel.conflist, flannel]
mount /var/lib/rancher/k3s/agent/etc/cni/net.d on / ext4
mount /bin on / ext4`,
  )
})

test("RKE2: containerd's own defaults, because its configuration sets no directory", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.rke2))),
    `platform rke2: /var/lib/rancher/rke2/agent
runtime containerd ? running
  [process 950; /var/lib/rancher/rke2/agent/etc/containerd/config.toml] /run/k3s/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.cri.v1.runtime".cni.bin_dir in /var/lib/rancher/rke2/agent/etc/containerd/config-v3.toml.tmpl, then systemctl restart rke2-server || systemctl restart rke2-agent (rke2 regenerates config.toml at each start, from the template if it exists)
conf /etc/cni/net.d (containerd's default)
bin /opt/cni/bin (containerd's default)
active /etc/cni/net.d/10-canal.conflist k8s-pod-network 0.3.1: calico, portmap, bandwidth
plugin calico by the list: /opt/cni/bin/calico
plugin host-local by IPAM of calico: /opt/cni/bin/host-local
plugin portmap by the list: /opt/cni/bin/portmap
plugin bandwidth by the list: missing
agent calico: swap overwrites-at-start, list overwrites-at-start [/etc/cni/net.d/10-canal.conflist, calico]
mount /etc/cni/net.d on / ext4
mount /opt/cni/bin on / ext4
selinux enforcing`,
  )
})

test("MicroK8s: everything below the snap", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.microk8s))),
    `platform microk8s: /var/snap/microk8s/current
runtime containerd ? running
  [process 2210; /var/snap/microk8s/7449/args/containerd.toml] /var/snap/microk8s/common/run/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.grpc.v1.cri".cni.bin_dir in /var/snap/microk8s/current/args/containerd-template.toml, then snap restart microk8s.daemon-containerd (MicroK8s regenerates containerd.toml at each start, from its template)
conf /var/snap/microk8s/7449/args/cni-network (/var/snap/microk8s/7449/args/containerd.toml, plugins."io.containerd.grpc.v1.cri".cni.conf_dir)
bin /var/snap/microk8s/7449/opt/cni/bin (/var/snap/microk8s/7449/args/containerd.toml, plugins."io.containerd.grpc.v1.cri".cni.bin_dir)
active /var/snap/microk8s/7449/args/cni-network/10-calico.conflist k8s-pod-network 1.0.0: calico, portmap
plugin calico by the list: /var/snap/microk8s/7449/opt/cni/bin/calico
plugin calico-ipam by IPAM of calico: /var/snap/microk8s/7449/opt/cni/bin/calico-ipam
plugin portmap by the list: /var/snap/microk8s/7449/opt/cni/bin/portmap
agent calico: swap overwrites-at-start, list overwrites-at-start [/var/snap/microk8s/7449/args/cni-network/10-calico.conflist, calico]
mount /var/snap/microk8s/7449/args/cni-network on / ext4
mount /var/snap/microk8s/7449/opt/cni/bin on / ext4`,
  )
})

test("GKE: the only directory below /home that is not mounted noexec", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.gke))),
    `platform gke: /etc/os-release, ID=cos; /home/kubernetes/bin
runtime containerd ?
  [/etc/containerd/config.toml] /run/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.grpc.v1.cri".cni.bin_dir in /etc/containerd/config.toml, then systemctl restart containerd (GKE writes the file when it creates the node; the node pool configuration cannot set it)
conf /etc/cni/net.d (/etc/containerd/config.toml, plugins."io.containerd.grpc.v1.cri".cni.conf_dir)
bin /home/kubernetes/bin (/etc/containerd/config.toml, plugins."io.containerd.grpc.v1.cri".cni.bin_dir)
active /etc/cni/net.d/10-containerd-net.conflist containerd-net 1.0.0: bridge, portmap
plugin bridge by the list: /home/kubernetes/bin/bridge
plugin host-local by IPAM of bridge: /home/kubernetes/bin/host-local
plugin portmap by the list: /home/kubernetes/bin/portmap
mount /etc/cni/net.d on /etc tmpfs
mount /home/kubernetes/bin on /home/kubernetes/bin ext4`,
  )
})

test("AKS: an IPAM that is not a program", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.aks))),
    `platform aks: /etc/kubernetes/azure.json
runtime containerd ?
  [/etc/containerd/config.toml] /run/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.grpc.v1.cri".cni.bin_dir in /etc/containerd/config.toml, then systemctl restart containerd (AKS writes the file when it creates the node)
conf /etc/cni/net.d (containerd's default)
bin /opt/cni/bin (containerd's default)
active /etc/cni/net.d/10-azure.conflist azure 0.3.0: azure-vnet, portmap
plugin azure-vnet by the list: /opt/cni/bin/azure-vnet
plugin portmap by the list: /opt/cni/bin/portmap
mount /etc/cni/net.d on / ext4
mount /opt/cni/bin on / ext4`,
  )
})

test("OpenShift: CRI-O's drop-in, Multus in front, the primary network in /run", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.openshift))),
    `platform openshift: /etc/os-release, ID="rhcos"; /etc/kubernetes/cni/net.d
runtime cri-o ? running
  [process 1200; /etc/crio/crio.conf; /etc/crio/crio.conf.d/00-default] /run/crio/crio.sock
  libcni ?, networks first valid
  path: list crio.network.plugin_dirs in /etc/crio/crio.conf.d/00-default, then systemctl restart crio (the Machine Config Operator reverts manual changes; use a MachineConfig)
conf /etc/kubernetes/cni/net.d (/etc/crio/crio.conf.d/00-default, crio.network.network_dir)
bin /var/lib/cni/bin:/usr/libexec/cni (/etc/crio/crio.conf.d/00-default, crio.network.plugin_dirs)
active /etc/kubernetes/cni/net.d/00-multus.conf multus-cni-network 0.3.1: multus-shim
plugin multus-shim by the list: /var/lib/cni/bin/multus-shim
plugin ovn-k8s-cni-overlay by delegate of multus-shim: /var/lib/cni/bin/ovn-k8s-cni-overlay
agent multus-thick: swap overwrites-at-start, list copies [/etc/kubernetes/cni/net.d/00-multus.conf, multus-shim; process 2400, multus-daemon]
agent ovn-kubernetes: swap overwrites-at-start, list overwrites-at-start [/etc/kubernetes/cni/net.d/00-multus.conf, ovn-k8s-cni-overlay; process 2500, ovnkube]
mount /etc/kubernetes/cni/net.d on /etc xfs
mount /var/lib/cni/bin on /var xfs
mount /usr/libexec/cni on / xfs read-only
selinux enforcing`,
  )
})

test("Talos: two containerds, one of which creates pods", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.talos))),
    `platform talos: /etc/os-release, NAME="Talos"
runtime containerd ? running
  [process 1900; /etc/cri/containerd.toml] /run/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: list plugins."io.containerd.cri.v1.runtime".cni.bin_dirs in /etc/cri/conf.d/20-customization.part, then talosctl reboot (the file is part of the machine configuration (machine.files))
also containerd ? running OFF: /etc/containerd/config.toml, disabled_plugins has io.containerd.cri.v1.runtime
  [process 1800; /etc/containerd/config.toml] /system/run/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.cri.v1.runtime".cni.bin_dir in /etc/containerd/config.toml, then systemctl restart containerd
conf /etc/cni/net.d (/etc/cri/conf.d/cri.toml, plugins."io.containerd.cri.v1.runtime".cni.conf_dir)
bin /opt/cni/bin (/etc/cri/conf.d/cri.toml, plugins."io.containerd.cri.v1.runtime".cni.bin_dirs)
active /etc/cni/net.d/10-flannel.conflist cbr0 0.3.1: flannel, portmap
plugin flannel by the list: /opt/cni/bin/flannel
plugin bridge by delegate of flannel: /opt/cni/bin/bridge
plugin host-local by IPAM of bridge: /opt/cni/bin/host-local
plugin portmap by the list: /opt/cni/bin/portmap
agent flannel: swap overwrites-at-start, list overwrites-at-start [/etc/cni/net.d/10-flannel.conflist, flannel]
mount /etc/cni/net.d on /etc/cni overlay
mount /opt/cni/bin on /opt overlay`,
  )
})

test("Bottlerocket: overlays and SELinux", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.bottlerocket))),
    `platform bottlerocket: /etc/os-release, NAME=Bottlerocket
caveat: Bottlerocket runs plugins as container_t: if SELinux does not let that domain write to the capture, calls work but are not recorded
runtime containerd ?
  [/etc/containerd/config.toml] /run/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.grpc.v1.cri".cni.bin_dir in /etc/containerd/config.toml, then systemctl restart containerd (Bottlerocket generates the file from its settings, which have no such key)
conf /etc/cni/net.d (/etc/containerd/config.toml, plugins."io.containerd.grpc.v1.cri".cni.conf_dir)
bin /opt/cni/bin (/etc/containerd/config.toml, plugins."io.containerd.grpc.v1.cri".cni.bin_dir)
active /etc/cni/net.d/10-aws.conflist aws-cni 0.4.0: aws-cni, egress-cni, portmap
plugin aws-cni by the list: /opt/cni/bin/aws-cni
plugin egress-cni by the list: /opt/cni/bin/egress-cni
plugin host-local by IPAM of egress-cni: /opt/cni/bin/host-local
plugin portmap by the list: /opt/cni/bin/portmap
agent aws-vpc-cni: swap overwrites-at-start, list overwrites-at-start [/etc/cni/net.d/10-aws.conflist, aws-cni]
mount /etc/cni/net.d on /etc tmpfs
mount /opt/cni/bin on /opt/cni overlay
selinux enforcing`,
  )
})

test("NixOS: a read-only store, found through the systemd unit", (t) => {
  assert.equal(
    factsText(detectFiles(plant(t, PLATFORM_TREES.nixos))),
    `platform nixos: /etc/os-release, NAME=NixOS; /etc/NIXOS
runtime containerd ?
  [/etc/systemd/system/containerd.service; /nix/store/def-containerd.toml] /run/containerd/containerd.sock
  libcni ?, networks first 1 files, loopback
  path: single plugins."io.containerd.grpc.v1.cri".cni.bin_dir in /nix/store/def-containerd.toml, then systemctl restart containerd (the file is generated from virtualisation.containerd.settings)
conf /etc/cni/net.d (containerd's default)
bin /nix/store/ghi-cni-plugins/bin (/nix/store/def-containerd.toml, plugins."io.containerd.grpc.v1.cri".cni.bin_dir)
active /etc/cni/net.d/10-containerd-net.conflist containerd-net 1.0.0: bridge, portmap
plugin bridge by the list: /nix/store/ghi-cni-plugins/bin/bridge
plugin host-local by IPAM of bridge: /nix/store/ghi-cni-plugins/bin/host-local
plugin portmap by the list: /nix/store/ghi-cni-plugins/bin/portmap
mount /etc/cni/net.d on / ext4
mount /nix/store/ghi-cni-plugins/bin on /nix/store ext4 read-only`,
  )
})
