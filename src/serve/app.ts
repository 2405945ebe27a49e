import { randomBytes } from "node:crypto"
import { type Context, Hono } from "hono"
import { streamSSE } from "hono/streaming"
import type { Explanation } from "../model/explain/statement.ts"
import type { Filter } from "../model/filter/filter.ts"
import type { FilterError } from "../model/filter/filter-failure.ts"
import { parseFilter } from "../model/filter/parse.ts"
import { type Operation, walk } from "../model/operation.ts"
import { eventText, messages } from "./events.ts"
import { type AccessDecision, checkOrigin, checkToken, type RequestInfo, type ServerIdentity } from "./guard.ts"
import { Matches } from "./matches.ts"
import type { Page } from "./page.ts"
import { pageFile } from "./page-file.ts"
import type { ErrorAnswer, MatchesAnswer, OperationAnswer, ReviewAnswer } from "./protocol.ts"
import type { Reviewer } from "./reviewer.ts"
import type { Session } from "./session.ts"
import { Slots } from "./slots.ts"

/** What `cnitap explain` says about an operation, by its ID; undefined if it is no longer in the capture. */
type Explain = (id: string) => Promise<Explanation | undefined>

/**
 * The routes. The page itself contains no secret and is served without authentication. Requests for data need the
 * token: the page takes it from its URL's fragment (`#token=...`), which browsers never send to a server, and signs with it.
 */
export function app(session: Session, reviewer: Reviewer, explain: Explain, page: Page, server: ServerIdentity): Hono {
  const epoch = randomBytes(6).toString("hex")
  const matches = new Matches(session)
  const streams = new Slots(MAX_STREAMS)
  const searches = new Slots(MAX_SEARCHES)
  const explanations = new Slots(MAX_SEARCHES)
  const routes = new Hono()
  routes.use(async (context, next) => {
    const request = requestInfo(context)
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value)
    context.header("Content-Security-Policy", page.contentSecurityPolicy)
    const decision = decide(request, context.req.path, server)
    if (decision.kind === "denied") {
      const { error, hint, status } = decision
      return context.json<ErrorAnswer>({ error, hint }, status)
    }
    await next()
    return undefined
  })
  routes.get("/", (context) => context.html(page.html))
  routes.get("/challenge", (context) => context.text(server.challenge))
  routes.get("/favicon.ico", (context) => context.body(null, 204))
  routes.get("/api/operations/:id", async (context) => {
    const summary = session.catalog.operationOf(context.req.param("id"))
    if (!summary) return notFound(context)
    const operation = await session.whole(summary)
    return context.json<OperationAnswer>({ operation, pruned: prunedCalls(operation, summary) })
  })
  routes.get("/api/matches", (context) =>
    search(context, searches, async (text, filter) =>
      context.json<MatchesAnswer>({ ids: await matches.of(text, filter) }),
    ),
  )
  routes.get("/api/file", (context) =>
    search(context, searches, async (text, filter, nowMs) => {
      const operations = session.wholeMatching(filter, nowMs)
      const { path, program, flags } = session.source
      const header = { name: { path, program, flags }, filter: text, remark: session.state.clocks, nowMs }
      const { html } = await pageFile(
        operations,
        header,
        () => session.readErrors.losses(),
        (id) => explain(id).catch(() => undefined),
      )
      // Saved, never shown here: a file has its own policy, and nothing of a capture runs as part of this server.
      context.header("Content-Disposition", "attachment; filename=cnitap.html")
      return context.body(html, 200, { "Content-Type": "application/octet-stream" })
    }),
  )
  routes.get("/api/explanations/:id", (context) => {
    const summary = session.catalog.operationOf(context.req.param("id"))
    if (!summary) return notFound(context)
    return limited(context, explanations, "explanations", async (release) => {
      // A capture that cannot be read at present is stated by the events.
      const explanation = await explain(summary.id)
        .catch(() => undefined)
        .finally(release)
      return explanation ? context.json<Explanation>(explanation) : notFound(context)
    })
  })
  routes.get("/api/review", async (context) => context.json<ReviewAnswer>(await reviewer.answer(Date.now())))
  routes.get("/api/events", (context) =>
    limited(context, streams, "pages", (release) => {
      const disconnected = new AbortController()
      const lastId = context.req.header("Last-Event-ID")
      return streamSSE(context, async (stream) => {
        stream.onAbort(() => disconnected.abort())
        try {
          for await (const message of messages(session, epoch, lastId, disconnected.signal)) {
            if (disconnected.signal.aborted) return
            await stream.write(eventText(message))
          }
        } finally {
          release()
        }
      })
    }),
  )
  routes.notFound(notFound)
  return routes
}

/** Each page has one. */
const MAX_STREAMS = 32
/** Each may read the whole capture. */
const MAX_SEARCHES = 4

const HEADERS = {
  "Cache-Control": "no-store",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const

function decide(request: RequestInfo, path: string, server: ServerIdentity): AccessDecision {
  const decision = checkOrigin(request, server)
  return decision.kind === "allowed" && path.startsWith("/api/") ? checkToken(request, server) : decision
}

function requestInfo({ req }: Context): RequestInfo {
  return {
    method: req.method,
    host: req.header("Host"),
    origin: req.header("Origin"),
    fetchSite: req.header("Sec-Fetch-Site"),
    authorization: req.header("Authorization"),
    target: targetOf(req.url),
  }
}

function targetOf(url: string): string {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** A call whose records are gone is left as it is in the summary. */
function prunedCalls(whole: Operation, summary: Operation): string[] {
  const unread = new Set(walk(summary.calls).map(({ call }) => call))
  return walk(whole.calls).flatMap(({ call }) => (unread.has(call) ? [call.id] : []))
}

type RouteResponse = Response | Promise<Response>

/** Answers in one of the slots, which `answer` releases; refuses if none is free. */
function limited(
  context: Context,
  slots: Slots,
  what: string,
  answer: (release: () => void) => RouteResponse,
): RouteResponse {
  const release = slots.take()
  return release ? answer(release) : busy(context, what)
}

/** Answers a request with a filter `q`, in one of the slots. */
function search(
  context: Context,
  slots: Slots,
  answer: (text: string, filter: Filter, nowMs: number) => Promise<Response>,
): RouteResponse {
  const text = context.req.query("q") ?? ""
  const nowMs = Date.now()
  const parsed = parseFilter(text, nowMs)
  if (!parsed.ok) return badFilter(context, parsed.error)
  return limited(context, slots, "searches", (release) => answer(text, parsed.filter, nowMs).finally(release))
}

function badFilter(context: Context, { message, column }: FilterError): Response {
  return context.json<ErrorAnswer>({ error: `${message} (column ${column})`, hint: "Correct the filter." }, 400)
}

function busy(context: Context, what: string): Response {
  context.header("Retry-After", "1")
  const error = `too many ${what} at once`
  return context.json<ErrorAnswer>({ error, hint: "Close a page, or try again in a moment." }, 503)
}

function notFound(context: Context): Response {
  return context.json<ErrorAnswer>({ error: "not found", hint: "Open the URL that cnitap printed." }, 404)
}
