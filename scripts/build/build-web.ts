/** Builds the page: one HTML file that holds its script and style, and whose policy allows exactly these two. */
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { bundledPackages } from "./bundled-package.ts"

const root = join(import.meta.dirname, "../..")
/** Compressed; a page that a node serves over a forwarded port should be there at once. */
const BUDGET_BYTES = 200_000

const result = await build({
  entryPoints: [join(root, "src/web/main.tsx")],
  bundle: true,
  format: "iife",
  target: "es2022",
  minify: true,
  jsx: "automatic",
  jsxImportSource: "preact",
  charset: "utf8",
  legalComments: "none",
  outdir: join(root, "build/web"),
  write: false,
  metafile: true,
  logLevel: "error",
})
const script = textOf(".js")
const style = textOf(".css")
const html = readFileSync(join(root, "src/web/page.html"), "utf8")
  .replace("{policy}", () => policy(script, style))
  .replace("/*{style}*/", () => style)
  .replace("/*{script}*/", () => script)
  .replace("{notices}", notices)
for (const folder of ["dist", "build"]) mkdirSync(join(root, folder), { recursive: true })
writeFileSync(join(root, "dist/page.html"), html)
writeFileSync(join(root, "build/page.meta.json"), JSON.stringify(result.metafile))
const compressedBytes = gzipSync(html).length
console.error(`cnitap: dist/page.html ${(compressedBytes / 1000).toFixed(1)} kB compressed`)
if (compressedBytes > BUDGET_BYTES) throw new Error(`the page is over its budget of ${BUDGET_BYTES} bytes`)

/** What the page's elements would end at is escaped: neither occurs in code but within a string. */
function textOf(extension: string): string {
  const text = result.outputFiles.find(({ path }) => path.endsWith(extension))?.text ?? ""
  return text.trim().replaceAll("</script", "<\\/script").replaceAll("<!--", "\\x3c!--")
}

/** An exported page goes where dist/ does not: the licences of what it contains go with it. */
function notices(): string {
  const packages = bundledPackages(result.metafile, root)
  // A comment ends at two dashes.
  return packages.map(({ name, version, text }) => `${name} ${version}\n\n${text}`.replaceAll("--", "- -")).join("\n\n")
}

/** No inline handler, no other script, nothing from elsewhere; and no text ever becomes markup (Trusted Types). */
function policy(...[js, css]: string[]): string {
  return [
    "default-src 'none'",
    `script-src '${hash(js ?? "")}'`,
    `style-src '${hash(css ?? "")}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ")
}

function hash(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`
}
