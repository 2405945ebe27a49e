import type { LossRecord } from "../capture/record.ts"
import type { CaptureName } from "../model/capture-name.ts"
import type { Explanation } from "../model/explain/statement.ts"
import { type Operation, walk } from "../model/operation.ts"
import { packOperations, summarize } from "../model/packed-operations.ts"

/** What a page in a file knows about its capture. */
export type CaptureHeader = CaptureName & {
  host: string
  /** when the capture was read; calls in flight have this age, whenever the page is opened */
  writtenMs: number
  /** how far the clock of that machine is ahead of UTC */
  utcOffsetMs?: number
  /** of the operations with a problem: what `cnitap explain` says */
  explanations?: Explanation[]
  /** what observers did not record */
  losses?: readonly LossRecord[]
  /** shown in the page, such as that calls were left out */
  note?: string
}

/** The data embedded in an exported page; blocks are in the order their operations began. */
export type EmbeddedCapture = CaptureHeader & { blocks: EmbeddedBlock[] }

/** Operations that began one after another, as JSON compressed with gzip, in base64. */
export type EmbeddedBlock = {
  /** number of its calls */
  calls: number
  /** `PackedOperations`: what lists need */
  summaries: string
  /** `Operation[]`, with all streams: read when an operation is opened or searched */
  operations: string
}

/** Compresses a text with gzip and encodes it in base64: Node.js and browsers have different functions for that. */
export type Compress = (text: string) => Promise<string>

/** Browsers open larger files slowly. */
export const MAX_EMBEDDED_CHARACTERS = 64 * 1024 * 1024
/** Of JSON: opening an operation reads its block in a few milliseconds. */
const BLOCK_CHARACTERS = 1024 * 1024

export const EMPTY_DATA = '<script type="application/json" id="capture">null</script>'

/** The policy of the page, not the text in the page's own script, which a page that is saved again has before its data. */
const POLICY = /(<meta http-equiv="Content-Security-Policy" content="[^"]*)connect-src 'self'/

/**
 * Embeds operations in the built page as a JSON data block, which browsers do not execute and which contains no `<` that
 * could end it. Operations beyond the size limit are left out, oldest first; the page shows how many calls.
 */
export class CaptureEmbedder {
  readonly #compress: Compress
  readonly #blocks: EmbeddedBlock[] = []
  #characters = 0
  #calls = 0
  #pending: Operation[] = []
  #pendingTexts: string[] = []
  #pendingCharacters = 0

  constructor(compress: Compress) {
    this.#compress = compress
  }

  /** In the order they began. */
  async add(operation: Operation): Promise<void> {
    const text = JSON.stringify(operation)
    this.#pending.push(operation)
    this.#pendingTexts.push(text)
    this.#pendingCharacters += text.length
    if (this.#pendingCharacters >= BLOCK_CHARACTERS) await this.#closeBlock()
  }

  /** The page, from the built one (`template`) without data. */
  async html(template: string, header: CaptureHeader): Promise<string> {
    if (!template.includes(EMPTY_DATA)) throw new RangeError("the template has no data block for a capture")
    await this.#closeBlock()
    const kept = this.#blocks.reduce((sum, { calls }) => sum + calls, 0)
    const note =
      kept < this.#calls
        ? `the oldest ${this.#calls - kept} of ${this.#calls} calls are omitted to limit the size of this file`
        : undefined
    const notes = [header.note, note].filter(Boolean).join("; ")
    const capture: EmbeddedCapture = { ...header, ...(notes ? { note: notes } : {}), blocks: this.#blocks }
    return template
      .replace(POLICY, "$1connect-src 'none'")
      .replace(EMPTY_DATA, () => EMPTY_DATA.replace("null", () => toInertJson(capture)))
  }

  async #closeBlock(): Promise<void> {
    if (this.#pending.length === 0) return
    const calls = this.#pending.reduce((sum, operation) => sum + walk(operation.calls).length, 0)
    const summaries = this.#pending.map((operation) => ({
      ...operation,
      summaries: new Map(walk(operation.calls).map(({ call }) => [call.id, summarize(call)])),
    }))
    const block: EmbeddedBlock = {
      calls,
      summaries: await this.#compress(JSON.stringify(packOperations(summaries))),
      operations: await this.#compress(`[${this.#pendingTexts.join(",")}]`),
    }
    this.#pending = []
    this.#pendingTexts = []
    this.#pendingCharacters = 0
    this.#calls += calls
    this.#blocks.push(block)
    this.#characters += sizeOf(block)
    while (this.#blocks.length > 1 && this.#characters > MAX_EMBEDDED_CHARACTERS)
      this.#characters -= sizeOf(this.#blocks.shift())
  }
}

function sizeOf(block: EmbeddedBlock | undefined): number {
  return block ? block.summaries.length + block.operations.length : 0
}

/** JSON without `<`, and without U+2028 and U+2029, which JSON allows but JavaScript before ES2019 does not. */
function toInertJson(value: unknown): string {
  return JSON.stringify(value)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
}
