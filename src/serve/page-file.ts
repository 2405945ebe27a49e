import { hostname } from "node:os"
import { promisify } from "node:util"
import { gzip } from "node:zlib"
import type { LossRecord } from "../capture/record.ts"
import { CaptureEmbedder, type CaptureHeader } from "../export/html.ts"
import type { CaptureName } from "../model/capture-name.ts"
import type { Explanation } from "../model/explain/statement.ts"
import type { Operation } from "../model/operation.ts"
import { localOffsetMs } from "../model/time.ts"
import { readPage } from "./page.ts"

/** Each explanation reads the capture around its operation: of a large one, seconds. */
const MOST_EXPLAINED = 50
const EXPLAIN_MS = 5_000

/**
 * The page with these operations in it, as one file. They are in the order they began. `filter`: what was selected, as text.
 * `remark`: what else the page says about the capture. `losses`: what was not recorded, known when the operations have been
 * read. `explain`: what `cnitap explain` says about an operation, which the latest problems have in the file.
 */
export async function pageFile(
  operations: AsyncIterable<Operation>,
  { name, filter, remark, nowMs }: { name: CaptureName; filter: string; remark?: string | undefined; nowMs: number },
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
  const unexplained = unexplainedNote(explanations.length, problems.length, name.program)
  const note = [filter && `only ${filter}`, remark, unexplained].filter(Boolean).join("; ")
  const header: CaptureHeader = {
    ...name,
    host: hostname(),
    writtenMs: nowMs,
    utcOffsetMs: localOffsetMs(nowMs),
    explanations,
    losses: losses(),
    ...(note ? { note } : {}),
  }
  return { html: await embedder.html(readPage().html, header), count }
}

function unexplainedNote(explained: number, problems: number, program: string): string {
  if (explained === problems) return ""
  return explained === 0
    ? `problems are not explained in this file; ${program} explain does so`
    : `the latest ${explained} of ${problems} problems are explained; ${program} explain explains the others`
}

const compress = promisify(gzip)
