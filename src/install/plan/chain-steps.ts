import { join } from "node:path"
import { newConfiguration, PROBES, savedConfiguration } from "../disk/layout.ts"
import type { PluginDir } from "../disk/plugin-dir.ts"
import { sha256 } from "../disk/relay-file.ts"
import { hasProbes, withProbes } from "./edit-list.ts"
import type { Step } from "./step.ts"

/** A network configuration list as chain mode needs it. */
export type ListFile = {
  path: string
  /** Latin-1: one character a byte */
  text: string
  hasSaved: boolean
  hasUnfinished: boolean
}

export type ChainSteps = {
  /** the executables, which must be there before a list names them */
  probes: Step[]
  /** the list, last of all */
  edit: Step[]
  /** text of the list when all is done; undefined: it has our entries already */
  edited?: string
}

/** The steps of the article's way, or why the list cannot be edited. */
export function chainSteps(
  site: PluginDir,
  list: ListFile,
  like: string | undefined,
  relaySha256: string,
): ChainSteps | { error: string } {
  const { layout, plugins } = site
  const after = withProbes(list.text)
  if ("error" in after) return after
  const missing = PROBES.filter((name) => plugins.find((plugin) => plugin.name === name)?.relaySha256 !== relaySha256)
  const probes = missing.flatMap((name): Step[] => {
    const staged = join(layout.stage, name)
    return [
      { kind: "write", path: staged, relay: { sha256: relaySha256, ...(like ? { like } : {}) } },
      { kind: "verify", plugin: name, relay: staged, argv0: join(layout.binDir, name) },
    ]
  })
  const places = missing.map((name): Step => {
    const undo = { kind: "probe", plugin: name, relaySha256 } as const
    return { kind: "rename", from: join(layout.stage, name), path: join(layout.binDir, name), undo }
  })
  const isEdited = after.text === list.text
  return {
    probes: [...probes, ...places],
    edit: isEdited ? [] : editSteps(list, after.text),
    ...(isEdited ? {} : { edited: after.text }),
  }
}

function editSteps({ path, text, hasSaved, hasUnfinished }: ListFile, edited: string): Step[] {
  const [saved, fresh] = [savedConfiguration(path), newConfiguration(path)]
  const [originalSha256, editedSha256] = [text, edited].map((content) => sha256(Buffer.from(content, "latin1")))
  if (originalSha256 === undefined || editedSha256 === undefined) return []
  // Somebody wrote a list with one entry of ours left in it: there is no original of that, only our entries to take out.
  const isOriginal = !hasProbes(text)
  return [
    ...(hasUnfinished ? [{ kind: "remove", path: fresh } as const] : []),
    ...(hasSaved ? [{ kind: "remove", path: saved } as const] : []),
    ...(isOriginal ? [{ kind: "link", from: path, path: saved } as const] : []),
    { kind: "write", path: fresh, edit: { from: path, sha256: originalSha256, text: edited } },
    { kind: "rename", from: fresh, path, undo: { kind: "unedit", saved, originalSha256, editedSha256 } },
  ]
}
