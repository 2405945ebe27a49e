import { readFileSync } from "node:fs"
import { Fault } from "../fault/fault.ts"

/** The page as it was built: one file that holds its script and style, and whose policy names their hashes. */
export type Page = { html: string; contentSecurityPolicy: string }

/** Reads `page.html`, which lies beside the bundled command line. */
export function readPage(): Page {
  const html = candidates().flatMap(readIfThere)[0]
  if (html === undefined) {
    throw new Fault("INTERNAL", "dist/page.html is missing", "Build it with `npm run build`.")
  }
  return { html, contentSecurityPolicy: `${policyOf(html)}; frame-ancestors 'none'` }
}

/** The policy that the build wrote into the page's meta element; as a header it can also forbid framing. */
function policyOf(html: string): string {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]+)">/.exec(html)?.[1]
  if (!policy) throw new Fault("INTERNAL", "dist/page.html carries no policy", "Build it with `npm run build`.")
  return policy
}

/** Bundled, this file is dist/cnitap.js; from source it is src/serve/page.ts. */
function candidates(): URL[] {
  return [new URL("./page.html", import.meta.url), new URL("../../dist/page.html", import.meta.url)]
}

function readIfThere(url: URL): string[] {
  try {
    return [readFileSync(url, "utf8")]
  } catch {
    // The next candidate, or the fault above.
    return []
  }
}
