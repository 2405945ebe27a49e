import { ROLE_RULES } from "../../../../src/model/lint/conf/role-rules.ts"
import { BRIDGE, list, testConfRules } from "./conf-cases.ts"

testConfRules(ROLE_RULES, {
  // multus-cni#576
  "conf-ipam-as-main": [
    {
      content: list([{ type: "host-local", subnet: "10.0.0.0/24" }]),
      found: ["conf-ipam-as-main 1:56 host-local is an IPAM plugin: it makes no interface"],
    },
    {
      content: list([{ type: "multus", delegates: [{ type: "whereabouts" }] }]),
      found: ["conf-ipam-as-main 1:86 whereabouts is an IPAM plugin: it makes no interface"],
    },
  ],
  "conf-main-as-ipam": [
    {
      content: list([{ type: "macvlan", ipam: { type: "bridge" } }]),
      found: ["conf-main-as-ipam 1:81 bridge assigns no addresses"],
    },
    { content: list([{ type: "macvlan", ipam: { type: "kube-ovn" } }]), found: [] },
    { content: list([{ type: "macvlan", ipam: { type: "my-ipam" } }]), found: [] },
  ],
  "conf-ipam-without-type": [
    {
      content: list([{ ...BRIDGE, ipam: { subnet: "10.0.0.0/24" } }]),
      found: ["conf-ipam-without-type 1:72 type is missing"],
    },
    { content: list([{ ...BRIDGE, ipam: {} }]), found: [] },
  ],
})
