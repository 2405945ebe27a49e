/**
 * Texts without a secret, as plugins, runtimes and the tools that they call print them. Each must be recorded unchanged.
 * Some contain the words that secrets are named with. One line, one text; `\n` and `\t` stand for themselves.
 */
const LINES = String.raw`
error getting token: context deadline exceeded
token: permission denied
failed to read token: open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory
error getting ClusterInformation: connection is unauthorized: Unauthorized
Unauthorized: invalid bearer token
invalid bearer token, service account token has expired
the server has asked for the client to provide credentials
failed to refresh token: Post "https://10.96.0.1:443/api/v1/namespaces/kube-system/serviceaccounts/calico-node/token": dial tcp 10.96.0.1:443: i/o timeout
error looking up service account kube-system/multus: serviceaccount "multus" not found
secrets "calico-etcd-secrets" is forbidden: User "system:serviceaccount:kube-system:calico-node" cannot get resource "secrets" in API group "" in the namespace "kube-system"
secret "db-credentials" not found
couldn't find key password in Secret default/db
MountVolume.SetUp failed for volume "certs" : secret "webhook-server-cert" not found
references non-existent secret key: ca.crt
password authentication failed for user "calico"
FATAL: password authentication failed for user "app"
no password supplied
authentication required
pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh
basic networking is not ready
basic auth is disabled
the basic networking stack of the pod could not be set up
unable to load bearer credentials from the environment
Error: cannot unmarshal object into Go struct field NetConf.token of type string
unexpected token '}' at line 3
invalid character '}' after object key:value pair
SyntaxError: Unexpected token < in JSON at position 0
json: unknown field "authToken"
missing required field "password"
flag provided but not defined: -token
unknown flag: --token-file
x509: certificate signed by unknown authority
tls: failed to verify certificate: x509: certificate has expired or is not yet valid
tls: private key does not match public key
open /etc/kubernetes/pki/apiserver.key: permission denied
failed to load key pair: open /etc/cni/net.d/calico-tls/client.key: no such file or directory
key "net.ipv4.conf.all.rp_filter" is not allowed
error: primary key violation on table pods
duplicate key value violates unique constraint "pods_pkey"
RTNETLINK answers: Key has expired
RTNETLINK answers: File exists
Required key not available
cookie=0x0, duration=112.5s, table=0, n_packets=12, n_bytes=1176, priority=0 actions=NORMAL
 cookie=0x3a5f, duration=3.21s, table=10, n_packets=0, n_bytes=0, idle_age=3, priority=100,ip,nw_src=10.244.0.5 actions=resubmit(,20)
cookie=0x0/-1, table=0
OFPST_FLOW reply (OF1.3) (xid=0x2):
ovs-vsctl: no row "veth1234" in table Port
tokenBucket: rate 5 burst 10
tokenBucket{rate: 5, burst: 10}
rate limiter: 5 tokens per second, burst 10
monkey patching is not supported
{"monkey":"george","turkey":"roast"}
a passing test of bypass routes: compass 3
author: Jane Doe, authority: ca.example
authenticated as system:node:node-1
authorization mode: Node,RBAC
forbidden: not allowed by authorization policy
User "system:anonymous" cannot list resource "pods"
{"password":""}
{"token":null,"secret":"","passphrase":""}
token="" password='' secret=
{"tokenAuth":true,"requirePassword":false,"secretEnabled":true}
password: ""
password=<nil> token=<nil>
{Name:net Password: Token: Mtu:1500}
password: (hidden)
  private key: (hidden)
  preshared key: (none)
token: ***
token: $TOKEN
password: $(DB_PASSWORD)
--token "$(cat /run/token)"
password={{ .Values.password }}
token: <token>
{"secretName":"calico-etcd","secretRef":"db","tokenFile":"/var/run/secrets/tokens/calico"}
{"kubeconfig":"/etc/cni/net.d/calico-kubeconfig"}
{"etcd_key_file":"/etc/etcd/pki/client.key","etcd_cert_file":"/etc/etcd/pki/client.crt","etcd_ca_cert_file":"/etc/etcd/pki/ca.crt"}
{"k8s_client_key":"/etc/kubernetes/pki/client.key","k8s_client_certificate":"/etc/kubernetes/pki/client.crt"}
{"serviceAccountTokenFile":"/var/run/secrets/kubernetes.io/serviceaccount/token","authType":"kubeconfig"}
imagePullSecrets: [{Name:regcred}]
imagePullSecrets:\n- name: regcred
valueFrom:\n  secretKeyRef:\n    name: db\n    key: password
{"secretKeyRef":{"name":"db","key":"password"}}
volumes:\n- name: token\n  projected:\n    sources:\n    - serviceAccountToken:\n        path: token\n        expirationSeconds: 3607
{"tokenType":"Bearer","tokenTTL":"24h","tokenExpiry":"2026-09-01T10:00:00Z","keyAlgorithm":"RSA","keySize":2048}
{"topologyKey":"kubernetes.io/hostname"}
topologyKey: topology.kubernetes.io/zone
{"sortKey":"name","cacheKey":"pods/default","partitionKey":"node-1"}
{"publicKey":"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGq0 root@node"}
PublicKey = 9w5YQbLz1s5S1fQ0m3vQd5cXZlqkZ3eQ8mGkq1n1JEY=
  public key: 9w5YQbLz1s5S1fQ0m3vQd5cXZlqkZ3eQ8mGkq1n1JEY=
peer: 9w5YQbLz1s5S1fQ0m3vQd5cXZlqkZ3eQ8mGkq1n1JEY=
  endpoint: 10.0.0.2:51820
{"cniVersion":"1.0.0","code":7,"msg":"invalid network config","details":"missing token"}
{"cniVersion":"0.3.1","code":11,"msg":"plugin is not available","details":"failed to get token from https://10.96.0.1:443"}
{"cniVersion":"1.0.0","interfaces":[{"name":"eth0","mac":"0a:58:0a:f4:00:05","sandbox":"/var/run/netns/cni-5b1d0c9e-44f2-a310-9c1d-000000000001"}],"ips":[{"address":"10.244.0.5/24","gateway":"10.244.0.1","interface":0}],"routes":[{"dst":"0.0.0.0/0"}],"dns":{"nameservers":["10.96.0.10"]}}
{"cniVersion":"1.0.0","name":"cbr0","plugins":[{"type":"flannel","delegate":{"hairpinMode":true,"isDefaultGateway":true}},{"type":"portmap","capabilities":{"portMappings":true}}]}
{"cniVersion":"0.3.1","name":"k8s-pod-network","plugins":[{"type":"calico","log_level":"info","datastore_type":"kubernetes","nodename":"node-1","mtu":0,"ipam":{"type":"calico-ipam"},"policy":{"type":"k8s"}},{"type":"bandwidth","capabilities":{"bandwidth":true}}]}
{"name":"aws-cni","type":"aws-cni","vethPrefix":"eni","mtu":"9001","podSGEnforcingMode":"strict","pluginLogFile":"/var/log/aws-routed-eni/plugin.log","pluginLogLevel":"DEBUG"}
{"cniVersion":"0.3.1","name":"cilium","type":"cilium-cni","enable-debug":false,"log-file":"/var/run/cilium/cilium-cni.log"}
{"type":"whereabouts","range":"10.10.0.0/16","exclude":["10.10.0.1/32"],"leader_lease_duration":1500}
{"type":"sriov","deviceID":"0000:3b:02.1","vlan":100,"spoofchk":"off","trust":"on"}
{"type":"macvlan","master":"eth0","mode":"bridge","ipam":{"type":"static","addresses":[{"address":"192.168.1.10/24"}]}}
{"runtimeConfig":{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":""}]}}
{"capabilities":{"io.kubernetes.cri.pod-annotations":true}}
plugin type="calico" failed (add): error getting ClusterInformation: Get "https://10.96.0.1:443/apis/crd.projectcalico.org/v1/clusterinformations/default": dial tcp 10.96.0.1:443: connect: connection refused
plugin type="flannel" failed (add): failed to load flannel 'subnet.env' file: open /run/flannel/subnet.env: no such file or directory. Check the flannel pod log for this node.
plugin type="bridge" failed (add): failed to allocate for range 0: no IP addresses available in range set: 10.244.1.1-10.244.1.254
plugin type="multus" name="multus-cni-network" failed (add): Multus: [default/web-0/5c1d7a5e-5a2e-4d3c-9d1d-6a0f0b0c0d0e]: error getting pod: pods "web-0" not found
plugin type="loopback" failed (delete): netplugin failed with no error message: signal: killed
failed to find plugin "bridge" in path [/opt/cni/bin]
cni plugin not initialized
networkPlugin cni failed to set up pod "web-0_default" network: stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/
failed to set bridge addr: "cni0" already has an IP address different from 10.244.1.1/24
Link not found
failed to Statfs "/proc/4711/ns/net": no such file or directory
container veth name provided (eth0) already exists
running [/usr/sbin/iptables -t nat -C CNI-HOSTPORT-DNAT -m comment --comment dnat name: "cbr0" id: "5c1d7a5e5a2e" -p tcp --dport 8080 --wait]: exit status 1: iptables: Bad rule (does a matching rule exist in that chain?).
iptables: No chain/target/match by that name.
Another app is currently holding the xtables lock; still 9s 0us time ahead to have a chance to grab the lock...
-A CNI-HOSTPORT-DNAT -p tcp -m comment --comment "dnat name: \"cbr0\" id: \"5c1d7a5e\"" -m multiport --dports 8080 -j CNI-DN-0a1b2c3d4e5f6a7b8c9d0
-A POSTROUTING -s 10.244.1.5/32 -m comment --comment "name: \"cbr0\" id: \"5c1d7a5e5a2e\"" -j CNI-aa00bb11cc22dd33ee44ff55
-A cali-PREROUTING -m comment --comment "cali:6gwbT8clXdHdC1b1" -j MARK --set-xmark 0x0/0xe0000
-A KUBE-SEP-7JNXQ2GAZ5LEKXWE -s 10.0.0.5/32 -m comment --comment "default/kubernetes:https" -j KUBE-MARK-MASQ
-A FORWARD -m comment --comment "pass through" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
Chain INPUT (policy ACCEPT 120 packets, 9000 bytes)
pass in on eth0 proto tcp from any to any port 22 keep state
*nat\n:PREROUTING ACCEPT [0:0]\n:cali-fip-dnat - [0:0]\nCOMMIT
2: eth0@if5: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1450 qdisc noqueue state UP mode DEFAULT group default
3: veth1a2b3c4d@if2: <BROADCAST,MULTICAST,UP> mtu 1500 master cni0
5: eth0.100@eth0: <BROADCAST,MULTICAST,UP,LOWER_UP> mtu 1500
12: cali1a2b3c4d5e6@if4: <BROADCAST,MULTICAST,UP,LOWER_UP> link/ether ee:ee:ee:ee:ee:ee brd ff:ff:ff:ff:ff:ff link-netns cni-5b1d0c9e
{Index:3 Name:veth0@if2 MTU:1500}
Link:vlan10@bond0 State:up
10.244.0.0/24 via 10.0.0.2 dev eth0 proto bird
default via 169.254.1.1 dev eth0 src 10.244.0.5
fe80::ecee:eeff:feee:eeee/64 scope link
2001:db8::1 dev eth0 lladdr 0a:58:0a:f4:00:05 REACHABLE
0a:58:0a:f4:00:05
5c1d7a5e-5a2e-4d3c-9d1d-6a0f0b0c0d0e
4f1c9d0a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e
sha256:4f1c9d0a5b6c7d8e9f0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e
registry.k8s.io/pause:3.9@sha256:7031c1b283388d2c2e09b57badb803c05ebed362dc88d84b480cc47f72a21097
docker.io/calico/cni:v3.27.0@sha256:00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff00ff
quay.io/cilium/cilium:v1.15.1
commit 2e4d8c04870deaaa62e4fdbef5aa1e6d47326134
d41d8cd98f00b204e9800998ecf8427e  /opt/cni/bin/bridge
da39a3ee5e6b4b0d3255bfef95601890afd80709
integrity sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==
v1.28.4+k3s2
go1.22.1 linux/amd64
cni plugins v1.4.0, libcni v1.1.2, spec 1.0.0
CNI bridge plugin v1.4.0\nCNI protocol versions supported: 0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0
/var/run/netns/cni-5b1d0c9e-44f2-a310-9c1d-000000000001
/proc/4711/ns/net
/var/run/secrets/kubernetes.io/serviceaccount/token
/var/lib/kubelet/pods/5c1d7a5e-5a2e-4d3c-9d1d-6a0f0b0c0d0e/volumes/kubernetes.io~projected/kube-api-access-x7k2p
kube-system/calico-node-x7k2p
web-7d9c5b8f6d-psk4f
default-token-abcde
calico-node-token-x7k2p
system:serviceaccount:kube-system:cilium
IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=token-service-0;K8S_POD_INFRA_CONTAINER_ID=4f1c9d0a5b6c;K8S_POD_UID=5c1d7a5e-5a2e-4d3c-9d1d-6a0f0b0c0d0e
IgnoreUnknown=true;K8S_POD_NAMESPACE=auth;K8S_POD_NAME=keycloak-0;K8S_POD_INFRA_CONTAINER_ID=4f1c9d0a5b6c
K8S_POD_NAME=secret-manager-6d5f7c8b9-abcde;K8S_POD_NAMESPACE=passbolt
2026-09-01 10:00:00.123 [INFO][4711] cni-plugin/plugin.go 340: Calico CNI found existing endpoint: &{{WorkloadEndpoint projectcalico.org/v3} {node--1-k8s-web--0-eth0 web-0- default 5c1d7a5e 1234 0 2026-09-01 10:00:00 +0000 UTC <nil> <nil>
2026-09-01 10:00:00.123 [INFO][4711] ipam/ipam_plugin.go 235: Calico CNI IPAM assigned addresses IPv4=[10.244.0.5/26] IPv6=[] ContainerID="4f1c9d" HandleID="k8s-pod-network.4f1c9d" Workload="node--1-k8s-web--0-eth0"
2026-09-01 10:00:00.123 [DEBUG][4711] ipam/ipam.go 1203: Looking up handle key="/calico/ipam/v2/handle/k8s-pod-network.4f1c9d"
2026-09-01 10:00:00.123 [WARNING][4711] k8s/client.go 52: Loading kubeconfig from /etc/cni/net.d/calico-kubeconfig
2026-09-01 10:00:00.123 [INFO][4711] cni-plugin/k8s.go 418: Added Mac, interface name, and active container ID to endpoint MAC="0a:58:0a:f4:00:05"
2026-09-01 10:00:00.123 [DEBUG][4711] datastore key=WorkloadEndpoint(node=node-1, orchestrator=k8s, workload=default/web-0, name=eth0)
2026-09-01 10:00:00.123 [DEBUG][4711] Calling Get on Key: ResourceKey{Kind:ClusterInformation Name:default}
2026-09-01 10:00:00.123 [INFO][4711] bgp peer community 65000:100 large-community 65000:1:2
level=warning msg="Unable to contact agent" error="Get \"http://localhost/v1/config\": dial unix /var/run/cilium/cilium.sock: connect: no such file or directory" subsys=cilium-cni
level=debug msg="Processing CNI ADD request" args="&{ContainerID:4f1c9d Netns:/var/run/netns/cni-5b IfName:eth0 Args:IgnoreUnknown=1;K8S_POD_NAME=web-0 Path:/opt/cni/bin}" subsys=cilium-cni
level=info msg="Successfully created CiliumEndpoint" ciliumEndpointName=default/web-0 identity=4711 k8sUID=5c1d7a5e
level=info msg="Identity of endpoint changed" endpointID=2041 identityLabels="k8s:app=web,k8s:io.kubernetes.pod.namespace=default" newIdentity=4711 oldIdentity="no identity"
level=info msg="New node key was allocated" nodeKey=cilium/state/nodes/v1/default/node-1
level=debug msg="kvstore get" key=cilium/state/identities/v1/id/4711 value="k8s:app=web;"
{"level":"debug","ts":"2026-09-01T10:00:00.000Z","caller":"routed-eni-cni-plugin/cni.go:128","msg":"Received CNI add request: ContainerID(4f1c9d) Netns(/proc/4711/ns/net) IfName(eth0) Args(IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0) Path(/opt/cni/bin) argsStdinData({\"cniVersion\":\"0.4.0\",\"mtu\":\"9001\",\"name\":\"aws-cni\",\"type\":\"aws-cni\",\"vethPrefix\":\"eni\"})"}
{"level":"info","ts":"2026-09-01T10:00:00.000Z","caller":"driver/driver.go:178","msg":"add pod network: hostVeth=eni1a2b3c4d5e6, mac=0a:58:0a:f4:00:05, device number=0"}
{"level":"error","ts":"2026-09-01T10:00:00.000Z","caller":"ipamd/ipamd.go:862","msg":"Failed to retrieve IMDSv2 token: operation error ec2imds: getToken, exceeded maximum number of attempts, 3, request canceled, context deadline exceeded"}
2026-09-01T10:00:00Z [verbose] Add: default:web-0:5c1d7a5e:cbr0(flannel):eth0 {"cniVersion":"1.0.0","interfaces":[{"name":"eth0"}]}
2026-09-01T10:00:00Z [debug] CmdAdd: &{4f1c9d /var/run/netns/cni-5b eth0 IgnoreUnknown=1;K8S_POD_NAME=web-0 /opt/cni/bin []}, <nil>, <nil>
2026-09-01T10:00:00Z [error] Multus: error in invoke Delegate add - "bridge": failed to create bridge "cni0": could not add "cni0": operation not supported
I0901 10:00:00.123456    4711 kube.go:139] Waiting 10m0s for node controller to sync
E0901 10:00:00.123456    4711 reflector.go:147] Failed to watch *v1.Secret: unknown (get secrets)
W0901 10:00:00.123456    4711 warnings.go:70] Use tokens from the TokenRequest API or manually created secret-based tokens instead of auto-generated secret-based tokens.
time="2026-09-01T10:00:00Z" level=info msg="RunPodSandbox for &PodSandboxMetadata{Name:web-0,Uid:5c1d7a5e,Namespace:default,Attempt:0,}"
time="2026-09-01T10:00:00Z" level=error msg="StopPodSandbox for \"4f1c9d\" failed" error="failed to destroy network for sandbox \"4f1c9d\": cni config load failed"
&{CNIVersion:1.0.0 Name:cbr0 Type:bridge Capabilities:map[] IPAM:{Type:host-local} DNS:{Nameservers:[] Domain: Search:[] Options:[]} RawPrevResult:map[] PrevResult:<nil>}
types100.Result{CNIVersion:"1.0.0", Interfaces:[]*types100.Interface{(*types100.Interface)(0xc0001a2b40)}, IPs:[]*types100.IPConfig(nil)}
{IPs:[{Interface:0xc00001c0a8 Address:{IP:10.244.0.5 Mask:ffffff00} Gateway:10.244.0.1}]}
map[cniVersion:1.0.0 name:cbr0 type:bridge]
[123 34 99 110 105 86 101 114 115 105 111 110 34 58 34 49 46 48 46 48 34 125]
[]byte{0x7b, 0x22, 0x6d, 0x74, 0x75, 0x22, 0x3a, 0x31, 0x34, 0x35, 0x30, 0x7d}
7b22636e6956657273696f6e223a22312e302e30222c226d7475223a313435307d
{"data":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]}
eyJ
cGxhaW4gdGV4dCB0aGF0IGlzIG5vdCBhIHNlY3JldA==
goroutine 1 [running]:\nmain.main()\n\t/workspace/main.go:42 +0x1d
panic: runtime error: invalid memory address or nil pointer dereference\n[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4f1c9d]
exit status 2
signal: killed
OK
Usage of bridge:\n  -token string\n    \ttoken of the API server\n  -password-file string\n    \tfile with the password
usage: plugin [--token TOKEN] [--kubeconfig FILE]
git@github.com:containernetworking/plugins.git
mailto:cni-dev@example.org
user@host:/srv/backup
ssh root@10.0.0.1: connection refused
http://10.0.0.1:9099/liveness
https://10.96.0.1:443/api/v1/namespaces/kube-system/secrets/calico-etcd?timeout=10s
http://[fd00::1]:2379,http://[fd00::2]:2379
etcd_endpoints: http://10.0.0.1:2379,http://10.0.0.2:2379
unix:///run/containerd/containerd.sock
[10.0.0.1:2379 10.0.0.2:2379]
traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01
X-Request-Id: 5c1d7a5e5a2e4d3c9d1d6a0f0b0c0d0e
Accept: application/json, */*
WWW-Authenticate: Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:calico/cni:pull"
HTTP/1.1 401 Unauthorized
docker run -p 8080:80 -u 1000:1000 nginx
mkdir -p /opt/cni/bin
ps -u root -p 4711
nft add rule ip nat postrouting oifname eth0 masquerade
src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000301 reqid 1 mode tunnel\n\treplay-window 0 flag 20
src 0.0.0.0/0 dst 10.0.0.0/24\n\tdir out priority 371327 ptype main\n\ttmpl src 10.0.0.1 dst 10.0.0.2
macsec0: protect on validate strict sc off sa off encrypt on send_sci on\n    cipher suite: GCM-AES-128, using ICV length 16\n    0: PN 1, state on, key 01000000000000000000000000000000
wireguard: wg0: Handshake for peer 1 did not complete after 5 seconds
wg0: public key mismatch, allowed ips: 10.0.0.0/24
IPsec key rotation is in progress
encryption: disabled, keys in use: 1, max seq number: 0x1a2b/0xffffffff
snmp community is not configured
subject: CN=calico-node, O=system:nodes
-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJJ\n-----END CERTIFICATE-----
-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----
ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 root@node-1
the password must be at least 12 characters long
enter the passphrase for key '/root/.ssh/id_ed25519':
Keep your secrets safe: see https://kubernetes.io/docs/concepts/configuration/secret/
token is expired, secret not synced, key not found
the session key was negotiated; cookie accepted
the pod's service account token is mounted at /var/run/secrets
token count: 5, keys: 12, secrets: 3
secret/calico-etcd created
secretGenerator:\n- name: db
kind: Secret is not allowed by policy
apiVersion: v1\nkind: ConfigMap\ndata:\n  mtu: "1450"\n  log_level: info
{"kind":"Pod","apiVersion":"v1","metadata":{"name":"web-0","namespace":"default"},"spec":{"nodeName":"node-1"}}
{"kind":"SecretList","items":[]}
{"auth":"none","authMode":"x509","authenticated":false}
auth: basic
auth=none pass=12 fail=0 skipped=3
PWD=/root OLDPWD=/
PASS: TestAdd (0.01s)
--- FAIL: TestToken (0.01s)
kubectl create token default
keyspace notifications: on, keystore: /etc/pki/java/cacerts
keyboard interrupt
hostKey verification failed.
CHECK failed: expected key "mac" in prevResult
sysctl: cannot stat /proc/sys/net/ipv4/conf/eth0/arp_notify
user=1000 group=1000 mode=0755
node.kubernetes.io/not-ready:NoExecute op=Exists for 300s
`

export const ORDINARY_TEXTS: readonly string[] = LINES.trim()
  .split("\n")
  .map((line) => line.replaceAll("\\n", "\n").replaceAll("\\t", "\t"))
