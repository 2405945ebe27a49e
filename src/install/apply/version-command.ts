import type { Disk } from "../disk/disk.ts"

/** VERSION reads nothing and changes nothing; libcni sends it with these variables (pkg/invoke/exec.go). */
const ENV = { CNI_COMMAND: "VERSION", CNI_NETNS: "dummy", CNI_IFNAME: "dummy", CNI_PATH: "dummy" }
const STDIN = '{"cniVersion":"1.0.0"}'
const TIMEOUT_MS = 20_000

/** `cannot`: the error with which it could not be started, or did not end. */
export type VersionReply =
  | { cannot: string }
  | { stdout: string; stderr: string; status: number | null; signal: string | null }

/** Runs VERSION of a plugin of the node; `path` is the node's, `argv0` what it is called by. */
export function askVersion(disk: Disk, path: string, argv0 = path): VersionReply {
  const isMounted = disk.at("/") !== "/"
  const options = { env: { PATH: process.env.PATH, ...ENV }, stdin: STDIN, cwd: "/", timeoutMs: TIMEOUT_MS }
  // A plugin of a mounted root needs that root's libraries; chroot(1) cannot pass another argv[0], the name stays.
  const { error, stdout, stderr, status, signal } = isMounted
    ? disk.run("chroot", [disk.at("/"), path], options)
    : disk.run(path, [], { ...options, argv0 })
  if (error?.code !== undefined && error.code !== "EPIPE") return { cannot: error.code }
  return { stdout: stdout.toString("latin1"), stderr: stderr.toString("latin1"), status, signal }
}

export function versionReplyText(answer: VersionReply): string {
  if ("cannot" in answer) return answer.cannot
  const { stdout, stderr, status, signal } = answer
  return `${signal ?? `exit ${status}`} ${JSON.stringify((stdout || stderr).slice(0, 200))}`
}
