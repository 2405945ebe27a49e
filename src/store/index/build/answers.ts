import { type Answer, type Call, resultOf } from "../../../model/call.ts"
import { answerOf } from "../../../model/result/answer.ts"
import { addressesOf } from "../../../model/result/result-fields.ts"
import { EXIT_OK, parsePayload, type RecordHeader } from "../../scan/read-header.ts"

const ADD = Buffer.from("ADD")
const STDOUT = '"stdout":'
const STDERR = Buffer.from(',"stderr":{')
const FIRST_BYTES = 256 * 1024
const FIRST_ROWS = 4096

/**
 * What ADD calls printed, kept until the calls are grouped: as a rule only the answer of the last call of a list is read,
 * because libcni has accepted those before it. Copying a few hundred bytes is much cheaper than parsing them.
 */
export class Answers {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #used = 0
  /** by row; nothing is kept if both are equal */
  #from = new Uint32Array(FIRST_ROWS)
  #to = new Uint32Array(FIRST_ROWS)
  #isAdd = new Uint8Array(FIRST_ROWS)

  clear(): void {
    this.#used = 0
  }

  begin(row: number, { depth, parent, isProbe, context, probeStdin }: RecordHeader): void {
    if (row >= this.#from.length) this.#grow()
    const { bytes, from, to } = context.command
    // A nested call that names no parent may be grouped as if the runtime had made it.
    const mayBeTop = depth === 0 || parent.from === parent.to
    const isAdd = mayBeTop && to - from === ADD.length && bytes.compare(ADD, 0, ADD.length, from, to) === 0
    this.#isAdd[row] = isAdd ? 1 : 0
    this.#from[row] = 0
    this.#to[row] = 0
    if (isAdd && isProbe) this.#keep(row, probeStdin.bytes, probeStdin.from, probeStdin.to)
  }

  end(row: number, { exit, streams: { bytes, from, to } }: RecordHeader): void {
    if (this.#isAdd[row] !== 1 || exit !== EXIT_OK) return
    // Within a JSON string every quote follows a backslash.
    const stderr = bytes.indexOf(STDERR, from)
    this.#keep(row, bytes, from, stderr < 0 || stderr > to ? to : stderr)
  }

  has(row: number): boolean {
    return this.#from[row] !== this.#to[row]
  }

  /** What it printed, and the addresses in it. `answer`: undefined if nothing is known to be wrong with it. */
  of(
    row: number,
    call: Pick<Call, "as" | "plugin" | "ifname" | "cniVersion">,
  ): { answer: Answer | undefined; ips: string[] } {
    const text = this.#bytes.toString("utf8", this.#from[row], this.#to[row])
    const payload = parsePayload(call.as === "probe" ? text : text.slice(STDOUT.length))
    const streams = call.as === "probe" ? { stdin: payload } : { stdout: payload }
    const whole = { ...call, command: "ADD", exit: EXIT_OK, ...streams }
    return { answer: answerOf(whole), ips: addressesOf(resultOf(whole)) }
  }

  #keep(row: number, bytes: Buffer, from: number, to: number): void {
    const end = this.#used + to - from
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(2 * end)
      this.#bytes.copy(grown, 0, 0, this.#used)
      this.#bytes = grown
    }
    bytes.copy(this.#bytes, this.#used, from, to)
    this.#from[row] = this.#used
    this.#to[row] = end
    this.#used = end
  }

  #grow(): void {
    const rows = 2 * this.#from.length
    const [from, to, isAdd] = [new Uint32Array(rows), new Uint32Array(rows), new Uint8Array(rows)]
    from.set(this.#from)
    to.set(this.#to)
    isAdd.set(this.#isAdd)
    this.#from = from
    this.#to = to
    this.#isAdd = isAdd
  }
}
