import { type ChildProcess, type ChildProcessByStdio, execFileSync, spawn } from "node:child_process"
import { existsSync, mkdirSync, openSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { Readable } from "node:stream"
import { type Ran, run } from "../../cli/cnitap.ts"
import { until } from "./until.ts"

/** A node of the cluster: namespaces of its own, in which its programs run. */
export class ClusterNode {
  readonly name: string
  readonly address: string
  readonly directory: string
  readonly path: string
  #init: ChildProcess | undefined
  /** of its process 1, in our namespace */
  pid = 0

  /** `programs`: directories that come first in $PATH. */
  constructor(name: string, address: string, directory: string, programs: readonly string[]) {
    this.name = name
    this.address = address
    this.directory = directory
    this.path = [...programs, "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"].join(":")
  }

  async start(): Promise<void> {
    for (const name of ["run", "var-lib", "var-log", "etc", "etc-work", "opt", "sysctl", "cgroup"])
      mkdirSync(join(this.directory, name), { recursive: true })
    const log = openSync(join(this.directory, "init.log"), "a")
    const namespaces = [
      "--mount",
      "--net",
      "--pid",
      "--fork",
      "--mount-proc",
      "--uts",
      "--ipc",
      "--propagation",
      "private",
    ]
    const script = join(import.meta.dirname, "node-init.sh")
    this.#init = spawn("unshare", [...namespaces, "--kill-child", script, this.directory, this.name], {
      stdio: ["ignore", log, log],
    })
    await until(`${this.name} is up`, () => existsSync(join(this.directory, "run/ready")))
    const children = readFileSync(`/proc/${this.#init.pid}/task/${this.#init.pid}/children`, "utf8")
    this.pid = Number(children.trim().split(" ")[0])
  }

  /** Runs a program on the node. */
  exec(args: readonly string[], options: { stdin?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Ran> {
    return run("nsenter", [...this.#enter(), ...args], { ...options, env: { ...this.env(), ...options.env } })
  }

  /** The same; throws if it fails. */
  async succeed(args: readonly string[], stdin = ""): Promise<string> {
    const { stdout, stderr, code } = await this.exec(args, { stdin })
    if (code !== 0) throw new Error(`${args.join(" ")} on ${this.name}: ${code} ${stderr}`)
    return stdout
  }

  /** Starts a daemon of the node, which logs to its /var/log. */
  daemon(name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const log = openSync(join(this.directory, "var-log", `${name}.log`), "a")
    return spawn("nsenter", [...this.#enter(), ...args], {
      stdio: ["ignore", log, log],
      env: { ...this.env(), ...env },
      detached: true,
    })
  }

  /** Starts a program of this machine in the node's network, as on a workstation that reaches the cluster. */
  startInNetwork(args: readonly string[], env: NodeJS.ProcessEnv): ChildProcessByStdio<null, Readable, Readable> {
    return spawn("nsenter", ["-t", String(this.pid), "-n", "--", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...this.env(), ...env },
    })
  }

  env(): NodeJS.ProcessEnv {
    return { PATH: this.path, HOME: "/root", LANG: "C.UTF-8", CONTAINERD_ADDRESS: "/run/containerd/containerd.sock" }
  }

  /** Every file below /opt and /etc/cni with its content, owner, mode, time and attributes, labels among them. */
  async files(): Promise<string[]> {
    return (await this.succeed(["python3", "-IS", "-c", LIST_FILES, "/opt", "/etc/cni"])).trimEnd().split("\n")
  }

  /** Ends every process of the node. */
  stop(): void {
    if (this.pid > 0) process.kill(this.pid, "SIGKILL")
    this.pid = 0
  }

  #enter(): string[] {
    return ["-t", String(this.pid), "-m", "-n", "-p", "-u", "-i", "--"]
  }
}

/** A directory's time says only when a name in it last changed. */
const LIST_FILES = `
import hashlib, os, sys
for top in sys.argv[1:]:
    for directory, subdirectories, names in os.walk(top):
        subdirectories.sort()
        for path in [directory] + [os.path.join(directory, name) for name in sorted(names)]:
            stat = os.lstat(path)
            isLink, isDirectory = os.path.islink(path), os.path.isdir(path)
            content = os.readlink(path) if isLink else "" if isDirectory else hashlib.sha256(open(path, "rb").read()).hexdigest()
            labels = [(name, os.getxattr(path, name, follow_symlinks=False)) for name in sorted(os.listxattr(path, follow_symlinks=False))]
            print(path, oct(stat.st_mode), stat.st_uid, stat.st_gid, "" if isDirectory else stat.st_mtime_ns, content, labels)
`

/** Sends a signal to a daemon; `nsenter` waits for it in its parent process. */
export function signalDaemon({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  const child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"))
  if (child > 0) process.kill(child, signal)
}

/** One wire between two nodes. */
export function connect(one: ClusterNode, other: ClusterNode): void {
  const ends = [
    ["eth0", "netns", String(one.pid), "type", "veth"],
    ["eth0", "netns", String(other.pid)],
  ]
  execFileSync("ip", ["link", "add", ...(ends[0] ?? []), "peer", "name", ...(ends[1] ?? [])])
  for (const [node, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    const ip = (...args: string[]) => execFileSync("nsenter", ["-t", String(node.pid), "-n", "ip", ...args])
    ip("addr", "add", `${node.address}/24`, "dev", "eth0")
    ip("link", "set", "eth0", "up")
    ip("route", "add", "default", "via", peer.address, "dev", "eth0")
  }
}
