import { basename, dirname, join } from "node:path"
import { DEFAULT_CAPTURE } from "../../capture/default-capture.ts"

/** libcni's FindInPath and watchers of the plugin directory ignore subdirectories. */
export const HOME = ".cnitap"

/**
 * Mode observe changes no plugin directory. It is installed here, beside the capture that this machine uses unless another
 * one is named.
 */
export const OBSERVER_DIR = dirname(process.env.CNITAP_CAPTURE ?? DEFAULT_CAPTURE)

export const PROBES = ["cni_pre", "cni_post"] as const

/** The paths of everything that cnitap keeps in one plugin directory. */
export type PluginDirLayout = {
  binDir: string
  home: string
  /** the originals, under their own names, because plugins dispatch on argv[0] and people search for them */
  real: string
  /** the symlinks of plugins that were symlinks, for an exact restore */
  links: string
  /** new files, until they are renamed into place */
  stage: string
  /** where a staged relay looks for originals and settings; it has no settings, so preflight calls are not recorded */
  trialHome: string
  settings: string
  journal: string
  lock: string
}

export function layoutOf(binDir: string): PluginDirLayout {
  const home = join(binDir, HOME)
  return {
    binDir,
    home,
    real: join(home, "real"),
    links: join(home, "links"),
    stage: join(home, "new"),
    trialHome: join(home, "new", HOME),
    settings: join(home, "relay.json"),
    journal: join(home, "journal.jsonl"),
    lock: join(home, "lock"),
  }
}

export function stagedSettings({ stage, settings }: PluginDirLayout): string {
  return join(stage, basename(settings))
}

/** A path next to a network configuration, with a leading dot and an extension that no runtime and no agent reads. */
export function savedConfiguration(path: string): string {
  return join(dirname(path), `.${basename(path)}.cnitap-saved`)
}

export function newConfiguration(path: string): string {
  return join(dirname(path), `.${basename(path)}.cnitap-new`)
}
