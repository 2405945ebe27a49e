import { compareVersions } from "../cni/network-list.ts"
import { isVersionAtLeast } from "../install/detect/runtimes/version.ts"
import type { NodeRule } from "./node-finding.ts"

/** containerd 1 comes with libcni 1.1, which knows nothing of the specification after this. */
const CONTAINERD_1_NEWEST = "1.0.0"

export const RUNTIME_RULES: NodeRule[] = [
  {
    id: "runtime-config-broken",
    severity: "error",
    title: "the runtime would not start with its configuration",
    check: ({ facts }) =>
      facts.runtimes.flatMap(({ name, broken, configFile }) =>
        broken === undefined
          ? []
          : [
              {
                detail: `${name}: ${broken}`,
                evidence: [configFile ?? broken.split(/[:,] /)[0] ?? name],
                remedy: `Correct ${broken.split(/[:,] /)[0]}.`,
              },
            ],
      ),
  },
  {
    id: "runtime-missing",
    severity: "warning",
    title: "no container runtime that works with CNI was found",
    check: ({ facts }) => {
      if (facts.runtime) return []
      const [idle] = facts.runtimes
      const remedy = idle
        ? `Take it out of ${idle.off}, then ${idle.pathSetting.restart}.`
        : "Start one, or name its directories with --conf-dir and --bin-dir."
      return [
        {
          detail: idle
            ? `${idle.name} is there, its CNI is switched off`
            : "no containerd, CRI-O, cri-dockerd or podman that uses CNI",
          evidence: idle?.off ? [idle.off] : [facts.confDir.value, ...facts.binDirs.value],
          remedy,
        },
      ]
    },
  },
  {
    id: "runtime-down",
    severity: "warning",
    title: "the runtime is configured and does not run",
    check: ({ facts: { runtime }, files }) => {
      const seesProcesses = files.exists("/proc/1/cmdline")
      if (!runtime || runtime.isRunning || runtime.name === "podman" || !seesProcesses) return []
      return [
        { detail: `${runtime.name} does not run`, evidence: runtime.evidence, remedy: runtime.pathSetting.restart },
      ]
    },
  },
  {
    id: "runtime-too-old",
    severity: "error",
    title: "the runtime does not know the list's version of the specification",
    check: ({ facts: { runtime }, active }) => {
      if (runtime?.name !== "containerd" || runtime.version === undefined) return []
      if (isVersionAtLeast(runtime.version, "2.0")) return []
      return active.flatMap(({ file, cniVersion }) =>
        cniVersion === undefined || compareVersions(cniVersion, CONTAINERD_1_NEWEST) <= 0
          ? []
          : [
              {
                detail: `containerd ${runtime.version} knows ${CONTAINERD_1_NEWEST}, the list is ${cniVersion}`,
                evidence: [`${file}, cniVersion`],
                remedy: `Write "cniVersion": "${CONTAINERD_1_NEWEST}" into ${file}, or install containerd 2.`,
              },
            ],
      )
    },
  },
  {
    id: "runtimes-differ",
    severity: "note",
    title: "another running runtime looks into other directories",
    check: ({ facts: { runtime, runtimes } }) =>
      runtimes
        .filter(
          ({ isRunning, off, confDir }) => isRunning && off === undefined && confDir.value !== runtime?.confDir.value,
        )
        .map(({ name, confDir, evidence }) => ({
          detail: `${name} takes its networks from ${confDir.value}`,
          evidence,
          remedy: `Name its directories with --conf-dir ${confDir.value} to look at them.`,
        })),
  },
]
