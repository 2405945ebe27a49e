import type { Stats } from "node:fs"
import { NodeFiles } from "../../src/install/detect/node-files.ts"
import { noPrograms } from "./no-programs.ts"

/** A planted tree whose files are owned by root, whoever runs the tests, except for these owners. */
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
