import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../fault/fault.ts"

/** The built page: one HTML file with its script and style inline, and a policy that allows exactly these by hash. */
export type Page = { html: string; contentSecurityPolicy: string }

/** Reads `page.html`, which is next to the bundled command line. Throws a Fault if it is missing. */
export function readPage(): Page {
  const html = candidates().flatMap(readIfExists)[0]
  if (html === undefined) {
    throw new Fault("INTERNAL", "dist/page.html is missing", "Build it with `npm run build`.")
  }
  return { html, contentSecurityPolicy: `${policyOf(html)}; frame-ancestors 'none'` }
}

/** The policy that the build wrote into the page's meta element. Sent as a header it can also forbid framing. */
function policyOf(html: string): string {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(html)?.[1]
  if (!policy)
    throw new Fault("INTERNAL", "dist/page.html contains no Content-Security-Policy", "Build it with `npm run build`.")
  return policy
}

/** When bundled, this file is in dist/; when run from source, src/serve/page.ts. */
function candidates(): string[] {
  return [join(import.meta.dirname, "page.html"), join(import.meta.dirname, "../../dist/page.html")]
}

function readIfExists(path: string): string[] {
  try {
    return [readFileSync(path, "utf8")]
  } catch {
    // Try the next candidate; if none exists, readPage throws.
    return []
  }
}
