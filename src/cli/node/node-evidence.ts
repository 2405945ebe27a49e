import { existsSync, statSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import { NodeFiles } from "../../install/detect/node-files.ts"
import { whyNotRunnable } from "../../install/detect/program-file.ts"
import { layoutOf } from "../../install/disk/layout.ts"
import { runProgram } from "../../install/disk/run-program.ts"
import type { Call } from "../../model/call.ts"
import type { CurrentList, NodeEvidence } from "../../model/explain/node-evidence.ts"
import type { CurrentLists, KnownList } from "../../model/incomplete-list.ts"
import { type Operation, walk } from "../../model/operation.ts"
import type { ProcessWait } from "../../model/process-wait.ts"
import type { Capture } from "../../store/capture/capture.ts"
import { readProcessWait } from "../../store/node/wait/read-process-wait.ts"
import { nodePath } from "../args/captures.ts"
import { DEFAULT_SHIM_DIR } from "./default-dirs.ts"
import { gapsOf, installsOf, type NodeView, openNode } from "./node.ts"
import { isThisNode, rootOf } from "./this-node.ts"

/**
 * What this node shows about operations of its own capture. Undefined for a bundle, for the capture of another machine,
 * and if the node's files cannot be read.
 */
export function nodeEvidenceOf(
  options: Record<string, unknown>,
  capture: Capture,
): ((operation: Operation) => NodeEvidence) | undefined {
  const root = rootOf(options)
  if (!capture.isLive) return undefined
  const view = viewOf(root)
  if (!view) return undefined
  const unrecorded = unrecordedPlugins(view)
  return (operation) => {
    if (!isThisNode(root, [operation.node])) return { isHostNetwork: false, unrunnable: new Map(), waits: new Map() }
    const list = currentList(view, operation, unrecorded)
    return {
      ...(list ? { list } : {}),
      isHostNetwork: isHostNetwork(root, operation),
      unrunnable: unrunnable(root, operation),
      waits: waits(root, operation),
    }
  }
}

/**
 * The lists of this node's networks, as far as calls of their plugins leave records. Detects the node when asked. A list is
 * known only since recording last changed: an install, an uninstall or a repair may have cut an operation short.
 */
export function currentListsOf(options: Record<string, unknown>, capture: Capture): CurrentLists | undefined {
  const root = rootOf(options)
  if (!capture.isLive) return undefined
  let lists: Map<string, KnownList> | undefined
  return (node, network) => {
    if (!isThisNode(root, [node])) return undefined
    lists ??= knownLists(root)
    return lists.get(network)
  }
}

function knownLists(root: string): Map<string, KnownList> {
  const view = viewOf(root)
  if (!view) return new Map()
  const unrecorded = unrecordedPlugins(view)
  const recordedSinceMs = recordingSinceMs(view)
  if (recordedSinceMs === undefined) return new Map()
  const networks = view.facts.networks.filter(({ broken }) => broken === undefined)
  // Of several files with one name the active one counts.
  return new Map(
    [...networks, ...networks.filter(({ isActive }) => isActive)].flatMap(({ name, file, plugins }) => {
      const stat = statSync(view.disk.at(file), { throwIfNoEntry: false })
      const recorded = plugins.map(({ type }) => type).filter((plugin) => !unrecorded.includes(plugin))
      const changedMs = Math.max(stat?.mtimeMs ?? 0, recordedSinceMs)
      return stat && name !== undefined ? [[name, { plugins: recorded, changedMs }] as const] : []
    }),
  )
}

/** When what is recorded last changed, in milliseconds since 1970; undefined if nothing is recorded. */
function recordingSinceMs(node: NodeView): number | undefined {
  try {
    const installs = installsOf(node).filter(({ state }) => state === "installed")
    return installs.length === 0 ? undefined : Math.max(...installs.map(({ changedMs }) => changedMs))
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}

function viewOf(root: string): NodeView | undefined {
  try {
    return openNode({ root, shimDir: DEFAULT_SHIM_DIR })
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return undefined
  }
}

/** Plugins of the active lists that exist and that no install records. */
function unrecordedPlugins(node: NodeView): string[] {
  try {
    return gapsOf(node, installsOf(node)).flatMap((gap) =>
      gap.kind === "plugin" && gap.cause !== "missing" ? [gap.plugin] : [],
    )
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return []
  }
}

function currentList({ disk, facts }: NodeView, operation: Operation, unrecorded: string[]): CurrentList | undefined {
  const named = facts.networks.filter(({ name, broken }) => name === operation.network && broken === undefined)
  const network = named.find(({ isActive }) => isActive) ?? named[0]
  const stat = network && statSync(disk.at(network.file), { throwIfNoEntry: false })
  if (!network || !stat) return undefined
  const path = operation.calls[0]?.call.env?.CNI_PATH
  const directories = path ? path.split(":") : facts.binDirs.value
  const plugins = network.plugins.map(({ type }) => type)
  return {
    file: network.file,
    changedMs: stat.mtimeMs,
    plugins,
    missing: plugins.filter((plugin) => !directories.some((directory) => existsSync(disk.at(join(directory, plugin))))),
    notRecorded: plugins.filter((plugin) => unrecorded.includes(plugin)),
    directories,
  }
}

/** Whether the operation's network namespace is that of the node's first process. */
function isHostNetwork(root: string, { netns }: Operation): boolean {
  const inode = (path: string) => statSync(nodePath({ root }, path), { throwIfNoEntry: false })?.ino
  try {
    return netns !== undefined && inode(netns) !== undefined && inode(netns) === inode("/proc/1/ns/net")
  } catch {
    return false
  }
}

/** Why plugins that could not be started cannot be, if that is still so. The relay runs the original. */
function unrunnable(root: string, { calls }: Operation): Map<string, string> {
  const files = new NodeFiles(root, runProgram)
  return new Map(
    walk(calls).flatMap(({ call }) => {
      const reason = call.exit && "errno" in call.exit ? whyNotRunnable(files, originalOf(call)) : undefined
      return reason === undefined ? [] : [[call.id, reason] as const]
    }),
  )
}

function waits(root: string, { calls }: Operation): Map<string, ProcessWait> {
  return new Map(
    walk(calls).flatMap(({ call }) => {
      const wait = readProcessWait(call, root)
      return wait === undefined ? [] : [[call.id, wait] as const]
    }),
  )
}

function originalOf({ path, plugin }: Call): string {
  return join(layoutOf(join(path, "..")).real, plugin)
}
