import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"

/**
 * A namespace in which the kernel of this machine runs programs for arm64 too: under qemu-user, which a user namespace of
 * Linux 6.7 or newer may register for itself. Nothing of the machine changes.
 */
export class Arm64Namespace {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(): Promise<Arm64Namespace> {
    const child = spawn("unshare", ["--user", "--mount", "sh", "-c", "echo; read _; exec sleep infinity"], {
      stdio: ["pipe", "pipe", "inherit"],
    })
    await once(child.stdout, "data")
    for (const map of ["uid_map", "gid_map"]) writeFileSync(`/proc/${child.pid}/${map}`, "0 0 65536")
    const namespace = new Arm64Namespace(child)
    execFileSync("nsenter", [...namespace.#enter(), "sh", "-c", REGISTER])
    child.stdin.write("\n")
    return namespace
  }

  /** Makes directories in a root for what qemu-user, which is linked dynamically, loads there. */
  prepare(root: string): void {
    for (const directory of LIBRARIES) {
      mkdirSync(join(root, directory), { recursive: true })
      execFileSync("nsenter", [...this.#enter(), "mount", "--bind", directory, join(root, directory)])
    }
  }

  /** The command line that runs a program in a root. */
  chroot(root: string): string[] {
    return ["nsenter", ...this.#enter(), "chroot", root]
  }

  stop(): void {
    this.#child.kill("SIGKILL")
  }

  #enter(): string[] {
    return ["-t", String(this.#child.pid), "-U", "-m", "--"]
  }
}

const LIBRARIES = ["/lib64", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"]

/** The header of an ELF executable for arm64, and which of its bits count. F: the interpreter is opened here, not in a root. */
const MAGIC = "\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00"
const MASK = "\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff\\xff\\xff"
const REGISTER = `
set -e
mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
printf %s ':aarch64:M::${MAGIC}:${MASK}:/usr/bin/qemu-aarch64:F' > /proc/sys/fs/binfmt_misc/register
`
