/** URL as far as jsonschema needs it: a reference resolved against a base, RFC 3986, section 5.2. */
const PARTS = /^(?:([a-z][a-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?$/i

export class URL {
  readonly protocol: string
  readonly host: string | undefined
  readonly pathname: string
  readonly search: string
  readonly hash: string

  constructor(reference: string, base?: string | URL) {
    const [, scheme, host, path = "", search, hash = ""] = PARTS.exec(reference) ?? []
    const from = typeof base === "string" ? new URL(base) : base
    if (scheme === undefined && from === undefined) throw new TypeError("Invalid URL")
    this.hash = hash === "#" ? "" : hash
    const isAbsolute = scheme !== undefined || from === undefined
    this.protocol = isAbsolute ? `${scheme?.toLowerCase()}:` : from.protocol
    this.host = isAbsolute || host !== undefined ? host : from.host
    if (isAbsolute || host !== undefined) this.pathname = withoutDots(path)
    else if (path === "") this.pathname = from.pathname
    else if (path.startsWith("/")) this.pathname = withoutDots(path)
    else this.pathname = withoutDots(`${from.pathname.slice(0, from.pathname.lastIndexOf("/") + 1) || "/"}${path}`)
    const inherits = !isAbsolute && host === undefined && path === ""
    this.search = search ?? (inherits ? from.search : "")
  }

  toString(): string {
    return `${this.protocol}${this.host === undefined ? "" : `//${this.host}`}${this.pathname}${this.search}${this.hash}`
  }
}

/** RFC 3986, section 5.2.4. */
function withoutDots(path: string): string {
  if (!path.startsWith("/")) return path
  const parts: string[] = []
  const names = path.slice(1).split("/")
  for (const [at, name] of names.entries()) {
    const isLast = at === names.length - 1
    if (name === "..") parts.pop()
    if (name !== "." && name !== "..") parts.push(name)
    else if (isLast) parts.push("")
  }
  return `/${parts.join("/")}`
}
