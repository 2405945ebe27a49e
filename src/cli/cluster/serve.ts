import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { askNode } from "../../cluster/ask-node.ts"
import type { ClockReading } from "../../cluster/clock-difference.ts"
import { Kubectl } from "../../cluster/kubectl.ts"
import type { Recorder } from "../../cluster/recorder.ts"
import { Fault } from "../../fault/fault.ts"
import { isLoopback, parseListenAddress } from "../../serve/listen.ts"
import type { Session } from "../../serve/session.ts"
import { CaptureMirror } from "../../store/capture/capture-mirror.ts"
import type { Context } from "../context.ts"
import { serve, servePage } from "../verbs/serve.ts"
import { clusterOptionsOf } from "./cluster-flags.ts"
import { assertFollowable } from "./follow-rows.ts"
import { nodeVerb } from "./node-verb.ts"
import { reportAnswers } from "./report-answers.ts"
import { clockReporter } from "./report-clocks.ts"
import { chooseRecorders, withKubectl } from "./session.ts"
import { withTemporaryDirectory } from "./temporary-directory.ts"

/** The page over the captures of all nodes, which are copied here as they grow. */
export const clusterServe = nodeVerb(
  {
    ...serve,
    description:
      "The page shows the calls of all nodes as they are recorded, read through `kubectl exec`. It prints the URL to open, and listens on loopback addresses only.",
    define(command) {
      serve.define(command)
      for (const option of command.options) if (TLS_FLAGS.includes(option.attributeName())) option.hideHelp()
    },
  },
  [
    ["kubectl cnitap serve", "a page over all nodes, reachable from this machine only"],
    ["kubectl cnitap serve --node node-1,node-2 --listen 127.0.0.1:0", "over two nodes, on any free port"],
  ],
  (nodeArguments, context, _args, options) =>
    withKubectl(context, options, async (kubectl, signal) => {
      // Refuses the flags of a node.
      nodeArguments([])
      for (const flag of TLS_FLAGS)
        if (options[flag] !== undefined)
          throw new Fault("USAGE", "--tls-cert and --tls-key are for a node's page", "Leave them out.")
      const { host } = parseListenAddress(String(options.listen))
      if (!isLoopback(host))
        throw new Fault(
          "REFUSED",
          `${host} is reachable from other machines, and the page of a cluster is for this machine only`,
          "Listen on 127.0.0.1, and forward the port with ssh -L.",
        )
      const recorders = await chooseRecorders(context, kubectl, options)
      assertFollowable(recorders)
      // Without a /proc in it: the processes of nodes are not on this machine.
      await withTemporaryDirectory(async (root) => {
        const served = new AbortController()
        const end = AbortSignal.any([signal, served.signal])
        const streams = new Kubectl(clusterOptionsOf(options), end)
        let session: Session | undefined
        let clocks: string | undefined
        const onClock = clockReporter(context, (text) => {
          clocks = text
          session?.setClocks(clocks)
        })
        const mirror = (recorder: Recorder) => mirrorNode(context, streams, recorder, root, onClock, end)
        try {
          await Promise.all(recorders.map(mirror))
          signal.throwIfAborted()
          const nodes = recorders.map(({ node }) => node)
          const capture = nodes.map((node) => `/${node}`)
          await servePage(context, { ...options, root, capture, nodes }, (opened) => {
            session = opened
            session.setClocks(clocks)
          })
        } finally {
          served.abort()
        }
      })
    }),
)

const TLS_FLAGS = ["tlsCert", "tlsKey"]
const RETRY_MS = 5_000

/** Copies the capture of a node until the signal aborts. Resolves when all that existed is copied, or if it cannot be read. */
function mirrorNode(
  context: Context,
  kubectl: Kubectl,
  recorder: Recorder,
  root: string,
  onClock: (reading: ClockReading) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    let isSilent = false
    const mirror = new CaptureMirror(join(root, recorder.node), () => {
      isSilent = false
      resolve()
    })
    const follow = async () => {
      while (!signal.aborted) {
        const args = ["__stream", ...mirror.restart()]
        const answer = await askNode(kubectl, recorder, args, (chunk) => mirror.push(chunk), onClock)
        if (signal.aborted) break
        if (!isSilent)
          reportAnswers(
            context,
            [answer.kind === "answered" ? { ...answer, kind: "failed", reason: "it ended" } : answer],
            1,
          )
        isSilent = true
        resolve()
        await sleep(RETRY_MS, undefined, { signal, ref: false })
      }
    }
    // The signal ends it.
    follow().catch(() => resolve())
  })
}
