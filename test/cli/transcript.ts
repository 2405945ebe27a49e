import { cnitap, type Ran } from "./cnitap.ts"

/**
 * The output of the program with varying parts replaced: `#1` is the first ID, `T` a duration or age, `DATE` a time, `DIR`
 * the capture directory. Several spaces become two, because columns are as wide as their content.
 */
export class Transcripts {
  readonly #ids: string[] = []
  readonly #capture: string

  constructor(capture: string) {
    this.#capture = capture
  }

  async of(...args: string[]): Promise<{ out: string[]; err: string[]; code: number | null }> {
    return this.normalized(await cnitap(args, { env: { CNITAP_CAPTURE: this.#capture } }))
  }

  normalized({ stdout, stderr, code }: Ran): { out: string[]; err: string[]; code: number | null } {
    return { out: this.#lines(stdout), err: this.#lines(stderr), code }
  }

  /** The id behind `#1`. */
  id(number: number): string {
    return this.#ids[number - 1] ?? ""
  }

  #lines(text: string): string[] {
    const plain = text
      .replaceAll(this.#capture, "DIR")
      .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\b\d\d:\d\d:\d\d\.\d{3}Z/g, "DATE")
      .replace(/\b[0-9a-f]{16}\b/g, (id) => `#${this.#numberOf(id)}`)
      .replace(/\b\d+(?:\.\d+)?(?:µs|ms|s|m\d*s?|h)(?![\w.])/g, "T")
      .replace(/(?<=\S) {2,}/g, "  ")
      .replace(/^ +(?=\S)/gm, (blanks) => (blanks.length > 8 ? "        " : blanks))
    return plain === "" ? [] : plain.replace(/\n$/, "").split("\n")
  }

  #numberOf(id: string): number {
    const at = this.#ids.indexOf(id)
    return at < 0 ? this.#ids.push(id) : at + 1
  }
}
