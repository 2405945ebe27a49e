import { spawnSync } from "node:child_process"
import { Fault } from "../fault/fault.ts"
import type { Disk } from "./disk.ts"
import type { Step } from "./step.ts"

/** VERSION reads nothing and changes nothing; libcni sends it with these variables (pkg/invoke/exec.go). */
const ENV = { CNI_COMMAND: "VERSION", CNI_NETNS: "dummy", CNI_IFNAME: "dummy", CNI_PATH: "dummy" }
const STDIN = '{"cniVersion":"1.0.0"}'
const TIMEOUT_MS = 20_000

/**
 * Runs the original and the relay over it, neither of which anybody else sees yet, and compares to the byte: a
 * relay that this node cannot run (noexec, SELinux, integrity checks, another architecture) is found before a pod does.
 */
export function verify(disk: Disk, { plugin, relay, original, argv0 }: Extract<Step, { kind: "verify" }>): void {
  if (original === undefined) {
    answerOf(disk, relay, argv0)
    return
  }
  const bare = run(disk, original, argv0)
  if ("cannot" in bare) {
    throw new Fault(
      "REFUSED",
      `${plugin} itself cannot be run (${bare.cannot})`,
      `Repair ${argv0}, or leave it out with --plugins.`,
    )
  }
  const through = run(disk, relay, argv0)
  if (JSON.stringify(bare) === JSON.stringify(through)) return
  throw new Fault(
    "REFUSED",
    `VERSION of ${plugin} differs through the relay: ${describe(through)} instead of ${describe(bare)}`,
    "Nothing was changed; report this with the two answers.",
  )
}

function answerOf(disk: Disk, relay: string, argv0: string): void {
  const answer = run(disk, relay, argv0)
  if ("stdout" in answer && answer.status === 0 && answer.stdout.includes('"supportedVersions"')) return
  throw new Fault(
    "REFUSED",
    `${relay} does not run on this node: ${describe(answer)}`,
    "Look for noexec mounts and SELinux denials, with cnitap doctor.",
  )
}

type Answer = { cannot: string } | { stdout: string; stderr: string; status: number | null; signal: string | null }

function run(disk: Disk, path: string, argv0: string): Answer {
  const isMounted = disk.at("/") !== "/"
  const options = { env: { PATH: process.env.PATH, ...ENV }, input: STDIN, cwd: "/", timeout: TIMEOUT_MS }
  // A plugin of a mounted root needs that root's libraries; chroot(1) cannot pass another argv[0], the name stays.
  const { error, stdout, stderr, status, signal } = isMounted
    ? spawnSync("chroot", [disk.at("/"), path], options)
    : spawnSync(path, [], { ...options, argv0 })
  if (error && "code" in error && error.code !== "EPIPE") return { cannot: String(error.code) }
  return { stdout: stdout.toString("latin1"), stderr: stderr.toString("latin1"), status, signal }
}

function describe(answer: Answer): string {
  if ("cannot" in answer) return answer.cannot
  const { stdout, stderr, status, signal } = answer
  return `${signal ?? `exit ${status}`} ${JSON.stringify((stdout || stderr).slice(0, 200))}`
}
