import type { ClockReading } from "./clock-difference.ts"
import { clockReader } from "./clock-line.ts"
import { type Kubectl, kubectlWords } from "./kubectl.ts"
import { CONTAINER, HOST_ROOT, NAMESPACE, PROGRAM } from "./names.ts"
import type { Recorder } from "./recorder.ts"

/**
 * What became of a verb on a node. `answered`: it ran there and ended with `code`, 0 or 1; `notes` is what it wrote to
 * stderr, `clock` what the clock of the node showed when it began. `refused`: cnitap failed there with another exit status. `failed`: it could not be run, for a reason in the
 * words of kubectl or the kubelet.
 */
export type NodeAnswer =
  | { node: string; kind: "answered"; code: 0 | 1; notes: string; clock?: ClockReading }
  | { node: string; kind: "refused"; code: number; reason: string }
  | { node: string; kind: "failed"; reason: string }

/**
 * Runs a verb of cnitap in the pod of a node; `onData` gets what it prints. `onClock`: it is endless, and this gets its clock
 * when it begins. Its stdin is closed when this process ends, and it ends with that.
 */
export async function askNode(
  kubectl: Kubectl,
  { node, pod, problem }: Recorder,
  [verb = "", ...args]: readonly string[],
  onData: (chunk: Buffer) => void | Promise<void>,
  onClock?: (reading: ClockReading) => void,
): Promise<NodeAnswer> {
  if (problem !== undefined) return { node, kind: "failed", reason: problem }
  const isEndless = onClock !== undefined
  const command = [PROGRAM, ...(isEndless ? ["__attached"] : []), "__clock", verb, "--root", HOST_ROOT, ...args]
  const askedMs = Date.now()
  const clocks: ClockReading[] = []
  const read = clockReader(onData, (nodeMs) => {
    const reading = { node, nodeMs, askedMs, answeredMs: Date.now() }
    clocks.push(reading)
    onClock?.(reading)
  })
  const result = await kubectl.run(
    ["exec", ...(isEndless ? ["-i"] : []), "-n", NAMESPACE, pod, "-c", CONTAINER, "--", ...command],
    {
      onData: read,
      isEndless,
    },
  )
  const [ending = "", code] = /^command terminated with exit code (\d+)$/m.exec(result.stderr) ?? []
  const stderr = result.stderr.replace(ending, "").trimEnd()
  const [clock] = clocks
  const answered = { node, kind: "answered", notes: stderr, ...(clock ? { clock } : {}) } as const
  if (result.code === 0) return { ...answered, code: 0 }
  if (code === "1") return { ...answered, code: 1 }
  if (code !== undefined && /^cnitap: /m.test(stderr))
    return { node, kind: "refused", code: Number(code), reason: stderr }
  return { node, kind: "failed", reason: kubectlWords({ ...result, stderr: stderr || result.stderr }) }
}

/** Runs a verb in the pod of a node and returns what it prints with the answer. */
export async function readNode(
  kubectl: Kubectl,
  recorder: Recorder,
  args: readonly string[],
): Promise<{ answer: NodeAnswer; printed: Buffer }> {
  const chunks: Buffer[] = []
  const answer = await askNode(kubectl, recorder, args, (chunk) => void chunks.push(chunk))
  return { answer, printed: Buffer.concat(chunks) }
}
