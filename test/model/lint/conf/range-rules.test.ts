import { RANGE_RULES } from "../../../../src/model/lint/conf/range-rules.ts"
import { hostLocal, list, testConfRules } from "./conf-cases.ts"

const whereabouts = (keys: object) => list([{ type: "macvlan", ipam: { type: "whereabouts", ...keys } }])

testConfRules(RANGE_RULES, {
  "conf-range-invalid": [
    { content: hostLocal({ subnet: "10.0.0.0" }), found: ["conf-range-invalid 1:102 subnet is 10.0.0.0"] },
    {
      content: hostLocal({ ranges: [[{ rangeStart: "10.0.0.9" }]] }),
      found: ["conf-range-invalid 1:104 subnet is missing"],
    },
    {
      content: hostLocal({
        ranges: [[{ subnet: "10.0.0.0/24", gateway: "10.1.0.1", rangeStart: "10.0.0.9", rangeEnd: "10.0.0.5" }]],
      }),
      found: [
        "conf-range-invalid 1:138 gateway 10.1.0.1 is not in 10.0.0.0/24",
        "conf-range-invalid 1:162 rangeStart is after rangeEnd",
      ],
    },
    {
      content: hostLocal({ subnet: "10.0.0.0/31" }),
      found: ["conf-range-invalid 1:102 10.0.0.0/31 is too small for a gateway and a pod"],
    },
    { content: hostLocal({ subnet: "usePodCidr" }), found: [] },
    {
      content: whereabouts({ range: "10.0.0.0/24", range_start: "10.0.1.9", range_end: "10.0.0.20" }),
      found: ["conf-range-invalid 1:131 range_start 10.0.1.9 is not in 10.0.0.0/24"],
    },
    {
      content: whereabouts({ range: "10.0.0.20-10.0.0.10/24" }),
      found: ["conf-range-invalid 1:103 range 10.0.0.20-10.0.0.10/24 ends before it starts"],
    },
    { content: whereabouts({ range: "10.0.0.0" }), found: [] },
    { content: whereabouts({ range: "10.0.0.300/24" }), found: ["conf-range-invalid 1:103 range is 10.0.0.300/24"] },
    { content: whereabouts({ ipRanges: [{ range: "10.0.0.10-10.0.0.20/24" }, { range: "fd00::/64" }] }), found: [] },
  ],
  "conf-ranges-overlap": [
    {
      content: hostLocal({ ranges: [[{ subnet: "10.0.0.0/16" }], [{ subnet: "10.0.4.0/24" }]] }),
      found: ["conf-ranges-overlap 1:141 10.0.4.0/24"],
    },
    { content: hostLocal({ ranges: [[{ subnet: "10.0.0.0/24" }], [{ subnet: "10.0.1.0/24" }]] }), found: [] },
  ],
  "conf-no-address-left": [
    {
      content: whereabouts({ range: "192.168.2.0/24", exclude: ["192.168.2.128/25", "192.168.2.0/25"] }),
      found: ["conf-no-address-left 1:130 exclude 192.168.2.128/25, 192.168.2.0/25 covers 192.168.2.0/24"],
    },
    // The network's and the broadcast address are never assigned.
    {
      content: whereabouts({ range: "10.0.0.0/30", exclude: ["10.0.0.1", "10.0.0.2/32"] }),
      found: ["conf-no-address-left 1:127 exclude 10.0.0.1, 10.0.0.2/32 covers 10.0.0.0/30"],
    },
    {
      content: whereabouts({ range: "fd00::/64", exclude: ["fd00::/63"] }),
      found: ["conf-no-address-left 1:125 exclude fd00::/63 covers fd00::/64"],
    },
    { content: whereabouts({ range: "192.168.2.0/24", exclude: ["192.168.2.0/25"] }), found: [] },
    {
      content: hostLocal({ subnet: "10.0.0.0/24", rangeStart: "10.0.0.1", rangeEnd: "10.0.0.1" }),
      found: ["conf-no-address-left 1:72 the only address is that of the gateway"],
    },
    {
      content: hostLocal({ ranges: [[{ subnet: "10.0.0.0/24", rangeStart: "10.0.0.9", rangeEnd: "10.0.0.9" }]] }),
      found: [],
    },
  ],
})
