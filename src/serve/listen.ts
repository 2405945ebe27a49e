import { randomBytes, X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import { createServer as createHttpServer, type Server } from "node:http"
import { createServer as createHttpsServer } from "node:https"
import { isIP } from "node:net"
import { getRequestListener } from "@hono/node-server"
import type { Hono } from "hono"
import { Fault } from "../fault/fault.ts"
import type { ServerIdentity } from "./guard.ts"

export type ListenAddress = { host: string; port: number }
export type Tls = { cert: Buffer; key: Buffer }

/** `127.0.0.1:7811`, `[::1]:0`, or `:7811` (loopback only). */
export function parseListenAddress(text: string): ListenAddress {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? (plain || "127.0.0.1")
  if (port === undefined || Number(port) > 65535 || !(isIP(host) || host === "localhost")) {
    throw new Fault("USAGE", `invalid listen address ${text}`, "Write --listen 127.0.0.1:7811.")
  }
  return { host, port: Number(port) }
}

/** Captures contain the configuration of pods: other machines get them over TLS or not at all. */
export function readTls(
  address: ListenAddress,
  certFile: string | undefined,
  keyFile: string | undefined,
): Tls | undefined {
  if (certFile === undefined && keyFile === undefined) {
    if (isLoopback(address.host)) return undefined
    throw new Fault(
      "REFUSED",
      `${address.host} is reachable from other machines, and a capture must not be served unencrypted`,
      "Add --tls-cert and --tls-key, or listen on 127.0.0.1 and forward the port with ssh -L.",
    )
  }
  if (certFile === undefined || keyFile === undefined) {
    throw new Fault("USAGE", "--tls-cert and --tls-key must be used together", "Give both.")
  }
  return { cert: readPem(certFile), key: readPem(keyFile) }
}

export function identityOf(token: string, tls: Tls | undefined): ServerIdentity {
  const certificate = tls && new X509Certificate(tls.cert)
  return {
    token,
    challenge: randomBytes(18).toString("base64url"),
    scheme: tls ? "https" : "http",
    ownsName: (name) => certificate?.checkHost(name) !== undefined,
  }
}

/** Resolves when the server is listening. Port 0 takes a free port. */
export async function listen(app: Hono, { host, port }: ListenAddress, tls: Tls | undefined): Promise<Server> {
  const listener = getRequestListener(app.fetch)
  const server = tls ? createHttpsServer(tls, listener) : createHttpServer(listener)
  server.maxConnections = MAX_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(listenFault(error, host, port)))
    server.listen(port, host, resolve)
  })
  return server
}

/** A browser opens up to six for each page; more are closed at once. */
const MAX_CONNECTIONS = 256

export function urlOf(server: Server, { host }: ListenAddress, { scheme, token }: ServerIdentity): string {
  const bound = server.address()
  const port = typeof bound === "object" && bound !== null ? bound.port : 0
  return `${scheme}://${isIP(host) === 6 ? `[${host}]` : host}:${port}/#token=${token}`
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d+){3}$/.test(host)
}

function readPem(path: string): Buffer {
  try {
    const bytes = readFileSync(path)
    if (bytes.includes("-----BEGIN ")) return bytes
  } catch (error) {
    throw new Fault("FILE_BROKEN", `cannot read ${path}`, "Name a PEM file that this user can read.", error)
  }
  throw new Fault("FILE_BROKEN", `${path} is not a PEM file`, "Name a certificate and a key in PEM format.")
}

function listenFault(error: NodeJS.ErrnoException, host: string, port: number): unknown {
  if (error.code === "EADDRINUSE") {
    return new Fault("REFUSED", `${host}:${port} is already in use`, "Use --listen 127.0.0.1:0 to take a free port.")
  }
  if (error.code === "EACCES") {
    return new Fault(
      "NOT_PERMITTED",
      `permission denied: cannot listen on ${host}:${port}`,
      "Choose a port above 1023.",
    )
  }
  if (error.code === "EADDRNOTAVAIL") {
    return new Fault("USAGE", `${host} is not an address of this machine`, "Name one of its addresses with --listen.")
  }
  return error
}
