import { appendFileSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { isSegmentName } from "../../capture/segment-name.ts"
import { isObject, parseJson } from "../../cni/json.ts"
import { Fault } from "../../fault/fault.ts"

/** A copy of a node's capture, which grows as that does. It is fed with what `cnitap __stream` prints there. */
export class CaptureMirror {
  readonly directory: string
  readonly #sizes = new Map<string, number>()
  readonly #onComplete: () => void
  #header: Buffer = Buffer.alloc(0)
  #segment = ""
  #leftBytes = 0

  /** `onComplete` is called whenever everything that was written there is here. */
  constructor(directory: string, onComplete: () => void) {
    this.directory = directory
    this.#onComplete = onComplete
    mkdirSync(directory, { mode: 0o700, recursive: true })
  }

  /** How much of each segment is here, as arguments of the next `cnitap __stream`. What arrived in part is dropped. */
  restart(): string[] {
    this.#header = Buffer.alloc(0)
    this.#leftBytes = 0
    return [...this.#sizes].map(([name, sizeBytes]) => `${name}:${sizeBytes}`)
  }

  push(chunk: Buffer): void {
    let rest = chunk
    while (rest.length > 0) rest = this.#leftBytes > 0 ? this.#pushBytes(rest) : this.#pushHeader(rest)
  }

  #pushBytes(bytes: Buffer): Buffer {
    const own = bytes.subarray(0, this.#leftBytes)
    appendFileSync(join(this.directory, this.#segment), own, { mode: 0o600 })
    this.#sizes.set(this.#segment, (this.#sizes.get(this.#segment) ?? 0) + own.length)
    this.#leftBytes -= own.length
    return bytes.subarray(own.length)
  }

  #pushHeader(bytes: Buffer): Buffer {
    const end = bytes.indexOf("\n")
    this.#header = Buffer.concat([this.#header, end < 0 ? bytes : bytes.subarray(0, end)])
    if (end < 0 && this.#header.length <= MAX_HEADER_BYTES) return bytes.subarray(bytes.length)
    const header = parseJson(this.#header.toString("utf8"))
    this.#header = Buffer.alloc(0)
    const { segment = "", sizeBytes = 0 } = isObject(header) ? header : {}
    if (!isObject(header) || typeof segment !== "string" || typeof sizeBytes !== "number" || !isWritable(segment))
      throw new Fault("CLUSTER", "a pod printed something else than its capture", "Compare `kubectl cnitap status`.")
    this.#segment = segment
    this.#leftBytes = sizeBytes
    if (sizeBytes === 0) this.#onComplete()
    return bytes.subarray(end + 1)
  }
}

const MAX_HEADER_BYTES = 256

/** Nothing that a pod names is written outside of the directory. */
function isWritable(segment: string): boolean {
  return segment === "" || isSegmentName(segment)
}
