import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Fault } from "../../src/fault/fault.ts"
import { killNamespace, openNamespace } from "./processes.ts"

/**
 * Runs a program in new mount and network namespaces, with `run` and `var-lib` of `root` mounted over /run and /var/lib:
 * whatever plugins do, the bridges, iptables rules, /run and /var/lib of the machine are unaffected, and two nodes do not
 * conflict. The process has its own session, so that Ctrl-C in the terminal does not end it before its pods are removed;
 * it does not outlive this process.
 */
export function spawnIsolated(root: string, logFile: string, path: string, command: readonly string[]): ChildProcess {
  for (const directory of ["run", "var-lib"]) mkdirSync(join(root, directory), { recursive: true })
  const script = 'mount --bind "$0/run" /run && mount --bind "$0/var-lib" /var/lib && ip link set lo up && exec "$@"'
  const unshare = ["unshare", "--mount", "--net", "--propagation", "private"]
  const log = openSync(logFile, "a")
  const child = spawn("setpriv", ["--pdeathsig", "KILL", ...unshare, "sh", "-c", script, root, ...command], {
    cwd: "/",
    // The environment of a service: plugins inherit it and must not see that of this terminal.
    env: { PATH: path },
    detached: true,
    stdio: ["ignore", log, log],
  })
  closeSync(log)
  return child
}

/** `enter`: the command that runs another command in the namespaces; `end` ends every process in them. */
export type Namespaces = { pid: number; enter: readonly string[]; end(): Promise<void> }

/** Makes the namespaces without a program of their own. */
export async function holdNamespaces(root: string): Promise<Namespaces> {
  if (process.getuid?.() !== 0) throw new Fault("NOT_PERMITTED", "only root may make namespaces", "Run it with sudo.")
  const log = join(root, "namespaces.log")
  const { pid = 0 } = spawnIsolated(root, log, process.env.PATH ?? "", ["sleep", "infinity"])
  // They are complete when the last program has started.
  for (let tries = 0; readFileSync(`/proc/${pid}/comm`, "utf8") !== "sleep\n"; tries++) {
    if (tries === 1000) throw new Fault("INTERNAL", `no namespaces: ${readFileSync(log, "utf8")}`, "See unshare(1).")
    await sleep(5)
  }
  let namespace = openNamespace(pid)
  return {
    pid,
    enter: ["nsenter", `--target=${pid}`, "--mount", "--net"],
    end: async () => {
      const open = namespace
      namespace = undefined
      if (open) await killNamespace(open)
    },
  }
}
