import { RESULT_RULES } from "../../../../src/model/lint/rules/result-rules.ts"
import type { CallProps } from "../../calls.ts"
import { config, plugin, RESULT, testRules } from "../rule-cases.ts"

/** An ADD whose result has these keys and cniVersion. */
const withResult = (keys: object, more: CallProps = {}) =>
  plugin("bridge", { stdout: { cniVersion: "1.0.0", ...keys }, ...more })
/** An ADD in a version before 1.0.0. */
const old = (version: string, keys: object) =>
  plugin("bridge", { stdin: config({ cniVersion: version }), stdout: { cniVersion: version, ...keys } })
const ip = (address: unknown, more: object = {}) => ({ ips: [{ address, ...more }] })
const eth0 = (more: object) => ({ interfaces: [{ name: "eth0", sandbox: "/var/run/netns/cni-1", ...more }] })

testRules(RESULT_RULES, {
  // Pain 16: cni#701.
  "result-without-version": {
    calls: [plugin("bridge", { stdout: ' {"ips":[]}' })],
    found: ["result-without-version bridge:stdout:1 cniVersion is missing"],
  },
  // Pain 17: cni#862.
  "result-version-differs": {
    calls: [plugin("bridge", { stdout: '{"dns":{},"cniVersion":"0.4.0"}' })],
    found: ["result-version-differs bridge:stdout:10 0.4.0 instead of 1.0.0"],
    fine: [
      [
        plugin("portmap", {
          stdin: config({ prevResult: { cniVersion: "0.4.0" } }, "portmap"),
          stdout: { cniVersion: "0.4.0" },
        }),
      ],
    ],
  },
  "result-version-unknown": {
    calls: [withResult({ cniVersion: "1.2.3" })],
    found: ["result-version-unknown bridge:stdout:1 1.2.3"],
  },
  "result-old-keys": {
    calls: [withResult({ ip4: { ip: "10.1.2.3/24" } })],
    found: ["result-old-keys bridge:stdout:22 ip4"],
    fine: [[old("0.2.0", { ip4: { ip: "10.1.2.3/24" } })]],
  },
  "ip-version-key": {
    calls: [withResult({ ips: [{ version: "4", address: "10.1.2.3/24" }] })],
    found: ["ip-version-key bridge:stdout:30 10.1.2.3/24"],
    fine: [
      [old("0.4.0", ip("10.1.2.3/24", { version: "4" }))],
      // Another version than requested, but a valid result of that version.
      [withResult({ cniVersion: "0.4.0", ...ip("10.1.2.3/24", { version: "4" }) })],
    ],
  },
  "ip-version-missing": {
    calls: [old("0.3.1", ip("10.1.2.3/24"))],
    found: ["ip-version-missing bridge:stdout:40 10.1.2.3/24"],
    fine: [[plugin("bridge", { stdin: config({ cniVersion: "0.4.0" }), stdout: RESULT })]],
  },
  "ip-version-wrong": {
    calls: [old("0.4.0", ip("fd00::3/64", { version: "4" }))],
    found: ["ip-version-wrong bridge:stdout:40 4 for fd00::3/64"],
    fine: [[old("0.4.0", ip("fd00::3/64", { version: "6" }))]],
  },
  "ip-without-prefix": {
    calls: [withResult(ip("10.1.2.3"))],
    found: ["ip-without-prefix bridge:stdout:40 10.1.2.3"],
  },
  "ip-invalid": {
    calls: [withResult(ip("10.1.2.300/24")), withResult({ ips: [{}] }, { containerId: "b" })],
    found: ["ip-invalid bridge:stdout:40 10.1.2.300/24", "ip-invalid bridge:stdout:22 address is missing"],
  },
  "ip-interface-index": {
    calls: [withResult({ ...eth0({}), ...ip("10.1.2.3/24", { interface: 1 }) })],
    found: ["ip-interface-index bridge:stdout:118 10.1.2.3/24 has interface 1, the result lists 1"],
    fine: [[withResult({ ...eth0({}), ...ip("10.1.2.3/24", { interface: 0 }) })], [withResult(ip("10.1.2.3/24"))]],
  },
  "ip-twice-in-result": {
    calls: [withResult({ ips: [{ address: "10.1.2.3/24" }, { address: "10.1.2.3/24" }] })],
    found: ["ip-twice-in-result bridge:stdout:67 10.1.2.3/24"],
    fine: [[withResult({ ips: [{ address: "10.1.2.3/24" }, { address: "10.1.2.4/24" }] })]],
  },
  "gateway-invalid": {
    calls: [withResult(ip("10.1.2.3/24", { gateway: "10.1.2.1/24" }))],
    found: ["gateway-invalid bridge:stdout:64 10.1.2.1/24"],
    fine: [[withResult(ip("10.1.2.3/24", { gateway: "" }))]],
  },
  "gateway-outside-subnet": {
    calls: [withResult(ip("10.1.2.3/24", { gateway: "10.1.3.1" }))],
    found: ["gateway-outside-subnet bridge:stdout:64 10.1.3.1 for 10.1.2.3/24"],
    // Calico's host route and its link-local gateway.
    fine: [
      [withResult(ip("10.1.2.3/32", { gateway: "10.1.3.1" }))],
      [withResult(ip("10.1.2.3/24", { gateway: "169.254.1.1" }))],
      [withResult(ip("fd00::3/64", { gateway: "fe80::1" }))],
    ],
  },
  "route-invalid": {
    calls: [withResult({ routes: [{ dst: "default" }, { dst: "0.0.0.0/0", gw: "x" }, {}] })],
    found: [
      "route-invalid bridge:stdout:39 default",
      "route-invalid bridge:stdout:74 x",
      "route-invalid bridge:stdout:22 dst is missing",
    ],
  },
  "interface-without-name": {
    calls: [withResult({ interfaces: [{ mac: "0a:58:0a:01:02:03" }] })],
    found: ["interface-without-name bridge:stdout:22 name is missing"],
  },
  "interface-name-too-long": {
    calls: [withResult({ interfaces: [{ name: "abcdefghijklmnop" }] })],
    found: ["interface-name-too-long bridge:stdout:44 abcdefghijklmnop"],
    fine: [
      [withResult({ interfaces: [{ name: "abcdefghijklmno" }] })],
      // aws-cni stores data of each pod under such a name.
      [plugin("aws-cni", { stdout: { cniVersion: "1.0.0", interfaces: [{ name: "dummy8ea2c11fe35" }] } })],
    ],
  },
  "interface-mac-invalid": {
    calls: [withResult(eth0({ mac: "0a:58:0a" }))],
    found: ["interface-mac-invalid bridge:stdout:90 0a:58:0a of eth0"],
    // aws-cni stores a VLAN id there.
    fine: [
      [
        plugin("aws-cni", {
          stdout: { cniVersion: "1.0.0", interfaces: [{ name: "dummy0", mac: "0", sandbox: "42" }] },
        }),
      ],
      [withResult(eth0({ mac: "00:11:22:33:44:55:66:77" }))],
    ],
  },
  "interface-sandbox-invalid": {
    calls: [withResult({ interfaces: [{ name: "eth0", sandbox: "/var/run/netns/cni-2" }] })],
    found: ["interface-sandbox-invalid bridge:stdout:61 /var/run/netns/cni-2 instead of /var/run/netns/cni-1"],
    fine: [[withResult({ interfaces: [{ name: "eth0", sandbox: "/run/netns/cni-1" }] })]],
  },
  "ipam-lists-interfaces": {
    calls: [
      plugin("bridge", { stdin: config({ ipam: { type: "host-local" } }), durationMs: 30 }),
      plugin("host-local", {
        at: 2,
        parent: "bridge",
        durationMs: 2,
        stdout: { cniVersion: "1.0.0", interfaces: [{ name: "eth0" }], ips: [] },
      }),
    ],
    found: ["ipam-lists-interfaces host-local:stdout:22 1 listed"],
  },
})
