import type { Network } from "../install/detect/node-facts.ts"
import type { NodeFiles } from "../install/detect/node-files.ts"
import { type FileFinding, lintConf } from "../model/lint/conf/lint-conf.ts"
import { decodeSource } from "../store/node/source-file.ts"

/** What `lint` finds in the file of a network. */
export function lintNetwork(files: NodeFiles, file: string): FileFinding[] {
  const content = files.bytes(file)
  return content === undefined ? [] : lintConf(file, decodeSource(content))
}

/** The same for the active networks; for those that cannot be loaded if none is active. */
export function lintNetworks(files: NodeFiles, networks: readonly Network[]): FileFinding[] {
  const active = networks.filter(({ isActive }) => isActive)
  const checked = active.length > 0 ? active : networks.filter(({ broken }) => broken !== undefined)
  return checked.flatMap(({ file }) => lintNetwork(files, file))
}
