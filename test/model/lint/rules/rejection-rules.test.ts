import { REJECTION_RULES } from "../../../../src/model/lint/rules/rejection-rules.ts"
import { config, plugin, RESULT, testRules } from "../rule-cases.ts"

const failed = (msg: string, details = "") => ({
  exit: { code: 1 },
  stdout: { code: 999, msg, ...(details ? { details } : {}) },
})
const before = plugin("main", { plugin: "my-main" })

testRules(REJECTION_RULES, {
  // aws#2293; a build that takes a number, which the schema does not know.
  "config-undecodable": {
    calls: [
      plugin("egress-cni", {
        at: 1,
        stdin: config({ prevResult: RESULT, mtu: "9001" }, "egress-cni"),
        ...failed("json: cannot unmarshal string into Go struct field NetConf.mtu of type int"),
      }),
    ],
    found: ["config-undecodable egress-cni:stdin:314 mtu is a string, and this build of egress-cni takes a number"],
    fine: [
      // The schema says it, and what to write.
      [
        plugin("bridge", {
          stdin: config({ mtu: "9001" }),
          ...failed(
            "failed to load netconf: json: cannot unmarshal string into Go struct field NetConf.mtu of type int",
          ),
        }),
      ],
      [plugin("bridge", failed("json: unexpected end of JSON input"))],
    ],
  },
  // azure#642
  "state-file-broken": {
    calls: [
      plugin(
        "azure-vnet",
        failed("Failed to initialize key-value store: invalid character '\\x00' looking for beginning of value"),
      ),
    ],
    found: [
      "state-file-broken azure-vnet:stdout:57 the node went down before its content was written; the configuration on stdin is not at fault",
    ],
    fine: [[plugin("azure-vnet", failed("invalid character 'x' looking for beginning of value"))]],
  },
  // linkerd2#9916
  "chained-plugin-first": {
    calls: [
      plugin("linkerd-cni", {
        stdin: config({ cniVersion: "1.0.0" }, "linkerd-cni"),
        ...failed("cannot convert: no valid IP addresses"),
      }),
    ],
    found: ["chained-plugin-first linkerd-cni:stdin:0 it got no prevResult"],
    fine: [
      [before, plugin("portmap", { at: 100, stdin: config({ prevResult: RESULT }, "portmap") })],
      [plugin("portmap", { command: "DEL", stdin: config({}, "portmap") })],
    ],
  },
  // weave#3787
  "prevresult-without-interface": {
    calls: [
      plugin("weave-net", {
        stdin: config({}, "weave-net"),
        stdout: { cniVersion: "1.0.0", ips: RESULT.ips.map(({ interface: _, ...ip }) => ip) },
      }),
      plugin("bandwidth", {
        at: 100,
        stdin: config(
          { prevResult: { cniVersion: "1.0.0", ips: RESULT.ips.map(({ interface: _, ...ip }) => ip) } },
          "bandwidth",
        ),
        ...failed("no interfaces provided"),
      }),
    ],
    found: ["prevresult-without-interface bandwidth:stdin:55 weave-net returned no interfaces"],
  },
  "sysctl-interface": {
    calls: [
      before,
      plugin("tuning", {
        at: 100,
        stdin: config({ sysctl: { "net.ipv4.conf.ens192.arp_filter": "1" }, prevResult: RESULT }, "tuning"),
        ...failed("open /proc/sys/net/ipv4/conf/ens192/arp_filter: no such file or directory"),
      }),
    ],
    found: ["sysctl-interface tuning:stdin:62 ens192; the interface is eth0"],
    fine: [
      [
        before,
        plugin("tuning", {
          at: 100,
          stdin: config({ sysctl: { "net.ipv4.conf.eth0.arp_filter": "1" }, prevResult: RESULT }, "tuning"),
          ...failed("permission denied"),
        }),
      ],
    ],
  },
  // sriov#258
  "device-missing": {
    calls: [plugin("sriov", { stdin: config({ vlan: 5 }, "sriov"), ...failed("LoadConf(): VF pci addr is required") })],
    found: ["device-missing sriov:stdin:0 deviceID: it is missing"],
    fine: [
      [plugin("sriov", { stdin: config({ deviceID: "0000:03:02.1" }, "sriov"), ...failed("no such device") })],
      [
        plugin("host-device", {
          stdin: config({ runtimeConfig: { deviceID: "0000:03:02.1" } }, "host-device"),
          ...failed("no such device"),
        }),
      ],
    ],
  },
})
