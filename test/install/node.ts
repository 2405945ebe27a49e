import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { copyFileSync, existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs"
import type { Socket } from "node:net"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { double } from "../doubles/double.ts"
import { type Attributes, NodeTree } from "./node-tree.ts"

/** A node whose plugins are executable programs and can have extended attributes. */
export class Node extends NodeTree {
  protected override program(path: string): void {
    copyFileSync(double("plugin"), path)
  }

  protected override setAttributes(path: string, given: Attributes): void {
    super.setAttributes(path, given)
    if (given.attributes !== undefined) setExtendedAttributes(path, given.attributes)
  }

  /** Gives extended attributes to what exists. */
  label(path: string, attributes: Record<string, string>): void {
    setExtendedAttributes(this.at(path), attributes)
  }

  /** All properties of every file: equal trees differ only in inode numbers and times of directories. */
  async tree(path = "/"): Promise<Record<string, string>> {
    const top = this.at(path).replace(/\/$/, "")
    const attributes = await extendedAttributes(top)
    const found: Record<string, string> = {}
    const visit = (directory: string) => {
      for (const name of readdirSync(directory).sort()) {
        const here = join(directory, name)
        const { mode, uid, gid, mtimeNs } = lstatSync(here, { bigint: true })
        const stat = lstatSync(here)
        const kind = stat.isSymbolicLink()
          ? `-> ${readlinkSync(here)}`
          : stat.isDirectory()
            ? "directory"
            : createHash("sha256").update(readFileSync(here)).digest("hex")
        // A change inside a directory changes its own time, which undo does not restore.
        const time = stat.isDirectory() ? "" : ` ${mtimeNs}`
        found[here.slice(this.root.length)] =
          `${mode.toString(8)} ${uid}:${gid}${time} ${kind} ${attributes[here.slice(top.length + 1)] ?? ""}`.trim()
        if (stat.isDirectory()) visit(here)
      }
    }
    visit(top)
    return found
  }
}

/** Node.js has no API for extended attributes, so a Python process reads them, one tree per line. */
let reader: { child: ChildProcess; lines: AsyncIterator<string> } | undefined

async function extendedAttributes(top: string): Promise<Record<string, string>> {
  if (!reader) {
    const child = spawn("python3", ["-c", READER], { stdio: ["pipe", "pipe", "inherit"] })
    child.unref()
    reader = { child, lines: createInterface(child.stdout)[Symbol.asyncIterator]() }
  }
  const { stdin, stdout } = reader.child
  // It keeps this process alive only while a test waits for it.
  for (const pipe of [stdin, stdout] as Socket[]) pipe.ref()
  stdin?.write(`${top}\n`)
  const { value } = await reader.lines.next()
  for (const pipe of [stdin, stdout] as Socket[]) pipe.unref()
  return JSON.parse(value) as Record<string, string>
}

const READER = `
import os,sys,json
for line in sys.stdin:
  top=line[:-1]
  found={}
  for here,folders,files in os.walk(top):
    for name in folders+files:
      path=os.path.join(here,name)
      keys=os.listxattr(path,follow_symlinks=False)
      if keys: found[os.path.relpath(path,top)]=" ".join(sorted(k+"="+os.getxattr(path,k,follow_symlinks=False).hex() for k in keys))
  print(json.dumps(found),flush=True)
`

function setExtendedAttributes(path: string, attributes: Record<string, string>): void {
  const script = "import os,sys,json\nfor k,v in json.loads(sys.argv[2]).items(): os.setxattr(sys.argv[1],k,v.encode())"
  python(script, path, JSON.stringify(attributes))
}

function python(script: string, ...args: string[]): void {
  const { status, stderr } = spawnSync("python3", ["-c", script, ...args], { encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
}

/**
 * Creates and deletes pods one after the other, as fast as possible: reads the first list for each operation, executes
 * its plugins and their IPAM plugins from the plugin path, and expects every reply to be the plugin's own.
 */
export class Runtime {
  path: string[]
  readonly #confDir: string
  #isStopped = false
  #done: Promise<void>
  calls = 0
  readonly failures: string[] = []

  constructor(confDir: string, path: readonly string[]) {
    this.#confDir = confDir
    this.path = [...path]
    this.#done = this.#run()
  }

  /** A caller writes this file; the runtime removes it when it has read the current list. */
  get handshake(): string {
    return join(this.#confDir, "../reloaded")
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#done
  }

  /** Runs `act` while the directory is not in the plugin path. */
  async without(directory: string, act: () => Promise<void>): Promise<void> {
    const path = this.path
    this.path = path.filter((other) => other !== directory)
    const before = this.calls
    // The operation that is running still uses the directory.
    while (this.calls < before + 8) await sleep(5)
    await act()
    this.path = path
  }

  async #run(): Promise<void> {
    for (let container = 1; !this.#isStopped; container++) {
      const isWaiting = existsSync(this.handshake)
      const list = readdirSync(this.#confDir).filter((name) => /^[^.].*\.conflist$/.test(name))[0]
      if (list === undefined) {
        this.failures.push("no list")
        return
      }
      if (isWaiting) rmSync(this.handshake)
      const { plugins } = JSON.parse(readFileSync(join(this.#confDir, list), "utf8")) as { plugins: Conf[] }
      const names = plugins.flatMap(({ type, ipam }) => [type, ...(ipam ? [ipam.type] : [])])
      for (const name of names) await this.#call(name, "ADD", `c${container}`)
      for (const name of [...names].reverse()) await this.#call(name, "DEL", `c${container}`)
    }
  }

  async #call(name: string, command: string, container: string): Promise<void> {
    const directory = this.path.find((candidate) => existsSync(join(candidate, name)))
    const env = { CNI_COMMAND: command, CNI_CONTAINERID: container }
    // A plugin that is reached by another path has no file with its steps next to it, so they are on stdin too.
    const stdin = JSON.stringify([`out {"plugin":"${name}"}`])
    const answer = directory ? await call(join(directory, name), env, stdin) : "not found"
    this.calls++
    const isProbe = name === "cni_pre" || name === "cni_post"
    const expected = isProbe ? (command === "ADD" ? '0 {"cniVersion":"0.1.0"}' : "0 ") : `0 {"plugin":"${name}"}`
    if (answer !== expected) this.failures.push(`${command} ${name}: ${answer}`)
    // Leave processor time to the other processes of the test.
    await sleep(4)
  }
}

type Conf = { type: string; ipam?: { type: string } }

/** Executes a plugin as libcni does; returns its exit status or start error, then stdout and stderr. */
export function call(
  path: string,
  env: Record<string, string> = { CNI_COMMAND: "ADD" },
  stdin = "{}",
): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(path, [], { env: { CNI_CONTAINERID: "c1", ...env }, stdio: "pipe" })
    let output = ""
    child.on("error", (error) => resolve(error.message))
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk))
    child.stdin.on("error", () => {})
    child.stdin.end(stdin)
    child.on("close", (code, signal) => resolve(`${signal ?? code} ${output}`))
  })
}
