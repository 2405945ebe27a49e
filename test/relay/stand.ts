import { type ChildProcess, spawn } from "node:child_process"
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { crc32 } from "node:zlib"
import { type Decoded, decode } from "../../src/capture/decode.ts"
import type { Begin, CaptureRecord, End, LossRecord, Payload } from "../../src/capture/record.ts"
import { double } from "../doubles/double.ts"
import { awaitRecorders } from "./recorders.ts"

export const RELAY = join(import.meta.dirname, "../../dist/relay-x86_64")

export const checksum = (text: string) => ({
  sizeBytes: Buffer.byteLength(text),
  crc32: crc32(text).toString(16).padStart(8, "0"),
})

/** What a runtime sees of a plugin call. `files`: what the plugin wrote to its working directory. */
export type Seen = {
  stdout: string
  stderr: string
  code: number | null
  signal: NodeJS.Signals | null
  files: Record<string, string>
}

export type PluginCall = {
  command?: string | undefined
  env?: Record<string, string>
  argv?: string[]
  stdin?: string | Buffer
  /** options of test/doubles/launch.c; the environment must then be given with -e */
  launch?: string[]
  /** called with the running process, for signals and for streams that the test itself handles */
  during?: (child: ChildProcess) => void | Promise<void>
  cwd?: string
  /** the command that runs the plugin somewhere else, such as nsenter */
  within?: readonly string[]
}

/** As `within`: the streams of the plugin are pipes, as with a runtime, and not the stand's sockets. */
export const WITH_PIPES = ["bash", "-c", `cat | "$0" "$@" 2> >(cat >&2) | cat; exit \${PIPESTATUS[1]}`]

/** A bin directory of doubles, a capture and a working directory, all in a temporary root. */
export class Stand {
  readonly root = mkdtempSync(join(tmpdir(), "cnitap-"))
  readonly bin = join(this.root, "bin")
  readonly real = join(this.bin, ".cnitap/real")
  readonly capture = join(this.root, "capture")
  readonly work = join(this.root, "work")
  readonly configFile = join(this.bin, ".cnitap/relay.json")

  /** A stand with a plugin `plugin` behind the relay, until the test ends. */
  static with(t: TestContext, steps: readonly string[], config: Record<string, unknown> = {}): Stand {
    const stand = new Stand()
    t.after(() => stand.remove())
    stand.add("plugin", steps)
    stand.wrap("plugin")
    stand.configure(config)
    return stand
  }

  constructor() {
    mkdirSync(this.real, { recursive: true })
    mkdirSync(this.capture, { mode: 0o700 })
    mkdirSync(this.work)
  }

  /** Adds a plugin that performs these steps, or those on its stdin, to the plugin directory (test/doubles/plugin.c). */
  add(name: string, steps?: readonly string[]): string {
    const path = join(this.bin, name)
    copyFileSync(double("plugin"), path)
    if (steps) writeFileSync(`${path}.json`, JSON.stringify(steps))
    return path
  }

  /** Installs the relay in front of a plugin, like `cnitap install`. */
  wrap(name: string): void {
    renameSync(join(this.bin, name), join(this.real, name))
    copyFileSync(RELAY, join(this.bin, name))
  }

  probe(name: "cni_pre" | "cni_pre.py" | "cni_post"): void {
    copyFileSync(RELAY, join(this.bin, name))
  }

  configure(config: Record<string, unknown> = {}): void {
    this.write(JSON.stringify({ format: 1, capture: this.capture, ...config }))
  }

  write(config: string | Buffer): void {
    writeFileSync(this.configFile, config)
  }

  /** Runs a plugin as libcni does: own pipes, the full path as argv[0], stdin written and closed. */
  async run(name: string, call: PluginCall = {}): Promise<Seen> {
    const child = this.start(name, call)
    const ended = outputOf(child)
    child.stdin?.on("error", () => {})
    if (call.during) await call.during(child)
    else child.stdin?.end(call.stdin ?? "")
    return { ...(await ended), files: this.#takeFiles() }
  }

  start(name: string, { command, env = {}, argv = [], launch, cwd, within = [] }: PluginCall = {}): ChildProcess {
    const path = join(this.bin, name)
    const variables = {
      ...(command === undefined
        ? {}
        : {
            CNI_COMMAND: command,
            CNI_CONTAINERID: "c1",
            CNI_NETNS: "/run/netns/c1",
            CNI_IFNAME: "eth0",
            CNI_ARGS: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web-0",
            CNI_PATH: this.bin,
          }),
      PATH: "/usr/bin:/bin",
      ...env,
    }
    const [program = path, ...args] = [...within, ...(launch ? [double("launch"), ...launch, path] : []), path, ...argv]
    return spawn(program, args, {
      env: variables,
      cwd: cwd ?? this.work,
      stdio: "pipe",
    })
  }

  /** Every record of a call in the order of writing. A line that is not a record fails the test. */
  records(capture = this.capture): CaptureRecord[] {
    return this.decoded(capture).flatMap((decoded) => {
      if (decoded.kind === "loss") return []
      if (decoded.kind !== "record") throw new Error(`a line of the capture is ${decoded.kind}`)
      return decoded.record
    })
  }

  /** What an observer has not recorded. */
  losses(): LossRecord[] {
    return this.decoded().flatMap((decoded) => (decoded.kind === "loss" ? [decoded.loss] : []))
  }

  decoded(capture = this.capture): Decoded[] {
    return this.lines(capture).map((line) => decode(line, checksum))
  }

  begins(): Begin[] {
    return this.records().filter((record) => record.kind === "begin")
  }

  /** The kind of every record in the order of writing. */
  kinds(): string[] {
    return this.records().map(({ kind }) => kind)
  }

  /** The stdin of each call: in the end line if the writer was slow to close it, otherwise in the begin line. */
  stdins(): (Payload | undefined)[] {
    const ends = new Map(this.ends().map((end) => [end.id, end]))
    return this.begins().map((begin) => begin.stdin ?? ends.get(begin.id)?.stdin)
  }

  ends(): End[] {
    return this.records().filter((record) => record.kind === "end")
  }

  lines(capture = this.capture): string[] {
    const lines = this.#linesNow(capture)
    const count = (kind: string) => lines.filter((line) => line.includes(`"kind":"${kind}"`)).length
    if (lines.length > 0 && count("begin") === count("end")) return lines
    awaitRecorders(this.bin)
    return this.#linesNow(capture)
  }

  #linesNow(capture: string): string[] {
    return this.segments(capture).flatMap((name) =>
      readFileSync(join(capture, name), "utf8").split("\n").filter(Boolean),
    )
  }

  segments(capture = this.capture): string[] {
    const names = existsSync(capture) ? readdirSync(capture) : []
    return names.filter((name) => name.startsWith("calls-")).sort()
  }

  /** The bytes of the whole capture, to search for what must not be in them. */
  bytes(): string {
    return this.segments()
      .map((name) => readFileSync(join(this.capture, name), "latin1"))
      .join("")
  }

  forget(): void {
    for (const name of this.segments()) rmSync(join(this.capture, name))
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true })
  }

  #takeFiles(): Record<string, string> {
    const files: Record<string, string> = {}
    for (const name of readdirSync(this.work)) {
      files[name] = readFileSync(join(this.work, name), "latin1")
      rmSync(join(this.work, name))
    }
    return files
  }
}

/** Both outputs byte by byte (one character each) and how the process ended, once both outputs were closed. */
export function outputOf(child: ChildProcess): Promise<Omit<Seen, "files">> {
  const chunks: [Buffer[], Buffer[]] = [[], []]
  child.stdout?.on("data", (chunk: Buffer) => chunks[0].push(chunk))
  child.stderr?.on("data", (chunk: Buffer) => chunks[1].push(chunk))
  return new Promise((resolve, reject) => {
    child.on("error", reject)
    child.on("close", (code, signal) =>
      resolve({
        stdout: Buffer.concat(chunks[0]).toString("latin1"),
        stderr: Buffer.concat(chunks[1]).toString("latin1"),
        code,
        signal,
      }),
    )
  })
}
