import { createHash } from "node:crypto"
import { dirname, join } from "node:path"
import { kindOfPlugin } from "../cni/plugin-kind.ts"
import { findPlugin } from "../install/detect/find-plugins.ts"
import type { Plugin } from "../install/detect/node-facts.ts"
import type { NodeFiles } from "../install/detect/node-files.ts"
import { whyNotRunnable } from "../install/detect/program-file.ts"
import { type Disk, nodeDisk } from "../install/disk/disk.ts"
import { originalOf } from "../install/disk/plugin-dir.ts"
import type { NodeHit, NodeRule } from "./node-finding.ts"
import type { NodeSnapshot } from "./node-snapshot.ts"
import { writableByOthers } from "./permission.ts"

export const PLUGIN_RULES: NodeRule[] = [
  {
    id: "bin-dir-missing",
    severity: "error",
    title: "no plugin directory exists",
    check: ({ facts: { binDirs }, files }) =>
      binDirs.value.some((path) => files.isDirectory(path))
        ? []
        : [
            {
              detail: `${binDirs.value.join(", ")} is missing (${binDirs.from})`,
              evidence: binDirs.value,
              remedy: `Install the plugins into ${binDirs.value[0]}, or configure the directory that has them.`,
            },
          ],
  },
  {
    id: "plugin-missing",
    severity: "error",
    title: "a plugin is missing",
    check: (node) =>
      node.facts.plugins
        .filter(({ path }) => path === undefined)
        .map((plugin) => ({
          ...missingHit(node, plugin),
          ...(node.executed.includes(plugin) ? {} : { severity: "note" as const }),
        })),
  },
  {
    id: "loopback-missing",
    severity: "error",
    title: "the plugin loopback, which the runtime executes for every pod, is missing",
    check: (node) => {
      const { facts, files } = node
      if (!facts.runtime?.behaviour.executesLoopback) return []
      const { path, skipped } = findPlugin(files, "loopback", facts.binDirs.value)
      return path === undefined ? [missingHit(node, { name: "loopback", via: facts.runtime.name, skipped })] : []
    },
  },
  {
    id: "plugin-not-executable",
    severity: "error",
    title: "a plugin is not executable",
    check: ({ executed, files }) =>
      executed.flatMap(({ path, isExecutable, shadows }) =>
        path === undefined || isExecutable !== false
          ? []
          : [
              {
                detail: `${path} has mode ${modeOf(files, path)}${shadows.length > 0 ? ` and hides ${shadows.join(", ")}` : ""}`,
                evidence: [path, ...shadows],
                remedy: shadows.length > 0 ? `Run rm ${path}, or chmod 0755 ${path}.` : `chmod 0755 ${path}`,
              },
            ],
      ),
  },
  {
    id: "plugin-not-runnable",
    severity: "error",
    title: "a plugin cannot run on this node",
    check: ({ executed, files, facts }) =>
      executed.flatMap(({ path, isExecutable }) => {
        if (path === undefined || !isExecutable) return []
        const file = originalOf(diskOf(files), path)
        const why = whyNotRunnable(files, file)
        return why === undefined
          ? []
          : [{ detail: `${file}: ${why}`, evidence: [file], remedy: reinstall(facts.agents, path) }]
      }),
  },
  {
    id: "plugin-noexec",
    severity: "error",
    title: "a plugin directory is mounted noexec",
    check: ({ executed, facts: { mounts } }) =>
      mounts
        .filter(
          ({ directory, isNoexec }) => isNoexec && executed.some(({ path }) => path && dirname(path) === directory),
        )
        .map(({ directory, mountPoint }) => ({
          detail: `${directory} is on ${mountPoint}, which is mounted noexec`,
          evidence: [directory, mountPoint],
          remedy: `Run mount -o remount,exec ${mountPoint}, and remove noexec from /etc/fstab.`,
        })),
  },
  {
    id: "plugin-passed-over",
    severity: "warning",
    title: "a plugin name is taken by a dangling symlink or a directory, which the runtime skips",
    check: ({ executed }) =>
      executed.flatMap(({ skipped }) =>
        skipped.map((path) => ({
          detail: `${path} is a dangling symlink or a directory`,
          evidence: [path],
          remedy: `rm -r ${path}`,
        })),
      ),
  },
  {
    id: "plugin-hidden",
    severity: "warning",
    title: "a plugin exists twice with different content; the runtime executes the first",
    check: ({ executed, files }) =>
      executed.flatMap(({ path, shadows, isExecutable }) => {
        if (path === undefined || !isExecutable) return []
        const others = shadows.filter((other) => hashOf(files, other) !== hashOf(files, path))
        if (others.length === 0) return []
        return [
          {
            detail: `${path} hides ${others.join(", ")}`,
            evidence: [path, ...others],
            remedy: `Remove the wrong one: rm ${path}, or rm ${others.join(" ")}`,
          },
        ]
      }),
  },
  {
    id: "plugin-open",
    severity: "error",
    title: "users other than root can change a program that the runtime executes as root",
    check: ({ executed, files, facts: { binDirs } }) =>
      [...binDirs.value, ...executed.flatMap(({ path }) => path ?? [])].flatMap((path) =>
        writableByOthers(files, path),
      ),
  },
  {
    id: "plugin-label",
    severity: "warning",
    title: "SELinux is enforcing, and a plugin has a label that the runtime may not execute",
    check: ({ executed, facts: { selinux } }) =>
      selinux.mode !== "enforcing"
        ? []
        : executed.flatMap(({ path }): NodeHit[] => {
            const label = path === undefined ? undefined : selinux.labels[path]
            const type = label?.split(":")[2]
            if (path === undefined || type === undefined || !FOREIGN_LABELS.has(type)) return []
            return [{ detail: `${path} is labelled ${label}`, evidence: [path], remedy: `restorecon -v ${path}` }]
          }),
  },
]

/** The labels of files that were moved or copied from another directory. */
const FOREIGN_LABELS = new Set([
  "default_t",
  "unlabeled_t",
  "user_home_t",
  "admin_home_t",
  "tmp_t",
  "user_tmp_t",
  "var_lib_t",
  "home_root_t",
])

const COMMON_DIRS = [
  "/opt/cni/bin",
  "/usr/lib/cni",
  "/usr/libexec/cni",
  "/usr/local/lib/cni",
  "/home/kubernetes/bin",
  "/var/lib/cni/bin",
]

function missingHit(
  { facts, files }: NodeSnapshot,
  { name, via, skipped }: Pick<Plugin, "name" | "via" | "skipped">,
): NodeHit {
  const { binDirs, agents } = facts
  const target = join(binDirs.value.find((path) => files.isDirectory(path)) ?? binDirs.value[0] ?? "", name)
  const elsewhere = COMMON_DIRS.filter((path) => !binDirs.value.includes(path))
    .map((path) => join(path, name))
    .find((path) => files.isFile(path))
  const agent = agents.find(({ plugins }) => plugins.includes(name))
  const remedy = elsewhere
    ? `ln -s ${elsewhere} ${target}`
    : agent
      ? `Restart ${agent.name}, which installs it.`
      : kindOfPlugin(name)
        ? `Install the CNI plugins (package containernetworking-plugins) so that ${target} exists.`
        : `Install ${name} as ${target}.`
  return {
    detail: `${name} (${via}) is not in ${binDirs.value.join(" or ")}`,
    evidence: [...binDirs.value, ...(elsewhere ? [elsewhere] : []), ...skipped],
    remedy,
  }
}

function reinstall(agents: NodeSnapshot["facts"]["agents"], path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1)
  const agent = agents.find(({ plugins }) => plugins.includes(name))
  return agent
    ? `Run rm ${path}, then restart ${agent.name}, which installs it.`
    : `Install ${name} again for this node.`
}

function modeOf(files: NodeFiles, path: string): string {
  return ((files.stat(path)?.mode ?? 0) & 0o7777).toString(8).padStart(4, "0")
}

/** The hash of the plugin that runs in the end: for a relay, the hash of its original. */
function hashOf(files: NodeFiles, path: string): string {
  return createHash("sha256")
    .update(files.bytes(originalOf(diskOf(files), path)) ?? "")
    .digest("hex")
}

function diskOf(files: NodeFiles): Disk {
  return nodeDisk(files.root, files.run)
}
