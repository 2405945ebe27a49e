import { join } from "node:path"
import { newConfiguration, PROBES, savedConfiguration } from "../disk/layout.ts"
import type { PluginDir } from "../disk/plugin-dir.ts"
import { sha256 } from "../disk/relay-file.ts"
import { hasProbes, withProbes } from "./edit-list.ts"
import type { InstallStep } from "./step.ts"

/** A network configuration list, as chain mode edits it. */
export type ListFile = {
  path: string
  /** Latin-1: one character per byte */
  text: string
  hasSaved: boolean
  hasUnfinished: boolean
}

export type ChainSteps = {
  /** install the executables, which must exist before a list names them */
  probes: InstallStep[]
  /** edit the list, after everything else */
  edit: InstallStep[]
  /** the edited text; undefined if the list already has the probes */
  edited?: string
}

/** The steps that put cni_pre first and cni_post last into the list, or why the list cannot be edited. */
export function chainSteps(
  pluginDir: PluginDir,
  list: ListFile,
  like: string | undefined,
  relaySha256: string,
): ChainSteps | { error: string } {
  const { layout, plugins } = pluginDir
  const after = withProbes(list.text)
  if ("error" in after) return after
  const missing = PROBES.filter((name) => plugins.find((plugin) => plugin.name === name)?.relaySha256 !== relaySha256)
  const probes = missing.flatMap((name): InstallStep[] => {
    const staged = join(layout.stage, name)
    return [
      { kind: "write", path: staged, relay: { sha256: relaySha256, ...(like ? { like } : {}) } },
      { kind: "verify", plugin: name, relay: staged, argv0: join(layout.binDir, name) },
    ]
  })
  const renames = missing.map((name): InstallStep => {
    const undo = { kind: "probe", plugin: name, relaySha256 } as const
    return { kind: "rename", from: join(layout.stage, name), path: join(layout.binDir, name), undo }
  })
  const isEdited = after.text === list.text
  return {
    probes: [...probes, ...renames],
    edit: isEdited ? [] : editSteps(list, after.text),
    ...(isEdited ? {} : { edited: after.text }),
  }
}

function editSteps({ path, text, hasSaved, hasUnfinished }: ListFile, edited: string): InstallStep[] {
  const [saved, staged] = [savedConfiguration(path), newConfiguration(path)]
  const [originalSha256, editedSha256] = [text, edited].map((content) => sha256(Buffer.from(content, "latin1")))
  if (originalSha256 === undefined || editedSha256 === undefined) return []
  // A list that already names one probe is not an original: uninstall removes the probes instead of restoring it.
  const isOriginal = !hasProbes(text)
  return [
    ...(hasUnfinished ? [{ kind: "remove", path: staged } as const] : []),
    ...(hasSaved ? [{ kind: "remove", path: saved } as const] : []),
    ...(isOriginal ? [{ kind: "link", from: path, path: saved } as const] : []),
    { kind: "write", path: staged, edit: { from: path, sha256: originalSha256, text: edited } },
    { kind: "rename", from: staged, path, undo: { kind: "unedit", saved, originalSha256, editedSha256 } },
  ]
}
