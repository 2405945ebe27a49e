/** src/install/disk/platform.ts by system calls. The first arguments, which run programs, are not needed. */
import * as native from "native"
import { spawnSync } from "../modules/child-process.ts"
import { systemError } from "../system-error.ts"

export function copyFile(_run: unknown, from: string, to: string): string | undefined {
  const result = native.copyFile(from, to)
  return result < 0 ? systemError(-result, "copyfile", from, to).message : undefined
}

export function copyAttributes(_run: unknown, from: string, to: string): string | undefined {
  return native.copyAttributes(from, to) === 0 ? undefined : "the kernel refused to set some of them"
}

export function selinuxLabel(_run: unknown, path: string): string | undefined {
  const label = native.attribute(path, "security.selinux")
  return typeof label === "string" && label !== "" ? label : undefined
}

type RunInRootOptions = { env?: Record<string, string | undefined>; stdin?: string; timeoutMs?: number }

export function runInRoot(_run: unknown, root: string, file: string, { env, stdin, timeoutMs }: RunInRootOptions) {
  return spawnSync(file, [], {
    root,
    ...(env ? { env } : {}),
    ...(stdin === undefined ? {} : { input: stdin }),
    ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
  })
}
