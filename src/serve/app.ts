import { randomBytes } from "node:crypto"
import { type Context, Hono } from "hono"
import { streamSSE } from "hono/streaming"
import { parseFilter } from "../model/filter/parse.ts"
import { messages } from "./events.ts"
import { type AccessDecision, checkOrigin, checkToken, type RequestInfo, type ServerIdentity } from "./guard.ts"
import { Matches } from "./matches.ts"
import type { Page } from "./page.ts"
import type { MatchesAnswer, OperationAnswer, Refusal, ReviewAnswer } from "./protocol.ts"
import type { Reviewer } from "./reviewer.ts"
import type { Session } from "./session.ts"

/**
 * The routes. The page itself holds nothing secret and is given to whoever asks from here; its token stays behind the
 * `#` of its URL, which browsers send to nobody, and goes with each request for data.
 */
export function app(session: Session, reviewer: Reviewer, page: Page, house: ServerIdentity): Hono {
  const epoch = randomBytes(6).toString("hex")
  const matches = new Matches(session)
  const routes = new Hono()
  routes.use(async (context, next) => {
    const visit = visitOf(context)
    for (const [name, value] of Object.entries(HEADERS)) context.header(name, value)
    context.header("Content-Security-Policy", page.contentSecurityPolicy)
    const judgement = judge(visit, context.req.path, house)
    if (judgement.kind === "refused") return context.json<Refusal>(judgement, judgement.status)
    await next()
    return undefined
  })
  routes.get("/", (context) => context.html(page.html))
  routes.get("/favicon.ico", (context) => context.body(null, 204))
  routes.get("/api/operations/:id", async (context) => {
    const light = session.catalog.operationOf(context.req.param("id"))
    return light ? context.json<OperationAnswer>({ operation: await session.whole(light) }) : notFound(context)
  })
  routes.get("/api/matches", async (context) => {
    const text = context.req.query("q") ?? ""
    const parsed = parseFilter(text, Date.now())
    if (!parsed.ok) {
      const { message, column } = parsed.error
      return context.json<Refusal>({ error: `${message} (column ${column})`, hint: "Correct the filter." }, 400)
    }
    return context.json<MatchesAnswer>({ ids: await matches.of(text, parsed.filter) })
  })
  routes.get("/api/review", async (context) => context.json<ReviewAnswer>(await reviewer.answer(Date.now())))
  routes.get("/api/events", (context) => {
    const gone = new AbortController()
    return streamSSE(context, async (stream) => {
      stream.onAbort(() => gone.abort())
      for await (const message of messages(session, epoch, context.req.header("Last-Event-ID"), gone.signal)) {
        if (gone.signal.aborted) return
        await stream.writeSSE(message)
      }
    })
  })
  routes.notFound(notFound)
  return routes
}

const HEADERS = {
  "Cache-Control": "no-store",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
  "Referrer-Policy": "no-referrer",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
} as const

function judge(visit: RequestInfo, path: string, house: ServerIdentity): AccessDecision {
  const judgement = checkOrigin(visit, house)
  return judgement.kind === "welcome" && path.startsWith("/api/") ? checkToken(visit, house) : judgement
}

function visitOf({ req }: Context): RequestInfo {
  return {
    method: req.method,
    host: req.header("Host"),
    origin: req.header("Origin"),
    fetchSite: req.header("Sec-Fetch-Site"),
    authorization: req.header("Authorization"),
  }
}

function notFound(context: Context): Response {
  return context.json<Refusal>({ error: "nothing is here", hint: "Open the URL that cnitap printed." }, 404)
}
