import { type ChildProcess, spawn } from "node:child_process"
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { Fault } from "../../src/fault/fault.ts"
import { PROGRAM, type Ran, run } from "../cli/cnitap.ts"
import { Transcripts } from "../cli/transcript.ts"
import type { NetworkList } from "./libcni.ts"
import type { RunOptions, RuntimeAnswer, RuntimeRequest } from "./runtime.ts"

type IncidentOptions = {
  plugins: readonly string[]
  scripts?: Readonly<Record<string, string>>
  lists: readonly NetworkList[]
}

const PLUGIN_DIR = "/usr/lib/cni"

/**
 * A node for one incident, in mount, network and process namespaces of its own: its /opt/cni/bin, /etc/cni/net.d,
 * /var/lib/cni and /run are as on any node, so that cnitap is used without flags, and the machine is untouched.
 */
export class IncidentNode {
  readonly #root = mkdtempSync(join(tmpdir(), "cnitap-incident-"))
  readonly #transcripts = new Transcripts("/var/lib/cnitap/capture")
  readonly #children: ChildProcess[] = []
  #init = 0

  /** Starts a node with these plugins of the distribution and these scripts, and installs cnitap. */
  static async start(t: TestContext, { plugins, scripts = {}, lists }: IncidentOptions): Promise<IncidentNode> {
    if (process.getuid?.() !== 0) throw new Fault("NOT_PERMITTED", "only root may make namespaces", "Run it with sudo.")
    const node = new IncidentNode()
    t.after(() => node.#remove())
    await node.#begin()
    for (const name of plugins) copyFileSync(join(PLUGIN_DIR, name), join(node.path("/opt/cni/bin"), name))
    for (const [name, script] of Object.entries(scripts)) node.script(name, script)
    for (const [at, list] of lists.entries())
      node.write(`/etc/cni/net.d/${at}0-${list.name}.conflist`, JSON.stringify(list, null, 2))
    const { stderr, code } = await node.exec(process.execPath, PROGRAM, "install")
    if (code !== 0) throw new Error(`cnitap install: ${stderr}`)
    return node
  }

  /** A file of the node, as this process sees it. */
  path(path: string): string {
    return join(`/proc/${this.#init}/root`, path)
  }

  write(path: string, text: string): void {
    writeFileSync(this.path(path), text)
  }

  /** Undefined if the file does not exist. */
  read(path: string): string | undefined {
    return existsSync(this.path(path)) ? readFileSync(this.path(path), "utf8") : undefined
  }

  /** Installs a plugin that is a script. */
  script(name: string, text: string): void {
    this.write(`/opt/cni/bin/${name}`, text.startsWith("#!") ? text : `#!/bin/sh\n${text}`)
    chmodSync(this.path(`/opt/cni/bin/${name}`), 0o755)
  }

  async runtime(name = "containerd", path = process.env.PATH): Promise<Runtime> {
    const program = join(import.meta.dirname, "runtime.ts")
    const child = spawn(
      "nsenter",
      [...this.#enter, process.execPath, "--import", import.meta.resolve("tsx"), program, name],
      {
        env: { PATH: path },
        stdio: ["ignore", "inherit", "inherit", "ipc"],
      },
    )
    this.#children.push(child)
    const runtime = new Runtime(child)
    await runtime.isReady
    return runtime
  }

  /** The output of cnitap on the node, with varying parts replaced (test/cli/transcript.ts). */
  async cnitap(...args: string[]): Promise<string[]> {
    const { out, err } = this.#transcripts.normalized(await this.exec(process.execPath, PROGRAM, ...args))
    return [...out, ...err].map(withoutNames)
  }

  /**
   * What one command each says of a pod: every line of `explain`, the outcomes in `ls`, the findings of `lint` and the
   * verdicts of `ledger` with the addresses.
   */
  async answers(pod: string): Promise<Answers> {
    const [explain, operations, findings, rows] = await Promise.all([
      this.cnitap("explain", pod),
      this.#items<{ command: string; pod?: Pod; outcome: string }>("ls"),
      this.#items<{ severity: string; rule: string; plugin: string }>("lint"),
      this.#items<LedgerItem>("ledger"),
    ])
    return {
      explain,
      ls: operations
        .filter((operation) => nameOf(operation) === pod)
        .map(({ command, outcome }) => `${command} ${outcome}`),
      lint: [...new Set(findings.map(({ severity, rule, plugin }) => `${severity} ${rule} ${plugin}`))].sort(),
      ledger: rows.map(ledgerLine),
    }
  }

  /** The verdicts of `who-owns`, as in `answers`. */
  async owners(address: string): Promise<string[]> {
    return (await this.#items<LedgerItem>("who-owns", address)).map(ledgerLine)
  }

  async #items<T>(...words: string[]): Promise<T[]> {
    const { stdout, stderr } = await this.exec(process.execPath, PROGRAM, ...words, "-o", "json")
    if (stdout === "") throw new Error(`cnitap ${words.join(" ")}: ${stderr}`)
    return (JSON.parse(stdout) as { items: T[] }).items
  }

  exec(...command: string[]): Promise<Ran> {
    return run("nsenter", [...this.#enter, ...command], { env: { TMPDIR: "/run" } })
  }

  /** Starts a process that lives as long as the node. */
  background(...command: string[]): ChildProcess {
    const child = spawn("nsenter", [...this.#enter, ...command], { stdio: "ignore" })
    this.#children.push(child)
    return child
  }

  get #enter(): string[] {
    return ["-t", String(this.#init), "-m", "-n", "-p", "--"]
  }

  async #begin(): Promise<void> {
    const child = spawn("unshare", [...NAMESPACES, "sh", "-ec", SETUP, this.#root], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    this.#children.push(child)
    for await (const _ of child.stdout) break
    const children = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8")
    this.#init = Number.parseInt(children, 10)
    if (!existsSync(this.path("/opt/cni/bin"))) throw new Error("the namespaces of the node were not made")
    mkdirSync(this.path("/var/lib/cni"), { recursive: true })
  }

  #remove(): void {
    // All processes of a process namespace end with its first one.
    for (const child of this.#children.reverse()) child.kill("SIGKILL")
    rmSync(this.#root, { recursive: true, force: true })
  }
}

type LedgerItem = { state: string; pod?: Pod; ips: string[] }

function ledgerLine(row: LedgerItem): string {
  return [row.state, nameOf(row), ...row.ips].join(" ")
}

export type Answers = { explain: string[]; ls: string[]; lint: string[]; ledger: string[] }

type Pod = { namespace: string; name: string }

function nameOf({ pod }: { pod?: Pod }): string {
  return pod ? `${pod.namespace}/${pod.name}` : "-"
}

const NAMESPACES = ["--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--net", "--propagation", "private"]

/**
 * Everything of the machine is mounted read-only, whatever cnitap detects. The first process ignores SIGCHLD, so that the
 * kernel removes orphans that end.
 */
const SETUP = `
mount -t tmpfs tmpfs "$0"
mount -o remount,bind,ro /
for name in etc var/lib; do
  mkdir -p "$0/$name" "$0/work/$name"
  mount -t overlay overlay -o "lowerdir=/$name,upperdir=$0/$name,workdir=$0/work/$name" "/$name"
done
for directory in /opt /run /usr/lib/cni; do mount -t tmpfs tmpfs "$directory"; done
mkdir -p /opt/cni/bin /etc/cni/net.d /run/netns /etc/containerd
printf '%s\\n' 'version = 2' '[plugins."io.containerd.grpc.v1.cri".cni]' 'bin_dir = "/opt/cni/bin"' 'conf_dir = "/etc/cni/net.d"' >/etc/containerd/config.toml
ip link set lo up
trap '' CHLD
echo ready
exec sleep infinity`

/** A runtime of the node. Its methods return the error that the kubelet gets, or an empty string. */
export class Runtime {
  readonly isReady: Promise<void>
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (text: string) => void>()
  #last = 0

  constructor(child: ChildProcess) {
    this.#child = child
    this.isReady = new Promise((resolve, reject) => {
      this.#waiting.set(0, () => resolve())
      child.on("exit", (code) => reject(new Error(`the runtime ended with ${code}`)))
    })
    child.on("message", ({ id, text }: RuntimeAnswer) => this.#waiting.get(id)?.(text))
  }

  run(pod: string, list: NetworkList, options: RunOptions = {}): Promise<string> {
    return this.#ask((id) => ({ id, verb: "run", pod, list, options }))
  }

  stop(pod: string): Promise<string> {
    return this.#ask((id) => ({ id, verb: "stop", pod }))
  }

  /** The network namespace is gone, as after a reboot, without a DEL. */
  forget(pod: string): Promise<string> {
    return this.#ask((id) => ({ id, verb: "reboot", pod }))
  }

  /** Ends the runtime itself, which is a child of the process that entered the namespaces. */
  kill(): void {
    const { pid } = this.#child
    process.kill(Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"), 10), "SIGKILL")
  }

  #ask(request: (id: number) => RuntimeRequest): Promise<string> {
    const id = ++this.#last
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve)
      this.#child.send(request(id))
    })
  }
}

/** Names and numbers that differ from run to run. */
function withoutNames(line: string): string {
  return line
    .replace(/\bveth[0-9a-f]{8}\b/g, "VETH")
    .replace(/\b[0-9a-f]{13}(?:[0-9a-f]{51})?\b/g, "CONTAINER")
    .replace(/cni-[0-9a-f]{8}-0000-4000-8000-000000000001/g, "NETNS")
    .replace(/\bpid \d+|-fp \d+/g, (text) => text.replace(/\d+/, "N"))
    .replace(/\b\d+ MiB\b/g, "N MiB")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|\b\d\d:\d\d:\d\dZ/g, "TIME")
}
