import { LIBCNI } from "../cni/libcni.ts"
import { compareVersions } from "../cni/network-list.ts"
import { RUNTIMES } from "../install/detect/runtimes/find-runtimes.ts"
import { runtimeLabel } from "../install/detect/runtimes/runtime.ts"
import type { NodeRule } from "./node-finding.ts"

export const RUNTIME_RULES: NodeRule[] = [
  {
    id: "runtime-config-broken",
    severity: "error",
    title: "the runtime does not start with its configuration",
    check: ({ facts }) =>
      facts.runtimes.flatMap(({ name, broken, configFile }) =>
        broken === undefined
          ? []
          : [
              {
                detail: `${name}: ${broken}`,
                evidence: [configFile ?? broken.split(/[:,] /)[0] ?? name],
                remedy: `Fix ${broken.split(/[:,] /)[0]}.`,
              },
            ],
      ),
  },
  {
    id: "runtime-missing",
    severity: "warning",
    title: "no container runtime that uses CNI was found",
    check: ({ facts }) => {
      if (facts.runtime) return []
      const [idle] = facts.runtimes
      const remedy = idle
        ? `Undo this setting: ${idle.off}; then ${idle.pathSetting.restart}.`
        : "Start one, or set its directories with --conf-dir and --bin-dir."
      return [
        {
          detail: idle
            ? `${idle.name} is installed, but its CNI support is disabled`
            : `none of ${RUNTIMES.map(({ name }) => name).join(", ")} was found with CNI enabled`,
          evidence: idle?.off ? [idle.off] : [facts.confDir.value, ...facts.binDirs.value],
          remedy,
        },
      ]
    },
  },
  {
    id: "runtime-down",
    severity: "warning",
    title: "the runtime is configured but not running",
    check: ({ facts: { runtime }, files }) => {
      const seesProcesses = files.exists("/proc/1/cmdline")
      if (!runtime || runtime.isRunning || runtime.behaviour.configReload === "per-command" || !seesProcesses) return []
      return [
        { detail: `${runtime.name} is not running`, evidence: runtime.evidence, remedy: runtime.pathSetting.restart },
      ]
    },
  },
  {
    id: "runtime-too-old",
    severity: "error",
    title: "the runtime does not support the list's version of the specification",
    check: ({ facts: { runtime }, active }) => {
      if (runtime?.behaviour.libcni === undefined) return []
      const { libcni, newerLibcniIn } = runtime.behaviour
      const newest = LIBCNI[libcni].newestSpecVersion
      const upgrade = newerLibcniIn === undefined ? "" : `, or install ${newerLibcniIn}`
      return active.flatMap(({ file, cniVersion }) =>
        cniVersion === undefined || compareVersions(cniVersion, newest) <= 0
          ? []
          : [
              {
                detail: `${runtimeLabel(runtime)} (libcni ${libcni}) supports versions up to ${newest}, the list has ${cniVersion}`,
                evidence: [`${file}, cniVersion`],
                remedy: `Set "cniVersion": "${newest}" in ${file}${upgrade}.`,
              },
            ],
      )
    },
  },
  {
    id: "runtimes-differ",
    severity: "note",
    title: "another running runtime uses other directories",
    check: ({ facts: { runtime, runtimes } }) =>
      runtimes
        .filter(
          ({ isRunning, off, confDir }) => isRunning && off === undefined && confDir.value !== runtime?.confDir.value,
        )
        .map(({ name, confDir, evidence }) => ({
          detail: `${name} reads network configurations from ${confDir.value}`,
          evidence,
          remedy: `Use --conf-dir ${confDir.value} to check its directory.`,
        })),
  },
]
