import assert from "node:assert/strict"
import { test } from "node:test"
import { stepForKnownError } from "../../../../src/model/explain/known-errors/step-for-known-error.ts"
import type { ExplainContext } from "../../../../src/model/explain/statement.ts"
import { call } from "../../calls.ts"

const CONTEXT: ExplainContext = {
  related: [],
  unread: 0,
  attachments: [],
  sharingAddress: [],
  network: [],
  abandoned: 0,
  findings: [],
  list: undefined,
  worked: undefined,
  node: undefined,
  losses: [],
  nowMs: 0,
}

const DIALING = 'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: '

// In the words of the plugins; each entry of the tables is meant for any plugin that has the same trouble.
const STEPS: readonly [plugin: string, error: string, step: string | undefined][] = [
  [
    "multus",
    '[shop/web:mv]: error adding container to network "mv": failed to find plugin "macvlan" in path [/opt/cni/bin /usr/lib/cni]',
    "install macvlan in /opt/cni/bin or /usr/lib/cni, or correct the type in the configuration from which multus calls it",
  ],
  [
    "multus-shim",
    "CNI request failed with status 400: 'Multus: [shop/web]: cannot find a network-attachment-definition (mv) in namespace (shop): not found",
    "create network-attachment-definition mv in shop, or correct the pod's annotation k8s.v1.cni.cncf.io/networks (kubectl get net-attach-def -n shop)",
  ],
  [
    "calico",
    "Failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; No more free affine blocks and strict affinity enabled",
    "calicoctl ipam show --show-blocks; kubectl get ippools.crd.projectcalico.org (the pools are used up)",
  ],
  [
    "whereabouts",
    "Could not allocate IP in range: ip: 192.0.2.225 / - 192.0.2.230 / range: 192.0.2.224/28 / excludeRanges: []",
    "kubectl get ippools.whereabouts.cni.cncf.io -A -o yaml (which pods of the cluster hold addresses of 192.0.2.224/28)",
  ],
  [
    "aws-cni",
    "add cmd: failed to assign an IP address to container",
    "tail -n 100 /var/log/aws-routed-eni/ipamd.log (ipamd has no free address: the limit of the instance type, or the subnet is used up)",
  ],
  ["azure-vnet", "Failed to allocate address: No available addresses", "cnitap ledger (who holds the addresses)"],
  [
    "bridge",
    "IPAM plugin returned missing IP config",
    "cnitap show bridge (the IPAM plugin that it called exited with 0 and listed no address)",
  ],
  [
    "host-local",
    "10.1.0.9 has been allocated to 41f, duplicate allocation is not allowed",
    "cnitap who-owns 10.1.0.9 (this container has an address already: an earlier ADD without a DEL, or two networks with one name)",
  ],
  [
    "dhcp",
    "error dialing DHCP daemon: dial unix /run/cni/dhcp.sock: connect: no such file or directory",
    "start the daemon that listens on /run/cni/dhcp.sock: /opt/cni/bin/dhcp daemon",
  ],
  ["dhcp", "no more tries", "tcpdump -ni MASTER port 67 or port 68 (no DHCP server answered on the master interface)"],
  [
    "antrea",
    `${DIALING}dial unix /var/run/antrea/cni.sock: connect: no such file or directory"`,
    "check that antrea-agent runs on this node: nothing listens on /var/run/antrea/cni.sock",
  ],
  [
    "aws-cni",
    `${DIALING}dial tcp 127.0.0.1:50051: connect: connection refused"`,
    "check that ipamd (the pod aws-node) runs on this node: nothing listens on 127.0.0.1:50051",
  ],
  [
    "mycni",
    "dial unix /run/mycni.sock: connect: connection refused",
    "check that the agent that mycni connects to runs on this node: nothing listens on /run/mycni.sock",
  ],
  [
    "calico",
    'error getting ClusterInformation: Get "https://10.96.0.1:443/apis": dial tcp 10.96.0.1:443: i/o timeout',
    "curl -k https://10.96.0.1:443/livez (this node does not reach the API server; a Service address needs kube-proxy or its replacement)",
  ],
  [
    "calico",
    'Get "https://k8s.example:6443/apis": dial tcp: lookup k8s.example: no such host',
    "getent hosts k8s.example (the node itself does not resolve this name)",
  ],
  [
    "calico",
    'Get "https://10.96.0.1:443/apis": x509: certificate signed by unknown authority',
    "compare the CA in its kubeconfig with the cluster's: calico-node writes it again when it is restarted",
  ],
  [
    "istio-cni",
    "tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z",
    "check the node's clock (date -u) and when the API server's certificate expires",
  ],
  [
    "istio-cni",
    'pods "web" is forbidden: User "system:serviceaccount:istio-system:istio-cni" cannot get resource "pods" in API group "" in the namespace "shop"',
    "kubectl auth can-i get pods --as system:serviceaccount:istio-system:istio-cni -n shop (the role of this account lacks it)",
  ],
  [
    "cilium-cni",
    "Unable to create endpoint: [PUT /endpoint/{id}][429] putEndpointIdTooManyRequests",
    "check the rate limits of cilium-agent: it refuses requests while many pods start at once",
  ],
  [
    "calico",
    'pods "web" not found',
    "kubectl get pod web -n shop (it was deleted while its ADD ran, or this node's view of the API server is stale)",
  ],
  [
    "ovn-k8s-cni-overlay",
    "[shop/web] failed to get pod annotation: timed out waiting for annotations: context deadline exceeded",
    "check the log of ovnkube-node, at 03:00:00Z: the plugin only reports it",
  ],
  [
    "macvlan",
    'failed to lookup master "eth1": Link not found',
    "ip link show eth1 (the configuration of macvlan names it; the node has no such interface)",
  ],
  [
    "host-device",
    'failed to find host device: no device found for "eth3"',
    "ip link show eth3 (the configuration of host-device names it; the node has no such interface)",
  ],
  ["ovs", "failed to find bridge br1", "ip link show br1; ovs-vsctl br-exists br1 (the node has no such bridge)"],
  [
    "vlan",
    "failed to create vlan: operation not supported",
    "modprobe 8021q (the kernel of this node does not support what vlan creates)",
  ],
  [
    "mycni",
    "cannot create the tunnel: operation not supported",
    "journalctl -k (the kernel of this node does not support what mycni creates)",
  ],
  [
    "ipvlan",
    "failed to create ipvlan: device or resource busy",
    "ip -d link (the interface is in use: it is a port of a bridge or bond, or has macvlan or ipvlan interfaces of the other kind)",
  ],
  [
    "bridge",
    "container veth name provided (eth0) already exists",
    "nsenter --net=/var/run/netns/cni-1 ip addr; nsenter --net=/var/run/netns/cni-1 ip route (an interface, address or route of this name is there: another network of the pod, or an earlier ADD)",
  ],
  [
    "bridge",
    'failed to open netns "/var/run/netns/cni-1": failed to Statfs "/var/run/netns/cni-1": no such file or directory',
    "check the runtime's log: the network namespace /var/run/netns/cni-1 did not exist any more when the plugin ran",
  ],
  [
    "host-local",
    "open /var/lib/cni/networks/pods/last_reserved_ip.0: no space left on device",
    "df -h /var/lib/cni/networks/pods/last_reserved_ip.0; df -i /var/lib/cni/networks/pods/last_reserved_ip.0 (no space, or no inode, is left)",
  ],
  [
    "host-local",
    "open /var/lib/cni/networks/pods/10.1.0.9: read-only file system",
    "findmnt -T /var/lib/cni/networks/pods/10.1.0.9 (it is mounted read-only)",
  ],
  [
    "host-local",
    "mkdir /var/lib/cni/networks: permission denied",
    "ls -ldZ /var/lib/cni/networks; journalctl -k | grep -i denied (file mode, SELinux or AppArmor)",
  ],
  [
    "bridge",
    'failed to add IP addr {IP:2001:db8::1} to "cni0": permission denied',
    "sysctl net.ipv6.conf.all.disable_ipv6 net.ipv6.conf.default.disable_ipv6 (1 refuses every IPv6 address)",
  ],
  [
    "tuning",
    "open /proc/sys/net/ipv4/conf/eth7/arp_notify: no such file or directory",
    "ls /proc/sys/net/ipv4/conf/eth7/arp_notify (this kernel, or the pod's network namespace, does not have this setting)",
  ],
  [
    "portmap",
    "Another app is currently holding the xtables lock. Perhaps you want to use the -w option?",
    "lsof /run/xtables.lock (another program changes iptables for a long time)",
  ],
  [
    "portmap",
    "running [/usr/sbin/iptables -t nat -S --wait]: exit status 3: can't initialize iptables table `nat': Table does not exist (do you need to insmod?)",
    "iptables --version; lsmod | grep -E 'iptable_nat|nf_tables' (the kernel has no such table)",
  ],
  ["mycni", "assertion 429 failed in pipeline", undefined],
]

for (const [plugin, error, step] of STEPS)
  test(`${plugin}: ${error}`, () => {
    const failed = call(plugin, { exit: { code: 1 }, stdout: { cniVersion: "1.0.0", code: 999, msg: error } })
    assert.equal(stepForKnownError(failed, CONTEXT), step)
  })

test("what a plugin printed is quoted in a command", () => {
  const msg = "open /run/$(reboot);x: read-only file system"
  const failed = call("mycni", { exit: { code: 1 }, stdout: { cniVersion: "1.0.0", code: 999, msg } })
  assert.equal(stepForKnownError(failed, CONTEXT), "findmnt -T '/run/$(reboot);x' (it is mounted read-only)")
})
