import assert from "node:assert/strict"
import { test } from "node:test"
import { lintConf } from "../../../../src/model/lint/conf/lint-conf.ts"
import { SCHEMA_RULES } from "../../../../src/model/lint/conf/schema-rules.ts"
import { BRIDGE, hostLocal, list, testConfRules } from "./conf-cases.ts"

testConfRules(SCHEMA_RULES, {
  "conf-key-unknown": [
    {
      content: list([{ ...BRIDGE, isGatway: true }]),
      found: ["conf-key-unknown 1:65 bridge does not know isGatway; did you mean isGateway?"],
    },
    {
      content: list([{ type: "linkerd-cni" }, { type: "calico", kubernetes: { kubeconfg: "/x" } }]).replace(
        '{"type":"linkerd-cni"},',
        "",
      ),
      found: ["conf-key-unknown 1:79 calico does not know kubernetes.kubeconfg; did you mean kubeconfig?"],
    },
    {
      content: hostLocal({ ranges: [[{ subnet: "10.0.0.0/24", rangStart: "10.0.0.9" }]] }),
      found: ["conf-key-unknown 1:128 host-local does not know ranges[0][0].rangStart; did you mean rangeStart?"],
    },
    {
      content: list([{ type: "flannel", delegate: { hairpinmod: true } }]),
      found: ["conf-key-unknown 1:78 bridge does not know hairpinmod; did you mean hairpinMode?"],
    },
    // Go's encoding/json matches keys without case, but libcni looks a list's keys up in a map.
    { content: list([{ ...BRIDGE, isgateway: true }]), found: [] },
    {
      content: list([BRIDGE], '"disablecheck":true,'),
      found: ["conf-key-unknown 1:37 disablecheck: libcni reads disableCheck, in exactly these letters"],
    },
    // Nothing resembles them: a newer plugin may know the first, and the others are comments.
    { content: list([{ ...BRIDGE, shinyFeature: 1, _isGatway: 1, "//isGatway": 1, commentt: 1 }]), found: [] },
    { content: list([{ type: "my-plugin", isGatway: true }]), found: [] },
  ],
  "conf-key-misplaced": [
    {
      content: list([{ ...BRIDGE, ipam: { type: "host-local" }, subnet: "10.0.0.0/24" }]),
      found: ["conf-key-misplaced 1:94 subnet belongs in ipam"],
    },
    {
      content: hostLocal({ isGateway: true }),
      found: ["conf-key-misplaced 1:93 isGateway belongs in the object of bridge"],
    },
    {
      content: hostLocal({ ranges: [[{ subnet: "10.0.0.0/24", routes: [] }]] }),
      found: ["conf-key-misplaced 1:128 ranges[0][0].routes belongs in ipam"],
    },
  ],
  "conf-key-missing": [
    { content: list([{ type: "vlan", vlanId: 5 }]), found: ["conf-key-missing 1:48 vlan needs master"] },
    { content: list([{ type: "ptp" }]), found: ["conf-key-missing 1:48 ptp needs ipam"] },
    // flannel adds the ipam section.
    { content: list([{ type: "flannel", delegate: { type: "ptp" } }]), found: [] },
    {
      content: hostLocal({ routes: [{ gw: "10.0.0.1" }] }),
      found: ["conf-key-missing 1:103 host-local needs routes[0].dst"],
    },
  ],
  "conf-value-type": [
    // aws#2293
    {
      content: list([{ type: "aws-cni", mtu: 9001 }]),
      found: ["conf-value-type 1:72 mtu is 9001, a number; aws-cni takes a string"],
    },
    {
      content: list([{ ...BRIDGE, mtu: "1500" }]),
      found: ['conf-value-type 1:71 mtu is "1500", a string; bridge takes an integer'],
    },
    {
      content: list([{ ...BRIDGE, mtu: 1500.5 }]),
      found: ["conf-value-type 1:71 mtu is 1500.5, a number; bridge takes an integer"],
    },
    {
      content: list([{ ...BRIDGE, isGateway: "true" }]),
      found: ['conf-value-type 1:77 isGateway is "true", a string; bridge takes true or false'],
    },
    {
      content: list([BRIDGE, { type: "tuning", sysctl: { "net.core.somaxconn": 500 } }]),
      found: ["conf-value-type 1:114 sysctl.net.core.somaxconn is 500, a number; tuning takes a string"],
    },
    {
      content: list([{ type: "calico", ipam: { type: "calico-ipam", assign_ipv4: true } }]),
      found: ["conf-value-type 1:108 assign_ipv4 is true, a boolean; calico-ipam takes a string"],
    },
    {
      content: list([{ type: "calico", policy: { k8s_auth_token: 12345 } }]),
      found: ["conf-value-type 1:92 policy.k8s_auth_token is not shown here, a number; calico takes a string"],
    },
    {
      content: list([{ ...BRIDGE, ipam: "host-local" }]),
      found: ['conf-value-type 1:72 ipam is "host-local", a string; bridge takes an object'],
    },
    // Go decodes null as if the key were missing.
    { content: list([{ ...BRIDGE, mtu: null, vlanTrunk: null }]), found: [] },
  ],
  "conf-value-invalid": [
    {
      content: list([{ ...BRIDGE, vlan: 4095 }]),
      found: ["conf-value-invalid 1:72 vlan is 4095; bridge takes 0 to 4094"],
    },
    { content: list([{ ...BRIDGE, mtu: -1 }]), found: ["conf-value-invalid 1:71 mtu is -1; bridge takes 0 to 65536"] },
    {
      content: list([{ type: "macvlan", mode: "brige" }]),
      found: [
        'conf-value-invalid 1:73 mode is "brige"; macvlan takes bridge, private, vepa or passthru; did you mean bridge?',
      ],
    },
    { content: list([{ type: "macvlan", mode: "" }]), found: [] },
    {
      content: list([{ type: "macvlan", ipam: { type: "static", addresses: [{ address: "10.0.0.9" }] } }]),
      found: [
        'conf-value-invalid 1:114 addresses[0].address is "10.0.0.9"; static takes an address with a prefix length, such as 10.1.2.0/24',
      ],
    },
    {
      content: list([{ type: "tap", mac: "0a:58" }]),
      found: ['conf-value-invalid 1:68 mac is "0a:58"; tap takes a MAC address, such as 0a:58:0a:01:02:03'],
    },
    {
      content: list([{ type: "aws-cni", vethPrefix: "enien" }]),
      found: ['conf-value-invalid 1:79 vethPrefix is "enien"; aws-cni takes at most 4 characters'],
    },
    {
      content: list([{ type: "sriov", deviceID: "03:02.1" }]),
      found: ['conf-value-invalid 1:75 deviceID is "03:02.1"; sriov takes a PCI address, such as 0000:03:02.1'],
    },
    {
      content: list([{ type: "sriov", vlan: 1, vlanProto: "802.1x" }]),
      found: ['conf-value-invalid 1:85 vlanProto is "802.1x"; sriov takes 802.1q or 802.1ad'],
    },
  ],
  "conf-keys-conflict": [
    {
      content: list([{ ...BRIDGE, hairpinMode: true, promiscMode: true }]),
      found: ["conf-keys-conflict 1:48 bridge: hairpinMode and promiscMode cannot both be true"],
    },
    { content: list([{ ...BRIDGE, hairpinMode: true, promiscMode: false }]), found: [] },
    {
      content: list([{ ...BRIDGE, vlan: 5, vlanTrunk: [{ id: 6 }] }]),
      found: ["conf-keys-conflict 1:48 bridge: vlan and vlanTrunk cannot be set together"],
    },
    {
      content: list([{ type: "multus", kubeconfig: "/x" }]),
      found: ["conf-keys-conflict 1:48 multus: delegates or clusterNetwork is required"],
    },
    {
      content: list([{ type: "flannel", delegate: { name: "x" } }]),
      found: ["conf-keys-conflict 1:77 flannel: delegate must not have name or ipam, which flannel sets"],
    },
  ],
})

test("a remedy says what to write if only the quotes are wrong", () => {
  const remedyOf = (plugin: object) => lintConf("x.conflist", list([plugin])).map(({ remedy }) => remedy)
  assert.deepEqual(remedyOf({ ...BRIDGE, mtu: "1500" }), ["Write it without quotes: 1500."])
  assert.deepEqual(remedyOf({ ...BRIDGE, isGateway: "True" }), ["Write it without quotes: true."])
  assert.deepEqual(remedyOf({ type: "aws-cni", mtu: 9001 }), ['Write it in quotes: "9001".'])
  assert.deepEqual(remedyOf({ ...BRIDGE, mtu: "big" }), [
    "Write a value of that type: the plugin cannot decode its configuration otherwise.",
  ])
})

test("names of JavaScript's own properties are neither keys nor plugins", () => {
  const content = list([{ ...BRIDGE, constructor: 1, toString: 1 }, { type: "constructor" }, { type: "__proto__" }])
  assert.deepEqual(lintConf("x.conflist", content.replace('"toString"', '"__proto__"')), [])
})
