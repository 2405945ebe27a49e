import type { Disk } from "../disk/disk.ts"
import { runInRoot } from "../disk/platform.ts"

/** VERSION has no side effects; libcni executes it with these variables (pkg/invoke/exec.go). */
const ENV = { CNI_COMMAND: "VERSION", CNI_NETNS: "dummy", CNI_IFNAME: "dummy", CNI_PATH: "dummy" }
const STDIN = '{"cniVersion":"1.0.0"}'
const TIMEOUT_MS = 20_000

/** `cannot`: the error code if the plugin could not be started or timed out. */
export type VersionReply =
  | { cannot: string }
  | { stdout: string; stderr: string; status: number | null; signal: string | null }

/** Runs VERSION of a plugin of the node; `path` is the node's path. */
export function askVersion(disk: Disk, path: string, argv0 = path): VersionReply {
  const isMounted = disk.at("/") !== "/"
  const options = { env: { PATH: process.env.PATH, ...ENV }, stdin: STDIN, cwd: "/", timeoutMs: TIMEOUT_MS }
  // A plugin of a mounted root needs the libraries of that root. chroot(1) cannot set argv[0], so the name differs.
  const { error, stdout, stderr, status, signal } = isMounted
    ? runInRoot(disk.run, disk.at("/"), path, options)
    : disk.run(path, [], { ...options, argv0 })
  if (error?.code !== undefined && error.code !== "EPIPE") return { cannot: error.code }
  return { stdout: stdout.toString("latin1"), stderr: stderr.toString("latin1"), status, signal }
}

export function versionReplyText(reply: VersionReply): string {
  if ("cannot" in reply) return reply.cannot
  const { stdout, stderr, status, signal } = reply
  return `${signal ?? `exit ${status}`} ${JSON.stringify((stdout || stderr).slice(0, 200))}`
}
