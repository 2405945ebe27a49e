import assert from "node:assert/strict"
import { test } from "node:test"
import { detectFiles } from "../no-programs.ts"
import { plant, process, type Tree } from "../plant.ts"
import { conflists } from "./platform-trees.ts"

const CONF = "/etc/cni/net.d"

/** Name, effect on a relay, effect on probes in the list, and evidence of each agent. */
function agents(root: string): unknown[] {
  return detectFiles(root).agents.map(({ name, onSwap, onListEdit, evidence }) => [name, onSwap, onListEdit, evidence])
}

const cases: [string, unknown[]][] = [
  ["calico", [["calico", "overwrites-at-start", "overwrites-at-start", [`${CONF}/10-calico.conflist, calico`]]]],
  ["flannel", [["flannel", "overwrites-at-start", "overwrites-at-start", [`${CONF}/10-flannel.conflist, flannel`]]]],
  [
    "multus-thin",
    [
      ["flannel", "overwrites-at-start", "overwrites-at-start", [`${CONF}/00-multus.conf, flannel`]],
      ["multus-thin", "overwrites-at-start", "copies", [`${CONF}/00-multus.conf, multus`]],
    ],
  ],
  ["multus-thick", [["multus-thick", "overwrites-at-start", "copies", [`${CONF}/00-multus.conf, multus-shim`]]]],
  [
    "aws-vpc-cni",
    [["aws-vpc-cni", "overwrites-at-start", "overwrites-at-start", [`${CONF}/10-aws.conflist, aws-cni`]]],
  ],
  ["antrea", [["antrea", "overwrites-at-start", "overwrites-at-start", [`${CONF}/10-antrea.conflist, antrea`]]]],
  ["kindnet", [["kindnet", "keeps", "overwrites-at-start", [`${CONF}/10-kindnet.conflist`]]]],
  ["kube-router", [["kube-router", "keeps", "rewrites", [`${CONF}/10-kuberouter.conflist`]]]],
  [
    "ovn-kubernetes",
    [
      [
        "ovn-kubernetes",
        "overwrites-at-start",
        "overwrites-at-start",
        [`${CONF}/10-ovn-kubernetes.conf, ovn-k8s-cni-overlay`],
      ],
    ],
  ],
  [
    "istio",
    [
      ["calico", "overwrites-at-start", "overwrites-at-start", [`${CONF}/10-calico.conflist, calico`]],
      ["istio-cni", "overwrites", "keeps", [`${CONF}/10-calico.conflist, istio-cni`]],
    ],
  ],
  [
    "linkerd",
    [
      ["calico", "overwrites-at-start", "overwrites-at-start", [`${CONF}/10-calico.conflist, calico`]],
      ["linkerd-cni", "overwrites-at-start", "rewrites", [`${CONF}/10-calico.conflist, linkerd-cni`]],
    ],
  ],
  ["containerd-bridge", []],
  ["crio", []],
  ["podman", []],
]

for (const [network, expected] of cases) {
  test(`${network}: detected by its list alone`, (t) => {
    assert.deepEqual(agents(plant(t, conflists(network))), expected)
  })
}

test("flannel in k3s is described as a part of k3s", (t) => {
  const [flannel] = detectFiles(plant(t, conflists("flannel"), { "/var/lib/rancher/k3s/agent": "directory" }), {
    confDir: CONF,
  }).agents
  assert.equal(flannel?.behaviour, "k3s regenerates 10-flannel.conflist and the links to its plugins at each start")
})

test("agents are also detected by processes in containers and by sockets", (t) => {
  const root = plant(
    t,
    process(1, "/sbin/init"),
    process(30, "/opt/bin/flanneld --ip-masq", { namespace: "mnt:[5]" }),
    process(31, "/usr/local/bin/kube-router --run-router", { namespace: "mnt:[6]" }),
    process(32, "/app/aws-k8s-agent", { namespace: "mnt:[7]" }),
    { "/run/antrea/cni.sock": "" },
  )
  assert.deepEqual(agents(root), [
    ["flannel", "overwrites-at-start", "overwrites-at-start", ["process 30, flanneld"]],
    ["aws-vpc-cni", "overwrites-at-start", "overwrites-at-start", ["process 32, aws-k8s-agent"]],
    ["antrea", "overwrites-at-start", "overwrites-at-start", ["/run/antrea/cni.sock"]],
    ["kube-router", "keeps", "rewrites", ["process 31, kube-router"]],
  ])
})

test("files that a removed agent left behind do not count as evidence", (t) => {
  const root = plant(t, conflists("containerd-bridge"), {
    [`${CONF}/calico-kubeconfig`]: "",
    "/opt/cni/bin/calico": "",
    "/var/lib/calico/nodename": "node",
  })
  assert.deepEqual(agents(root), [])
})

const CILIUM = `${CONF}/05-cilium.conflist, cilium-cni`

/** The agent's process, with its settings directory as seen in its own root. */
function agent(exclusive: string): Tree {
  return {
    ...process(1, "/sbin/init"),
    ...process(60, "cilium-agent --config-dir=/tmp/cilium/config-map", { namespace: "mnt:[4]" }),
    "/proc/60/root": "-> ../../containers/cilium",
    "/containers/cilium/tmp/cilium/config-map/cni-exclusive": exclusive,
  }
}

test("Cilium's settings state whether it is exclusive", (t) => {
  const setting = "/proc/60/root/tmp/cilium/config-map/cni-exclusive"
  const evidence = (value: string) => [CILIUM, "process 60, cilium-agent", `${setting}, ${value}`]
  assert.deepEqual(agents(plant(t, agent("true\n"), conflists("cilium"))), [
    ["cilium", "overwrites-at-start", "overwrites", evidence("true")],
  ])
  assert.deepEqual(agents(plant(t, agent("false"), conflists("cilium"))), [
    ["cilium", "overwrites-at-start", "overwrites-at-start", evidence("false")],
  ])
})

test("without its settings, Cilium counts as exclusive if it has renamed other files or is alone", (t) => {
  const renamed = { [`${CONF}/10-flannel.conflist.cilium_bak`]: "{}" }
  assert.deepEqual(agents(plant(t, conflists("cilium"), renamed)), [
    ["cilium", "overwrites-at-start", "overwrites", [CILIUM, `${CONF}/10-flannel.conflist.cilium_bak`]],
  ])
  assert.deepEqual(agents(plant(t, conflists("cilium"))), [["cilium", "overwrites-at-start", "overwrites", [CILIUM]]])
  assert.deepEqual(agents(plant(t, conflists("cilium"), conflists("containerd-bridge"))), [
    ["cilium", "overwrites-at-start", "overwrites-at-start", [CILIUM]],
  ])
})

test("Cilium chained after another plugin is reported as such", (t) => {
  assert.deepEqual(agents(plant(t, conflists("cilium-aws"))), [
    ["cilium", "overwrites-at-start", "overwrites", [CILIUM, `${CONF}/05-cilium.conflist, chaining-mode aws-cni`]],
    ["aws-vpc-cni", "overwrites-at-start", "overwrites-at-start", [`${CONF}/05-cilium.conflist, aws-cni`]],
  ])
})

test("Istio with its own list copies the probes", (t) => {
  const root = plant(t, conflists("calico"), {
    [`${CONF}/02-istio-cni.conflist`]:
      '{"name":"k8s-pod-network","cniVersion":"1.0.0","plugins":[{"type":"calico"},{"type":"istio-cni"}]}',
  })
  assert.deepEqual(agents(root).at(-1), [
    "istio-cni",
    "overwrites",
    "copies",
    [`${CONF}/02-istio-cni.conflist, istio-cni`, `${CONF}/02-istio-cni.conflist`],
  ])
})
