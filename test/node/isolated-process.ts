import { type ChildProcess, spawn } from "node:child_process"
import { closeSync, mkdirSync, openSync } from "node:fs"
import { join } from "node:path"

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
