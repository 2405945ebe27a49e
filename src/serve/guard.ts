import { createHmac, timingSafeEqual } from "node:crypto"
import { isIP } from "node:net"

/** What access decisions are based on: the method, and header values as received. */
export type RequestInfo = {
  method: string
  host: string | undefined
  origin: string | undefined
  fetchSite: string | undefined
  authorization: string | undefined
  /** path with query */
  target: string
}

export type ServerIdentity = {
  token: string
  /** random; what a page signs with the token, so that a signature is worth nothing to another server */
  challenge: string
  scheme: "http" | "https"
  /** whether the TLS certificate is valid for this host name; localhost and IP addresses need none */
  ownsName(name: string): boolean
}

export type AccessDecision =
  | { kind: "allowed" }
  | { kind: "denied"; status: 401 | 403 | 405; error: string; hint: string }

/**
 * Denies requests made by pages of other sites, which must not read captures. Browsers mark such requests with Origin or
 * Sec-Fetch-Site. After DNS rebinding the Host header carries the attacker's host name; IP addresses cannot be rebound.
 * The port is not checked: with port forwarding (ssh -L, kubectl port-forward) the browser uses a different one.
 */
export function checkOrigin({ method, host, origin, fetchSite }: RequestInfo, server: ServerIdentity): AccessDecision {
  if (method !== "GET" && method !== "HEAD") {
    return { kind: "denied", status: 405, error: "this server is read-only", hint: "Use GET." }
  }
  const name = hostName(host)
  if (name === undefined || !(isIP(name) || name === "localhost" || server.ownsName(name))) {
    return {
      kind: "denied",
      status: 403,
      error: "the Host header names a different server",
      hint: "Open the URL that cnitap printed.",
    }
  }
  const isCrossOrigin = origin !== undefined && origin !== `${server.scheme}://${host?.toLowerCase()}`
  if (isCrossOrigin || fetchSite === "cross-site" || fetchSite === "same-site") {
    return {
      kind: "denied",
      status: 403,
      error: "cross-site requests are denied",
      hint: "Open the URL that cnitap printed.",
    }
  }
  return { kind: "allowed" }
}

/**
 * Accepts the token (`Bearer TOKEN`), or a signature made with it (`Signature HMAC-SHA-256(TOKEN, CHALLENGE\nTARGET)`, in
 * base64), in the Authorization header only. A cookie would be sent with requests from other sites, and to other ports
 * of this host.
 */
export function checkToken({ authorization, target }: RequestInfo, server: ServerIdentity): AccessDecision {
  const [, scheme, credential = ""] = /^(Bearer|Signature) (.+)$/i.exec(authorization ?? "") ?? []
  const signature = createHmac("sha256", server.token).update(`${server.challenge}\n${target}`).digest("base64")
  const given = Buffer.from(credential)
  const expected = Buffer.from(scheme?.toLowerCase() === "bearer" ? server.token : signature)
  if (given.length === expected.length && timingSafeEqual(given, expected)) return { kind: "allowed" }
  return {
    kind: "denied",
    status: 401,
    error: "invalid or missing token",
    hint: "Open the URL that cnitap printed.",
  }
}

/** Host name or address of a Host header, in lower case, without port and brackets. */
function hostName(host: string | undefined): string | undefined {
  const [, bracketed, plain] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d+)?$/i.exec(host ?? "") ?? []
  return (bracketed ?? plain)?.toLowerCase()
}
