import { timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"

/** What a request says about where it comes from. Header values as they came. */
export type RequestInfo = {
  method: string
  host: string | undefined
  origin: string | undefined
  fetchSite: string | undefined
  authorization: string | undefined
}

export type ServerIdentity = {
  token: string
  scheme: "http" | "https"
  /** whether a name is one of ours, beyond loopback: what the TLS certificate says */
  isOurName(name: string): boolean
}

export type AccessDecision =
  | { kind: "welcome" }
  | { kind: "refused"; status: 401 | 403 | 405; error: string; hint: string }

/**
 * A page of another site must not read captures: its requests carry its Origin or Sec-Fetch-Site, and one that came
 * by DNS rebinding carries a Host that is a name of theirs. IP addresses cannot be rebound. The port is not looked at,
 * because a forwarded port (ssh -L, kubectl port-forward) is another one on this side.
 */
export function checkOrigin({ method, host, origin, fetchSite }: RequestInfo, house: ServerIdentity): AccessDecision {
  if (method !== "GET" && method !== "HEAD") {
    return { kind: "refused", status: 405, error: "this server only reads", hint: "Use GET." }
  }
  const name = hostName(host)
  if (name === undefined || !(isIP(name) || name === "localhost" || house.isOurName(name))) {
    return {
      kind: "refused",
      status: 403,
      error: "the Host header names another server",
      hint: "Open the URL that cnitap printed.",
    }
  }
  const isForeign = origin !== undefined && origin !== `${house.scheme}://${host?.toLowerCase()}`
  if (isForeign || fetchSite === "cross-site" || fetchSite === "same-site") {
    return {
      kind: "refused",
      status: 403,
      error: "the request comes from another site",
      hint: "Open the URL that cnitap printed.",
    }
  }
  return { kind: "welcome" }
}

/** The token travels in the Authorization header only: no cookie that other ports or sites could ride on. */
export function checkToken({ authorization }: RequestInfo, { token }: ServerIdentity): AccessDecision {
  const given = Buffer.from(/^Bearer (.+)$/i.exec(authorization ?? "")?.[1] ?? "")
  const wanted = Buffer.from(token)
  if (given.length === wanted.length && timingSafeEqual(given, wanted)) return { kind: "welcome" }
  return {
    kind: "refused",
    status: 401,
    error: "the token is not this server's",
    hint: "Open the URL that cnitap printed.",
  }
}

/** The name or address of a Host header without its port and brackets; lower case. */
function hostName(host: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d+)?$/i.exec(host ?? "") ?? []
  return (bracketed ?? plain)?.toLowerCase()
}
