import { hostname } from "node:os"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { LossRecord } from "../capture/record.ts"
import { CaptureEmbedder, type CaptureHeader } from "../export/html.ts"
import type { Explanation } from "../model/explain/statement.ts"
import type { Operation } from "../model/operation.ts"
import { localOffsetMs } from "../model/time.ts"
import { readPage } from "./page.ts"

/** Each explanation reads the capture around its operation: of a large one, seconds. */
const MOST_EXPLAINED = 50
const EXPLAIN_MS = 5_000

/**
 * The page with these operations in it, as one file. They are in the order they began. `filter`: what was selected, as text.
 * `losses`: what was not recorded, known when the operations have been read. `explain`: what `cnitap explain` says about an
 * operation, which the latest problems have in the file.
 */
export async function pageFile(
  operations: AsyncIterable<Operation>,
  { path, filter, nowMs }: { path: string; filter: string; nowMs: number },
  losses: () => readonly LossRecord[],
  explain: (id: string) => Promise<Explanation | undefined>,
): Promise<{ html: string; count: number }> {
  const embedder = new CaptureEmbedder(async (text) => (await compress(text)).toString("base64"))
  const problems: string[] = []
  let count = 0
  for await (const operation of operations) {
    count++
    await embedder.add(operation)
    if (operation.outcome !== "ok") problems.push(operation.id)
  }
  const explanations: Explanation[] = []
  const endMs = performance.now() + EXPLAIN_MS
  for (const id of problems.slice(-MOST_EXPLAINED).reverse()) {
    const explanation = await explain(id)
    if (explanation) explanations.push(explanation)
    if (performance.now() > endMs) break
  }
  const header: CaptureHeader = {
    path,
    host: hostname(),
    writtenMs: nowMs,
    utcOffsetMs: localOffsetMs(nowMs),
    explanations,
    losses: losses(),
    ...(filter ? { note: `only ${filter}` } : {}),
  }
  return { html: await embedder.html(readPage().html, header), count }
}

const compress = promisify(gzip)
