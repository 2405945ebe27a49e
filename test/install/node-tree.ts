import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

/** A node's directories in a temporary root, with plugins that are never executed. */
export class NodeTree {
  readonly root = mkdtempSync(join(tmpdir(), "cnitap-node-"))
  readonly binDir = "/opt/cni/bin"
  readonly confDir = "/etc/cni/net.d"
  readonly bin = this.at(this.binDir)

  constructor() {
    for (const path of [this.binDir, this.confDir, "/var/lib/cni/results"])
      mkdirSync(this.at(path), { recursive: true })
  }

  at(path: string): string {
    return join(this.root, path)
  }

  /** Creates a plugin that performs these steps, with the given age, owner, mode and extended attributes. */
  plugin(
    name: string,
    steps: readonly string[] = ["drain", `out {"plugin":"${name}"}`],
    given: Attributes = {},
  ): string {
    const path = join(this.bin, name)
    rmSync(path, { force: true })
    this.program(path)
    writeFileSync(`${path}.json`, JSON.stringify(steps))
    this.setAttributes(path, { mode: 0o755, ...given })
    return path
  }

  /** Creates a symlink to a multi-call binary, which dispatches on argv[0]. */
  link(name: string, target: string, steps: readonly string[] = ["drain", `out {"plugin":"${name}"}`]): string {
    const path = join(this.bin, name)
    symlinkSync(target, path)
    writeFileSync(`${path}.json`, JSON.stringify(steps))
    return path
  }

  list(file: string, plugins: readonly object[], more: object = {}, given: Attributes = {}): string {
    const text = `${JSON.stringify({ cniVersion: "1.0.0", name: "pods", ...more, plugins }, null, 2)}\n`
    return this.file(join(this.confDir, file), text, given)
  }

  file(path: string, content: string | Buffer, given: Attributes = {}): string {
    mkdirSync(dirname(this.at(path)), { recursive: true })
    writeFileSync(this.at(path), content)
    this.setAttributes(this.at(path), { mode: 0o644, ...given })
    return path
  }

  symlink(target: string, path: string): void {
    symlinkSync(target, this.at(path))
  }

  directory(path: string, mode: number): void {
    mkdirSync(this.at(path), { recursive: true })
    chmodSync(this.at(path), mode)
  }

  delete(path: string): void {
    rmSync(this.at(path), { recursive: true })
  }

  names(path: string): string[] {
    return readdirSync(this.at(path)).sort()
  }

  protected program(path: string): void {
    writeFileSync(path, "#!/bin/true\n")
  }

  /** A subclass sets extended attributes too. */
  protected setAttributes(path: string, { mode = 0o644, owner, ageDays = 400 }: Attributes): void {
    if (owner !== undefined) chownSync(path, owner, owner)
    chmodSync(path, mode)
    const seconds = Math.floor(Date.UTC(2026, 0, 1) / 1000) - ageDays * 86_400
    utimesSync(path, seconds + 0.125, seconds + 0.25)
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }
}

export type Attributes = { mode?: number; owner?: number; attributes?: Record<string, string>; ageDays?: number }
