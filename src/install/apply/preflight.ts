import { closeSync, openSync, readSync } from "node:fs"
import { Fault } from "../../fault/fault.ts"
import type { Disk } from "../disk/disk.ts"
import type { Step } from "../plan/step.ts"
import { askVersion, versionReplyText } from "./version-command.ts"

/**
 * Runs the original and the relay over it, neither of which anybody else sees yet, and compares to the byte: a
 * relay that this node cannot run (noexec, SELinux, integrity checks, another architecture) is found before a pod does.
 */
export function preflight(disk: Disk, { plugin, relay, original, argv0 }: Extract<Step, { kind: "verify" }>): void {
  if (original === undefined) {
    answerOf(disk, relay, argv0)
    return
  }
  const bare = isProgram(disk.at(original)) ? askVersion(disk, original, argv0) : { cannot: "ENOEXEC" }
  if ("cannot" in bare) {
    throw new Fault(
      "REFUSED",
      `${plugin} itself cannot be run (${bare.cannot})`,
      `Repair ${argv0}, or leave it out with --plugins.`,
    )
  }
  const through = askVersion(disk, relay, argv0)
  if (JSON.stringify(bare) === JSON.stringify(through)) return
  throw new Fault(
    "REFUSED",
    `VERSION of ${plugin} differs through the relay: ${versionReplyText(through)} instead of ${versionReplyText(bare)}`,
    "Nothing was changed; report this with the two answers.",
  )
}

/** Runtimes execute with execve(2), which knows these two; libuv would let the shell try its luck with the rest. */
function isProgram(path: string): boolean {
  const head = Buffer.alloc(4)
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch {
    // An absolute symlink of a node that is mounted elsewhere: the trial itself follows it.
    return true
  }
  try {
    readSync(fd, head, 0, 4, 0)
  } finally {
    closeSync(fd)
  }
  return head.toString("latin1") === "\u007fELF" || head.toString("latin1", 0, 2) === "#!"
}

function answerOf(disk: Disk, relay: string, argv0: string): void {
  const answer = askVersion(disk, relay, argv0)
  if ("stdout" in answer && answer.status === 0 && answer.stdout.includes('"supportedVersions"')) return
  throw new Fault(
    "REFUSED",
    `${relay} does not run on this node: ${versionReplyText(answer)}`,
    "Look for noexec mounts and SELinux denials, with cnitap doctor.",
  )
}
