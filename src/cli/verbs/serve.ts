import { randomBytes } from "node:crypto"
import { readPage } from "../../serve/page.ts"
import { Reviewer } from "../../serve/reviewer.ts"
import { Session } from "../../serve/session.ts"
import { textOption } from "../args/option.ts"
import { addCapture, openSelected, reportReadErrors } from "../args/selection.ts"
import { addRoot } from "../render/ledger-table.ts"
import { progressBar } from "../render/progress.ts"
import type { Verb } from "../verb.ts"

export const serve: Verb = {
  description: "The page shows operations, waterfalls and what each plugin changed. It prints the URL to open.",
  examples: [
    ["cnitap serve", "a page over this node's capture, reachable from this machine only"],
    ["cnitap serve --from node-1.cnitap --listen 127.0.0.1:0", "a page over a bundle, on any free port"],
    ["cnitap serve --listen 0.0.0.0:7811 --tls-cert cert.pem --tls-key key.pem", "reachable from other machines"],
  ],
  define(command) {
    addRoot(addCapture(command))
      .option("--listen <address:port>", "where to listen; port 0 takes a free one", "127.0.0.1:7811")
      .option("--tls-cert <file>", "certificate (PEM), needed to listen beyond this machine")
      .option("--tls-key <file>", "its key (PEM)")
  },
  async run(context, _args, options) {
    // Its libraries take as long to load as all the rest, which other verbs should not wait for.
    const { app } = await import("../../serve/app.ts")
    const { identityOf, listen, parseAddress, readTls, urlOf } = await import("../../serve/listen.ts")
    const address = parseAddress(String(options.listen))
    const tls = readTls(address, textOption(options.tlsCert), textOption(options.tlsKey))
    const page = readPage()
    const capture = await openSelected(context, options)
    const session = new Session(capture)
    const identity = identityOf(randomBytes(18).toString("base64url"), tls)
    const reviewer = new Reviewer(session, String(options.root))
    const server = await listen(app(session, reviewer, page, identity), address, tls)
    context.stdout.write(`${urlOf(server, address, identity)}\n`)
    if (context.stderr.isTTY) context.stderr.write("cnitap: open this page in a browser; Ctrl-C ends it\n")
    const ended = new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve)
    })
    const opened = session.open(progressBar(context))
    try {
      await Promise.race([ended, opened])
      // What could not be read is said in the page too; that nothing could is the end.
      await reportReadErrors(context, { capture, readErrors: session.readErrors }, session.catalog.size)
      await ended
    } finally {
      session.close()
      server.close()
      // Pages hold their event stream open for ever.
      server.closeAllConnections()
    }
  },
}
