import { closeSync, openSync, readSync } from "node:fs"
import { dirname, join } from "node:path"
import { Fault } from "../../fault/fault.ts"
import type { Disk } from "../disk/disk.ts"
import type { InstallStep } from "../plan/step.ts"
import { askVersion, type VersionReply, versionReplyText } from "./version-command.ts"

/**
 * Runs VERSION of the plugin in its place and of the staged relay in front of the moved original, and compares the replies
 * byte for byte. So a relay that does not run on this node (noexec, SELinux, integrity checks, architecture), and a plugin
 * that does not run elsewhere, is found before a pod uses it.
 */
export function preflight(
  disk: Disk,
  { plugin, relay, original, argv0, broken }: Extract<InstallStep, { kind: "verify" }>,
): void {
  if (original === undefined) {
    assertReplies(disk, relay, argv0)
    return
  }
  const direct = isProgram(disk.at(original)) ? askVersion(disk, original, argv0) : { cannot: "ENOEXEC" }
  if (broken !== undefined && !isReply(direct)) {
    assertRuns(disk, relay, argv0)
    return
  }
  if ("cannot" in direct) {
    throw new Fault(
      "REFUSED",
      `${plugin} itself cannot be executed (${direct.cannot})`,
      `Fix ${argv0}, or exclude it with --plugins.`,
    )
  }
  const through = askVersion(disk, relay, argv0)
  if (JSON.stringify(direct) === JSON.stringify(through)) return
  const moved = join(dirname(relay), ".cnitap", "real", plugin)
  if (JSON.stringify(askVersion(disk, moved, argv0)) === JSON.stringify(through)) {
    // It says where it is, or fails in both places; a pod gets the same answer as without the relay.
    if (!isWorse(through, direct)) return
    // chroot(1) cannot set argv[0], by which some plugins find the files beside them; the relay passes it on for a pod.
    if (disk.at("/") !== "/" && !isUnlinked(through)) return
    throw new Fault(
      "REFUSED",
      `${plugin} does not work outside of its directory: ${versionReplyText(through)} instead of ${versionReplyText(direct)}`,
      "Nothing was changed. Use --mode path, which leaves it there, or exclude it with --plugins.",
    )
  }
  throw new Fault(
    "REFUSED",
    `VERSION of ${plugin} differs through the relay: ${versionReplyText(through)} instead of ${versionReplyText(direct)}`,
    "Nothing was changed. Please report this with the two replies.",
  )
}

/** Whether a plugin that answers VERSION in its place does not elsewhere. */
function isWorse(elsewhere: VersionReply, inPlace: VersionReply): boolean {
  if ("cannot" in inPlace || inPlace.status !== 0) return false
  return "cannot" in elsewhere || elsewhere.status !== 0 || elsewhere.stdout !== inPlace.stdout
}

/** ld.so did not find a library. */
function isUnlinked(reply: VersionReply): boolean {
  return "status" in reply && reply.status === 127
}

/** Runtimes use execve(2), which accepts ELF files and scripts; libuv passes any other file to the shell. */
function isProgram(path: string): boolean {
  const head = Buffer.alloc(4)
  let fd: number
  try {
    fd = openSync(path, "r")
  } catch {
    // Running it says why.
    return true
  }
  try {
    readSync(fd, head, 0, 4, 0)
  } finally {
    closeSync(fd)
  }
  return head.toString("latin1") === "\u007fELF" || head.toString("latin1", 0, 2) === "#!"
}

/** In a mounted root, chroot(1) is what cannot execute the plugin: it exits with 126 or 127. */
function isReply(reply: VersionReply): boolean {
  return !("cannot" in reply) && !reply.stderr.startsWith("chroot: ")
}

/** A relay whose plugin cannot be executed prints why and fails, as the call would have without it. */
function assertRuns(disk: Disk, relay: string, argv0: string): void {
  const reply = askVersion(disk, relay, argv0)
  if (isReply(reply)) return
  throw new Fault(
    "REFUSED",
    `${relay} does not run on this node: ${versionReplyText(reply)}`,
    "Run cnitap doctor to check for noexec mounts and SELinux denials.",
  )
}

function assertReplies(disk: Disk, relay: string, argv0: string): void {
  const reply = askVersion(disk, relay, argv0)
  if ("stdout" in reply && reply.status === 0 && reply.stdout.includes('"supportedVersions"')) return
  throw new Fault(
    "REFUSED",
    `${relay} does not run on this node: ${versionReplyText(reply)}`,
    "Run cnitap doctor to check for noexec mounts and SELinux denials.",
  )
}
