import type { Chosen, NodeFacts, Plugin } from "../../../src/install/detect/node-facts.ts"
import type { NetworkSelection, Runtime } from "../../../src/install/detect/runtimes/runtime.ts"

/** Everything that detect found, one fact per line. */
export function factsText(facts: NodeFacts): string {
  const { platform, runtime, runtimes, confDir, binDirs, networks, plugins, agents, mounts, selinux } = facts
  const labels = Object.entries(selinux.labels).map(([path, label]) => `  ${path} ${label}`)
  return [
    `platform ${platform.name}: ${platform.evidence.join("; ") || "no sign of another"}`,
    ...(platform.caveat === undefined ? [] : [`caveat: ${platform.caveat}`]),
    ...runtimes.map((it) => `${it === runtime ? "runtime" : "also"} ${runtimeText(it)}`),
    `conf ${chosenText(confDir)}`,
    `bin ${chosenText(binDirs)}`,
    ...networks.map(
      ({ file, isActive, name, cniVersion, plugins: objects, sideFiles, broken }) =>
        `${isActive ? "active" : "network"} ${file} ${name ?? "?"} ${cniVersion ?? "no version"}: ${
          broken ?? objects.map(({ type }) => type).join(", ")
        }${sideFiles.length > 0 ? ` (with ${sideFiles.join(", ")})` : ""}`,
    ),
    ...plugins.map(pluginText),
    ...agents.map(
      ({ name, onSwap, onListEdit, evidence }) =>
        `agent ${name}: swap ${onSwap}, list ${onListEdit} [${evidence.join("; ")}]`,
    ),
    ...mounts.map(({ directory, mountPoint, fsType, isReadOnly, isNoexec }) =>
      ["mount", directory, "on", mountPoint, fsType, isReadOnly ? "read-only" : "", isNoexec ? "noexec" : ""]
        .filter(Boolean)
        .join(" "),
    ),
    ...(selinux.mode === "disabled" ? [] : [`selinux ${selinux.mode}`, ...labels]),
  ].join("\n")
}

function runtimeText({
  name,
  version,
  isRunning,
  off,
  broken,
  evidence,
  socket,
  pathSetting,
  behaviour,
}: Runtime): string {
  const { file, key, kind, restart, note } = pathSetting
  return [
    `${name} ${version ?? "?"}${isRunning ? " running" : ""}${off ? ` OFF: ${off}` : ""}${broken ? ` BROKEN: ${broken}` : ""}`,
    `[${evidence.join("; ")}]${socket ? ` ${socket}` : ""}`,
    `libcni ${behaviour.libcni ?? "?"}, networks ${selectionText(behaviour.selection)}${behaviour.executesLoopback ? ", loopback" : ""}`,
    `path: ${kind} ${key} in ${file}, then ${restart}${note ? ` (${note})` : ""}`,
  ].join("\n  ")
}

function selectionText(selection: NetworkSelection): string {
  switch (selection.by) {
    case "first-files":
      return `first ${selection.count} files`
    case "first-valid":
      return "first valid"
    case "name":
      return `named ${selection.name}`
    case "container":
      return `by container, default ${selection.defaultName}`
  }
}

function chosenText({ value, from }: Chosen<string | string[]>): string {
  return `${typeof value === "string" ? value : value.join(":")} (${from})`
}

function pluginText({ name, via, path, kind, target, isExecutable, shadows, skipped }: Plugin): string {
  return [
    `plugin ${name} by ${via}:`,
    path ?? "missing",
    kind === "symlink" ? `-> ${target}` : "",
    isExecutable === false ? "not executable" : "",
    shadows.length > 0 ? `hides ${shadows.join(", ")}` : "",
    skipped.length > 0 ? `passes over ${skipped.join(", ")}` : "",
  ]
    .filter(Boolean)
    .join(" ")
}
