import { processRules } from "../../../../src/model/lint/rules/process-rules.ts"
import { plugin, testRules } from "../rule-cases.ts"

testRules(processRules(0), {
  // Pain 1: cni#732.
  "killed-by-signal": {
    calls: [plugin("bridge", { exit: { signal: 11 }, stdout: "", stderr: "panic\n" })],
    found: ["killed-by-signal bridge:stderr killed by SIGSEGV"],
  },
  "not-started": {
    calls: [plugin("bridge", { exit: { errno: 13 }, stdout: "" })],
    found: ["not-started bridge:exit permission denied"],
  },
  // Pain 23, 40: containerd#5438.
  "killed-by-runtime": {
    calls: [plugin("bridge", { state: "killed" })],
    found: ["killed-by-runtime bridge:exit began but never ended"],
  },
  // Pain 37: kubernetes#53446.
  hung: {
    calls: [plugin("bridge", { state: "running" })],
    found: ["hung bridge:exit running for 60.0s"],
    fine: [[plugin("bridge", { state: "running", at: 45_000 })]],
  },
  "del-needs-netns": {
    calls: [
      plugin("bridge", {
        command: "DEL",
        exit: { code: 1 },
        stdout: {
          cniVersion: "1.0.0",
          code: 999,
          msg: 'failed to open netns "/var/run/netns/x": no such file or directory',
        },
      }),
      plugin("second", {
        command: "DEL",
        at: 20,
        netns: "",
        exit: { code: 1 },
        stdout: { cniVersion: "1.0.0", code: 4, msg: "no" },
      }),
    ],
    found: [
      "del-needs-netns bridge:stdout:0 the file of the namespace is gone",
      "del-needs-netns second:stdout:0 CNI_NETNS is empty",
    ],
    fine: [
      [
        plugin("bridge", {
          command: "DEL",
          exit: { code: 1 },
          stdout: { cniVersion: "1.0.0", code: 999, msg: "iptables: busy" },
        }),
      ],
      [
        plugin("calico", {
          command: "DEL",
          netns: "",
          exit: { code: 1 },
          stdout: { cniVersion: "1.0.0", code: 999, msg: "dial tcp 10.96.0.1:443: connection refused" },
        }),
      ],
    ],
  },
})
