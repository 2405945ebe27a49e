import { VERSION_WHEN_MISSING } from "../cni/version.ts"
import { type VersionReply, versionReplyText } from "../install/apply/version-command.ts"
import type { NodeRule } from "./node-finding.ts"

export const VERSION_RULES: NodeRule[] = [
  {
    id: "plugin-silent",
    severity: "error",
    title: "a plugin does not reply to VERSION",
    check: ({ versions }) =>
      [...versions].flatMap(([path, answer]) =>
        supported(answer)
          ? []
          : [
              {
                detail: `${path} replied to VERSION with ${versionReplyText(answer)}`,
                evidence: [path],
                remedy: `Run CNI_COMMAND=VERSION ${path} </dev/null to see why; reinstall the plugin if it does not run.`,
              },
            ],
      ),
  },
  {
    id: "plugin-version",
    severity: "error",
    title: "a plugin does not support the version of its list",
    check: ({ active, executed, versions }) =>
      active.flatMap(({ file, cniVersion = VERSION_WHEN_MISSING }) =>
        executed.flatMap(({ name, via, path, networks }) => {
          const answer = path === undefined ? undefined : versions.get(path)
          const list = answer && supported(answer)
          if (path === undefined || !list || list.includes(cniVersion) || !networks.includes(file)) return []
          const newest = list.at(-1)
          return [
            {
              detail: `${name} (${via}) supports ${list.join(", ")}, the list has ${cniVersion}`,
              evidence: [path, `${file}, cniVersion`],
              remedy: `Install a newer ${name} as ${path}, or set "cniVersion": "${newest}" in ${file}.`,
            },
          ]
        }),
      ),
  },
]

function supported(answer: VersionReply): string[] | undefined {
  if ("cannot" in answer || answer.status !== 0) return undefined
  try {
    const value: unknown = JSON.parse(answer.stdout)
    if (typeof value !== "object" || value === null || !("supportedVersions" in value)) return undefined
    const { supportedVersions } = value
    return Array.isArray(supportedVersions) ? supportedVersions.filter((it) => typeof it === "string") : undefined
  } catch {
    return undefined
  }
}
