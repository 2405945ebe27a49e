import { fstatSync } from "node:fs"
import { explainedOverCluster } from "../../model/over-cluster.ts"
import { Explainer } from "../../serve/explainer.ts"
import { readPage } from "../../serve/page.ts"
import { type ReadState, Reviewer } from "../../serve/reviewer.ts"
import { Session } from "../../serve/session.ts"
import { serverToken } from "../../serve/token.ts"
import { addCaptures, openCaptures } from "../args/captures.ts"
import { nameCapture } from "../args/named-capture.ts"
import { textOption } from "../args/option.ts"
import { reportReadErrors } from "../args/report-read-errors.ts"
import type { Context } from "../context.ts"
import { nodeEvidenceOf } from "../node/node-evidence.ts"
import { readState } from "../node/read-ledger.ts"
import { progressBar } from "../terminal/progress.ts"
import type { Verb } from "../verb.ts"

export const serve: Verb = {
  description: "The page shows operations, waterfalls and what each plugin changed. It prints the URL to open.",
  examples: [
    ["cnitap serve", "a page over this node's capture, reachable from this machine only"],
    ["cnitap serve --from node-1.cnitap --listen 127.0.0.1:0", "a page over a bundle, on any free port"],
    ["cnitap serve --listen 0.0.0.0:7811 --tls-cert cert.pem --tls-key key.pem", "reachable from other machines"],
  ],
  define(command) {
    addCaptures(command)
      .option("--listen <address:port>", "address to listen on; port 0 picks a free port", "127.0.0.1:7811")
      .option("--tls-cert <file>", "certificate (PEM); required to listen on other than loopback addresses")
      .option("--tls-key <file>", "key of the certificate (PEM)")
      .option("--token-file <file>", "keep the token in this file, so that open pages reconnect after a restart")
  },
  async run(context, _args, options) {
    return servePage(context, options)
  },
}

/** Serves the page until a signal ends it. `onOpen` gets the session before the first page can. */
export async function servePage(
  context: Context,
  options: Record<string, unknown>,
  onOpen?: (session: Session) => void,
): Promise<void> {
  const { app } = await import("../../serve/app.ts")
  const { identityOf, listen, parseListenAddress, readTls, urlOf } = await import("../../serve/listen.ts")
  const address = parseListenAddress(String(options.listen))
  const tls = readTls(address, textOption(options.tlsCert), textOption(options.tlsKey))
  const page = readPage()
  const capture = await openCaptures(context, options)
  const session = new Session(capture, nameCapture(capture, options))
  onOpen?.(session)
  const identity = identityOf(serverToken(textOption(options.tokenFile)), tls)
  const root = String(options.root)
  const readNode: ReadState = (facts) => readState(root, capture.path, facts, context.nowMs())
  const reviewer = new Reviewer(session, readNode, root !== "/")
  const explainer = new Explainer(session, reviewer, readNode, () => nodeEvidenceOf(options, capture), root !== "/")
  const explain = async (id: string) => explainedOverCluster(await explainer.explain(id, context.nowMs()), options)
  const server = await listen(app(session, reviewer, explain, page, identity), address, tls)
  context.stdout.write(`${urlOf(server, address, identity)}\n`)
  if (context.stderr.isTTY) context.stderr.write("cnitap: open this page in a browser; Ctrl-C ends it\n")
  const ended = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve)
  })
  const opened = session.open(progressBar(context))
  try {
    await Promise.race([ended, opened])
    // The page reports unreadable lines too; if nothing can be read, the command fails.
    await reportReadErrors(context, { capture, readErrors: session.readErrors }, session.catalog.size)
    await Promise.race([ended, clientGone(context)])
  } finally {
    session.close()
    server.close()
    // Pages keep their event stream open.
    server.closeAllConnections()
    if (isPipe()) process.stdin.destroy()
  }
}

/** `kubectl exec -i` and ssh without a terminal send no signal when their client is gone: they close stdin. */
function clientGone({ stdin }: Context): Promise<void> {
  return new Promise((resolve) => {
    if (isPipe()) stdin.once("close", resolve).resume()
  })
}

/** A terminal, /dev/null or a file says nothing about the client. */
function isPipe(): boolean {
  const stat = fstatSync(0)
  return stat.isFIFO() || stat.isSocket()
}
