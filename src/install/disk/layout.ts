import { basename, dirname, join } from "node:path"

/** Sub-directories are invisible to libcni's FindInPath and to watchers of the plugin directory. */
export const HOME = ".cnitap"

export const PROBES = ["cni_pre", "cni_post"] as const

/** Where everything of ours lies for one plugin directory. */
export type Layout = {
  binDir: string
  home: string
  /** the originals, under their own names: plugins dispatch on argv[0], people look for them */
  real: string
  /** where the plugin was a symlink: that symlink, to be put back as it was */
  links: string
  /** new files until they are renamed into place */
  stage: string
  /** where a relay among the new files looks for originals and settings: it has the former, so that a trial is not recorded */
  door: string
  settings: string
  journal: string
  lock: string
}

export function layoutOf(binDir: string): Layout {
  const home = join(binDir, HOME)
  return {
    binDir,
    home,
    real: join(home, "real"),
    links: join(home, "links"),
    stage: join(home, "new"),
    door: join(home, "new", HOME),
    settings: join(home, "relay.json"),
    journal: join(home, "journal.jsonl"),
    lock: join(home, "lock"),
  }
}

export function stagedSettings({ stage, settings }: Layout): string {
  return join(stage, basename(settings))
}

/** Beside a network configuration: dot-prefixed and with an extension that no runtime and no agent reads. */
export function savedConfiguration(path: string): string {
  return join(dirname(path), `.${basename(path)}.cnitap-saved`)
}

export function newConfiguration(path: string): string {
  return join(dirname(path), `.${basename(path)}.cnitap-new`)
}
