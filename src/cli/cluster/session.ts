import { Kubectl } from "../../cluster/kubectl.ts"
import { type Recorder, readRecorders } from "../../cluster/recorder.ts"
import { Fault } from "../../fault/fault.ts"
import { namesOption } from "../args/option.ts"
import type { Context } from "../context.ts"
import { VERSION } from "../version.ts"
import { clusterOptionsOf } from "./cluster-flags.ts"
import { nodeNames } from "./node-names.ts"

/** Runs a verb with a kubectl that Ctrl-C ends, and everything that it has started. */
export async function withKubectl(
  context: Context,
  options: Record<string, unknown>,
  run: (kubectl: Kubectl, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const end = new AbortController()
  const abort = () => end.abort()
  for (const signal of SIGNALS) process.once(signal, abort)
  try {
    await run(new Kubectl(clusterOptionsOf(options), end.signal), end.signal)
  } catch (error) {
    if (!end.signal.aborted) throw error
    context.exitCode = INTERRUPTED
  } finally {
    for (const signal of SIGNALS) process.removeListener(signal, abort)
  }
}

const SIGNALS = ["SIGINT", "SIGTERM"] as const
const INTERRUPTED = 130

/** The recorders of the nodes that --node names, or of all. Throws a Fault if no node is recorded. */
export async function chooseRecorders(
  { stderr }: Context,
  kubectl: Kubectl,
  options: Record<string, unknown>,
): Promise<Recorder[]> {
  const recorders = await readRecorders(kubectl)
  if (recorders.length === 0)
    throw new Fault("NOT_FOUND", "no node of this cluster is recorded", "Run `kubectl cnitap install`.")
  const named = namesOption(options.node)
  const chosen = named ? recorders.filter(({ node }) => named.includes(node)) : recorders
  const missing = named?.filter((name) => !recorders.some(({ node }) => node === name)) ?? []
  if (missing.length > 0)
    throw new Fault(
      "NOT_FOUND",
      `${nodeNames(missing)} ${missing.length === 1 ? "is" : "are"} not recorded; ${nodeNames(recorders.map(({ node }) => node))} ${recorders.length === 1 ? "is" : "are"}`,
      `Run \`kubectl cnitap install --node ${missing.join(",")}\`.`,
    )
  const others = chosen.filter(({ version }) => version !== VERSION)
  const [other] = others
  if (other)
    stderr.write(
      `cnitap: this is version ${VERSION}, but ${other.version || "another"} records on ${nodeNames(others.map(({ node }) => node))}. \`kubectl cnitap install\` replaces it.\n`,
    )
  return chosen
}
