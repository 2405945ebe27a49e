import { BANDWIDTH_RULES } from "../../../../src/model/lint/conf/bandwidth-rules.ts"
import { SYSCTL_RULES } from "../../../../src/model/lint/conf/sysctl-rules.ts"
import { BRIDGE, list, testConfRules } from "./conf-cases.ts"

const bandwidth = (limits: object) => list([BRIDGE, { type: "bandwidth", ...limits }])
const tuning = (...keys: string[]) =>
  list([BRIDGE, { type: "tuning", sysctl: Object.fromEntries(keys.map((key) => [key, "1"])) }])

testConfRules([...BANDWIDTH_RULES, ...SYSCTL_RULES], {
  // kubernetes#70014
  "conf-bandwidth-limit": [
    {
      content: bandwidth({ ingressRate: 1000, ingressBurst: 0 }),
      found: ["conf-bandwidth-limit 1:120 ingressRate is 1000 bit/s, and ingressBurst is 0 bits"],
    },
    {
      content: bandwidth({ egressBurst: 1000 }),
      found: ["conf-bandwidth-limit 1:66 egressBurst is 1000 bits, and egressRate is 0 bit/s"],
    },
    {
      content: bandwidth({ ingressRate: 1000, ingressBurst: 34359738360 }),
      found: ["conf-bandwidth-limit 1:120 ingressBurst is 34359738360 bits, and the largest is 34359738359"],
    },
    { content: bandwidth({ ingressRate: 1000, ingressBurst: 34359738359 }), found: [] },
    { content: bandwidth({ capabilities: { bandwidth: true } }), found: [] },
  ],
  "conf-sysctl-interface": [
    {
      content: tuning("net.ipv4.conf.ens192.arp_filter", "net/ipv6/conf/bond0.100/accept_ra"),
      found: [
        "conf-sysctl-interface 1:127 net.ipv4.conf.ens192.arp_filter: ens192",
        "conf-sysctl-interface 1:167 net/ipv6/conf/bond0.100/accept_ra: bond0.100",
      ],
    },
    {
      content: tuning(
        "net.core.somaxconn",
        "net.ipv4.conf.all.rp_filter",
        "net.ipv4.conf.IFNAME.rp_filter",
        "net.ipv4.conf.eth0.rp_filter",
        "net.ipv6.neigh.default.gc_thresh1",
      ),
      found: [],
    },
  ],
})
