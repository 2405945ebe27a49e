import type { Stats } from "node:fs"
import { NodeFiles } from "../../src/install/detect/node-files.ts"
import { noPrograms } from "./no-programs.ts"

/** A planted tree as the node's root sees it: its files are root's, whoever runs the tests, but for those named here. */
export class PlantedFiles extends NodeFiles {
  readonly #owners: Record<string, number>

  constructor(root: string, owners: Record<string, number> = {}) {
    super(root, noPrograms)
    this.#owners = owners
  }

  override stat(path: string): Stats | undefined {
    const stat = super.stat(path)
    return stat && Object.assign(stat, { uid: this.#owners[path] ?? 0 })
  }
}
