/** node:fs: the names of files, where they lead, and whose they are. */
import * as native from "native"
import { resolve } from "../modules/path.ts"
import { succeeded, systemError } from "../system-error.ts"
import { lstatSync, statSync } from "./stat.ts"

export function readlinkSync(path: string): string {
  const target = native.readlink(path)
  if (typeof target === "number") throw systemError(-target, "readlink", path)
  return target
}

/** As many symbolic links as the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40

/** Component by component, as Node.js does: an error names the one that is missing. */
export function realpathSync(path: string): string {
  let rest = resolve(path).split("/").filter(Boolean)
  let real = ""
  for (let links = 0; rest.length > 0; ) {
    const [name = "", ...more] = rest
    const here = `${real}/${name}`
    rest = more
    if (!lstatSync(here).isSymbolicLink()) {
      real = here
      continue
    }
    if (++links > MOST_LINKS) throw systemError(40, "stat", path)
    const target = readlinkSync(here)
    statSync(here)
    rest = [
      ...resolve(real || "/", target)
        .split("/")
        .filter(Boolean),
      ...more,
    ]
    real = ""
  }
  return real || "/"
}

export function unlinkSync(path: string): void {
  succeeded(native.unlink(path), "unlink", path)
}

export function renameSync(from: string, to: string): void {
  succeeded(native.rename(from, to), "rename", from, to)
}

export function linkSync(from: string, to: string): void {
  succeeded(native.link(from, to), "link", from, to)
}

export function symlinkSync(target: string, path: string): void {
  succeeded(native.symlink(target, path), "symlink", target, path)
}

export function chmodSync(path: string, mode: number): void {
  succeeded(native.chmod(path, mode), "chmod", path)
}

export function chownSync(path: string, uid: number, gid: number): void {
  succeeded(native.chown(path, uid, gid), "chown", path)
}
