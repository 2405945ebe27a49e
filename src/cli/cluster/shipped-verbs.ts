import { closeSync, mkdirSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { askNode, type NodeAnswer } from "../../cluster/ask-node.ts"
import { eachNode } from "../../cluster/each-node.ts"
import type { Kubectl } from "../../cluster/kubectl.ts"
import type { Recorder } from "../../cluster/recorder.ts"
import { overCluster } from "../../model/over-cluster.ts"
import { namesOption } from "../args/option.ts"
import type { Context } from "../context.ts"
import type { Verb } from "../verb.ts"
import { diff } from "../verbs/diff.ts"
import { exportVerb } from "../verbs/export.ts"
import { lint } from "../verbs/lint.ts"
import { stats } from "../verbs/stats.ts"
import { nodeVerb } from "./node-verb.ts"
import { reportAnswers } from "./report-answers.ts"
import { reportClocks } from "./report-clocks.ts"
import { chooseRecorders, withKubectl } from "./session.ts"
import { withTemporaryDirectory } from "./temporary-directory.ts"

export const clusterStats = shippedVerb(stats, [
  ["kubectl cnitap stats --errors --since 1h", "how often operations failed, by reason, over all nodes"],
])

export const clusterLint = shippedVerb(lint, [["kubectl cnitap lint --since 1h", "findings in the calls of all nodes"]])

export const clusterDiff = shippedVerb(diff, [
  ["kubectl cnitap diff shop/web-1 shop/web-2", "what differs between two pods, also on different nodes"],
  ["kubectl cnitap diff node/node-1 node/node-2", "what differs between two nodes"],
])

export const clusterExport = shippedVerb(exportVerb, [
  ["kubectl cnitap export bundle --out cluster.cnitap", "the calls of all nodes in one redacted file"],
  ["kubectl cnitap export html --failed --out failed.html", "a web page with the failed operations of all nodes"],
])

/** A verb that compares or counts the calls of all nodes: their bundles are fetched, and it runs here. */
function shippedVerb(verb: Verb, examples: Verb["examples"]): Verb {
  return nodeVerb(verb, examples, async (nodeArguments, context, args, options) => {
    // Configuration files are here.
    if (verb === lint && (namesOption(args[0]) ?? []).length > 0) return verb.run(context, args, options)
    // Refuses the flags of a node.
    nodeArguments([])
    return withKubectl(context, options, async (kubectl, signal) => {
      const recorders = await chooseRecorders(context, kubectl, options)
      await withTemporaryDirectory(async (directory) => {
        const { answers, bundles, merged } = await fetchBundles(kubectl, recorders, rangeFlags(options), directory)
        signal.throwIfAborted()
        const nodes = merged.map(({ node }) => node)
        const capture = bundles.length > 0 ? { from: bundles } : { capture: [emptyCapture(directory)] }
        if (answers.some(({ kind }) => kind === "answered"))
          await verb.run(plainContext(context, directory, verb), args, { ...options, ...capture, nodes })
        const { exitCode } = context
        reportAnswers(context, answers, 1)
        reportClocks(context, merged)
        context.exitCode ||= exitCode
      })
    })
  })
}

/** Operations are compared with others of their network, so everything within the time is fetched, regardless of the filter. */
function rangeFlags({ since, until }: Record<string, unknown>): string[] {
  return [...(since === undefined ? [] : [`--since=${since}`]), ...(until === undefined ? [] : [`--until=${until}`])]
}

function emptyCapture(directory: string): string {
  const path = join(directory, "0", "cluster")
  mkdirSync(path, { recursive: true })
  return path
}

/** `merged`: the answers that came with a bundle. */
async function fetchBundles(
  kubectl: Kubectl,
  recorders: readonly Recorder[],
  flags: readonly string[],
  directory: string,
): Promise<{ answers: NodeAnswer[]; bundles: string[]; merged: NodeAnswer[] }> {
  const fetched = await eachNode(recorders, async (recorder, at) => {
    // A directory of its own: the name of a node is what the bundle is called by.
    mkdirSync(join(directory, String(at)), { mode: 0o700 })
    const path = join(directory, String(at), recorder.node)
    const file = openSync(path, "wx", 0o600)
    try {
      const write = (chunk: Buffer) => {
        for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at)
      }
      const answer = await askNode(kubectl, recorder, ["export", "bundle", ...flags], write)
      return {
        answer,
        path: answer.kind === "answered" && !/^no operation found$/m.test(answer.notes) ? path : undefined,
      }
    } finally {
      closeSync(file)
    }
  })
  const full = fetched.filter(({ path }) => path !== undefined)
  return {
    answers: fetched.map(({ answer }) => answer),
    bundles: full.flatMap(({ path }) => path ?? []),
    merged: full.map(({ answer }) => answer),
  }
}

/** Names the nodes instead of the files that their bundles are in for now. An export is data, and is printed as it is. */
function plainContext(context: Context, directory: string, verb: Verb): Context {
  const { stdout, stderr } = context
  const plain = (text: string) =>
    overCluster(text).replace(new RegExp(`${directory}/\\d+/([\\w.-]+)`, "g"), (_, node: string) => node)
  return {
    ...context,
    stdin: context.stdin,
    get exitCode() {
      return context.exitCode
    },
    set exitCode(code) {
      context.exitCode = code
    },
    stdout:
      verb === exportVerb
        ? stdout
        : {
            write: (data) => stdout.write(typeof data === "string" ? plain(data) : data),
            ...(stdout.once ? { once: stdout.once.bind(stdout) } : {}),
            ...(stdout.isTTY === undefined ? {} : { isTTY: stdout.isTTY }),
            ...(stdout.columns === undefined ? {} : { columns: stdout.columns }),
            ...(stdout.rows === undefined ? {} : { rows: stdout.rows }),
          },
    stderr: {
      write: (text) => stderr.write(plain(text)),
      ...(stderr.isTTY === undefined ? {} : { isTTY: stderr.isTTY }),
    },
  }
}
