import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { TestContext } from "node:test"
import { encode } from "../../src/capture/encode.ts"
import type { Begin, CaptureRecord, End, ProgressRecord } from "../../src/capture/record.ts"
import { SEGMENT_INTERVAL_MS, segmentName } from "../../src/capture/segment-name.ts"
import { checksum } from "../../src/store/capture/checksum.ts"
import { Random } from "../capture/random.ts"
import { ipv6Spelling } from "../cni/ipv6-spelling.ts"

/** In the past, so that every segment is sealed. */
const START_MS = Date.UTC(2026, 2, 1, 6)

export type Noise = { torn?: boolean; clockSteps?: boolean; nodes?: number }

/** A random capture that is removed after the test, which prints its seed. */
export function temporaryRandomCapture(t: TestContext, noise: Noise, operations = 80): string {
  const directory = writeRandomCapture(Random.of(t), operations, noise)
  t.after(() => rmSync(directory, { recursive: true }))
  return directory
}

/**
 * A capture of a few hours as a directory: nested calls, lost parents, retries, DELs that come twice, calls that never
 * end, progress records, lines of other kinds; with `clockSteps` the clock is set occasionally, also back.
 */
export function writeRandomCapture(random: Random, operations: number, noise: Noise = {}): string {
  const directory = mkdtempSync(join(tmpdir(), "cnitap-store-"))
  const lines = new RandomNode(random, noise).lines(operations)
  const segments = new Map<string, string>()
  for (const { wallMs, text } of lines) {
    const name = segmentName(wallMs)
    segments.set(name, (segments.get(name) ?? "") + text)
  }
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of segments) writeFileSync(join(directory, name), text)
  return directory
}

type Line = { wallMs: number; monoMs: number; text: string }

class RandomNode {
  readonly #random: Random
  readonly #noise: Noise
  readonly #lines: Line[] = []
  #monoMs = 500_000
  #offsetMs = START_MS
  #ids = 0
  #node = "a"

  constructor(random: Random, noise: Noise) {
    this.#random = random
    this.#noise = noise
  }

  lines(operations: number): Line[] {
    for (let count = 0; count < operations; count++) {
      const random = this.#random
      this.#monoMs += random.pick([1, 40, 3_000, 11_000, 60_000, 900_000]) + random.below(1000) / 1000
      if (this.#noise.clockSteps && random.below(25) === 0)
        this.#offsetMs += random.pick([-2, -1, 1, 0.01]) * SEGMENT_INTERVAL_MS
      this.#node = random.pick(["a", "b", "c"].slice(0, this.#noise.nodes ?? 1))
      this.#list(random.pick(["ADD", "ADD", "DEL", "DEL", "CHECK", "STATUS"]))
    }
    return this.#lines.sort((a, b) => a.monoMs - b.monoMs)
  }

  #list(command: string): void {
    const random = this.#random
    // The ADD of some containers came before the capture: their addresses are known from what DEL is given.
    const wasBefore = command === "DEL" && random.below(4) === 0
    const container = command === "STATUS" ? undefined : wasBefore ? `d${random.below(5)}` : `c${random.below(30)}`
    const ppid = random.pick([10, 10, 11])
    let at = this.#monoMs
    for (const plugin of ["bridge", "portmap", "tuning"].slice(0, 1 + random.below(3)))
      at = this.#call(plugin, command, container, at, ppid, undefined, 0) + random.pick([0.1, 0.5, 5, 12_000])
    this.#monoMs += random.below(3)
  }

  /** Returns when it ended. */
  #call(
    plugin: string,
    command: string,
    container: string | undefined,
    startMs: number,
    ppid: number,
    parent: string | undefined,
    depth: number,
  ): number {
    const random = this.#random
    const id = (0x1000000 + this.#ids++).toString(16).padStart(16, String(random.below(9)))
    const pid = 1000 + this.#ids
    let at = startMs + 0.5 + random.below(1000) / 1000
    if (depth < 2 && random.below(3) === 0) {
      const knows = random.below(4) > 0
      const nestedCommand = command === "ADD" && random.below(8) === 0 ? "DEL" : command
      at = this.#call("host-local", nestedCommand, container, at, pid, knows ? id : undefined, depth + 1) + 0.3
    }
    at += random.pick([0.1, 2, 30, 30, 4000]) + random.below(1000) / 1000
    const as = random.below(12) === 0 ? "probe" : "relay"
    const stdin = this.#stdin(plugin, as === "probe" || container?.startsWith("d") === true)
    const isLate = random.below(10) === 0 && as === "relay"
    const begin: Begin = {
      format: 1,
      kind: "begin",
      id,
      ...(parent ? { parent } : {}),
      depth,
      as,
      ...this.#clock(startMs),
      ...(this.#noise.nodes === undefined && random.below(9) === 0 ? {} : { node: this.#node }),
      pid,
      ppid,
      ...(random.below(5) > 0 ? { parentName: random.pick(["containerd", 'we"ird', "crio", "näme"]) } : {}),
      plugin,
      path: `/opt/cni/bin/${plugin}`,
      argv: [plugin],
      env: {
        ...(command ? { CNI_COMMAND: command } : {}),
        ...(container ? { CNI_CONTAINERID: container, CNI_IFNAME: random.pick(["eth0", "net1"]) } : {}),
        ...(container
          ? { CNI_ARGS: `K8S_POD_NAMESPACE=${random.pick(["shop", "ci"])};K8S_POD_NAME=p-${container}` }
          : {}),
      },
      envNames: ["PATH"],
      ...(isLate ? {} : { stdin }),
    }
    this.#line(begin, startMs)
    for (let reports = as === "relay" && random.below(5) === 0 ? 1 + random.below(2) : 0; reports > 0; reports--)
      this.#line(this.#progress(id, (startMs + at) / 2 + reports), (startMs + at) / 2 + reports)
    if (as === "relay" && random.below(12) > 0) this.#line(this.#end(id, startMs, at, isLate ? stdin : undefined), at)
    return at
  }

  #progress(id: string, monoMs: number): ProgressRecord {
    const text = `${this.#random.text(10)} ${Math.round(monoMs)}`
    return {
      format: 1,
      kind: "progress",
      id,
      ...this.#clock(monoMs),
      stdout: { sizeBytes: 0, text: "" },
      stderr: { sizeBytes: text.length, text },
    }
  }

  #end(id: string, startMs: number, endMs: number, stdin: Begin["stdin"]): End {
    const random = this.#random
    const msg = random.text(20)
    const exit = random.pick([{ code: 0 }, { code: 0 }, { code: 0 }, { code: 1 }, { signal: 9 }, { errno: 2 }])
    const stdout = "code" in exit && exit.code === 0 ? this.#result() : JSON.stringify({ code: 11, msg })
    return {
      format: 1,
      kind: "end",
      id,
      ...this.#clock(endMs),
      ...("errno" in exit || random.below(4) === 0 ? {} : { pluginPid: 50_000 + this.#ids }),
      durationMs: Math.round((endMs - startMs) * 1000) / 1000,
      spawnMs: 0.25,
      exit,
      usage: { maxRssBytes: 4096 * random.below(10_000), userMs: 1, systemMs: 2 },
      ...(stdin ? { stdin } : {}),
      stdout: { sizeBytes: stdout.length, text: stdout },
      stderr: random.below(3) === 0 ? { sizeBytes: 3, base64: "AP8B" } : { sizeBytes: 4, text: random.text(30) },
    }
  }

  #result(): string {
    const random = this.#random
    const address = `10.1.2.${random.below(250)}/24`
    const more = { address: `${ipv6Spelling(random, [0xfd00, 0, 0, 0, 0, 0, 0, random.below(99)])}/64` }
    const result = random.pick([
      { cniVersion: "1.0.0", ips: [{ address }], [random.text(4)]: 1 },
      { cniVersion: "1.0.0", ips: [{ address }, more] },
      { cniVersion: "0.2.0", ip4: { ip: address } },
    ])
    return JSON.stringify(result, null, random.pick([0, 4]))
  }

  #stdin(plugin: string, hasResult: boolean): NonNullable<Begin["stdin"]> {
    const random = this.#random
    const config = {
      ...(random.below(4) === 0
        ? { ipam: { type: "host-local", name: "inner", dataDir: `/d${random.below(2)}` } }
        : {}),
      ...(random.below(6) > 0 ? { cniVersion: random.pick(["1.0.0", "0.4.0", 'v"\\1']) } : {}),
      args: random.json(2),
      ...(hasResult ? { prevResult: JSON.parse(this.#result()) as unknown } : {}),
      ...(random.below(6) > 0 ? { name: random.pick(["net-a", "net-b", 'nét\\"c', ""]) } : {}),
      type: plugin,
    }
    const text = random.below(15) === 0 ? random.text(30) : JSON.stringify(config)
    return { sizeBytes: Buffer.byteLength(text), text }
  }

  #clock(monoMs: number): { wallMs: number; monoMs: number } {
    const mono = Math.round(monoMs * 1000) / 1000
    return { wallMs: Math.round((this.#offsetMs + mono) * 1000) / 1000, monoMs: mono }
  }

  #line(record: CaptureRecord, monoMs: number): void {
    const whole = encode(record, checksum)
    const { wallMs } = this.#clock(monoMs)
    const random = this.#random
    if (!this.#noise.torn || random.below(30) > 0) {
      this.#lines.push({ wallMs, monoMs, text: whole })
      return
    }
    const broken = random.pick([
      whole.slice(0, 1 + random.below(whole.length)),
      whole.replace("ADD", "ADE"),
      encode({ ...record, kind: "gap" } as unknown as CaptureRecord, checksum),
      encode({ ...record, format: 9 }, checksum),
      `\n${random.text(40)}\n`,
    ])
    this.#lines.push({ wallMs, monoMs, text: broken })
  }
}
