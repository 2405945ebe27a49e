import { appendFileSync } from "node:fs"
import { join } from "node:path"
import { encode } from "../src/capture/encode.ts"
import { segmentName } from "../src/capture/segment-name.ts"
import { checksum } from "../src/store/capture/checksum.ts"
import { Random } from "../test/capture/random.ts"
import { BusyNode } from "./generate.ts"

const SEED = 20_261_130
/** Number of calls per operation. */
const NESTED = 4.1

/** Appends calls to a capture as they happen, `perSecond` of them, until the function that it returns is called. */
export function writeLive(directory: string, perSecond: number): () => void {
  const node = new BusyNode(new Random(SEED))
  let nextMs = Date.now()
  const timer = setInterval(() => {
    for (; nextMs < Date.now(); nextMs += (NESTED * 1_000) / perSecond) node.operation(nextMs)
    const due = node.lines.findIndex(({ wallMs }) => wallMs > Date.now())
    for (const { wallMs, record } of node.lines.splice(0, due < 0 ? node.lines.length : due))
      appendFileSync(join(directory, segmentName(wallMs)), encode(record, checksum), { mode: 0o600 })
  }, 50)
  return () => clearInterval(timer)
}
