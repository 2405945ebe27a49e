/**
 * Everything that is checked without running the program: zones, entry files, import cycles, names, type names, links,
 * types, lint and format.
 */
import { execFile } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join, relative, resolve } from "node:path"
import { promisify } from "node:util"
import { bundle } from "./build/node-executable.ts"
import { complaintsAboutTests } from "./pure-tests.ts"

const root = join(import.meta.dirname, "..")
const FORBIDDEN_NAMES = /^(utils?|helpers?|common|shared)(\.|$)/
/** A file or folder of the checkout, between backticks. */
const NAMED_PATH = /`((?:src|test|scripts|docs|bench|examples|deploy)\/[\w./-]*)`/g
const CODE = /\.(ts|tsx|mjs|cjs)$/
/** `import type ...` and `import { type A, type B }`; one import of a value makes the whole statement count. */
const TYPE_IMPORT = /^\s*(?:import|export)\s+(?:type\b[^"']*?|\{(?:\s*type\s+[^,}]+,?)+\s*\}\s*)from\s*"[^"]+"/gm
const TYPE_DECLARATION =
  /^\s*(?:export )?(?:declare )?(?:(?:abstract )?class|interface|type|enum) ([A-Z]\w*)(?=[ <{]).*[={]/gm

const zones = readZones()
const checks: [string, () => string[] | Promise<string[]>][] = [
  ["zones", checkImports],
  ["entry files", checkEntries],
  ["import cycles", checkCycles],
  ["names", checkNames],
  ["type names", checkTypeNames],
  ["tests", () => complaintsAboutTests(root, filesBelow("test"))],
  ["links", checkLinks],
  ["node executable", checkNodeExecutable],
  ["types", checkTypes],
  ["lint and format", () => complaintsOf("biome", ["check", "--error-on-warnings", "."])],
]
let failed = 0
for (const [name, check] of checks) {
  const complaints = await check()
  console.log(`${complaints.length === 0 ? "ok" : "not ok"} - ${name}`)
  for (const complaint of complaints) console.log(complaint)
  if (complaints.length > 0) failed++
}
console.log(`${checks.length - failed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

type Zone = { name: string; mayImport: (target: string) => boolean }

/** ARCHITECTURE.md's table is the rule itself: `nothing`, `a, b/file` or `all but a, b`. */
function readZones(): Map<string, Zone> {
  const rows = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").matchAll(
    /^\| `src\/([a-z]+)` *\|[^|]*\| *([^|]+?) *\|/gm,
  )
  const found = new Map<string, Zone>()
  for (const [, name = "", words = ""] of rows) {
    const list = words.replace(/^all but /, "").split(/, */)
    const names = (target: string) => list.some((entry) => target === entry || target.startsWith(`${entry}/`))
    found.set(name, { name, mayImport: words.startsWith("all but ") ? (target) => !names(target) : names })
  }
  return found
}

function checkImports(): string[] {
  const complaints: string[] = []
  for (const folder of readdirSync(join(root, "src"))) {
    if (!zones.has(folder)) complaints.push(`src/${folder} is not a zone in ARCHITECTURE.md`)
  }
  for (const zone of zones.keys()) {
    if (!existsSync(join(root, "src", zone, "tsconfig.json"))) complaints.push(`src/${zone} has no tsconfig.json`)
  }
  for (const file of filesBelow("src").filter((path) => CODE.test(path))) {
    const zone = zones.get(file.split("/")[1] ?? "")
    for (const specifier of importsOf(readFileSync(join(root, file), "utf8"))) {
      if (!specifier.startsWith(".")) continue
      const target = relative(join(root, "src"), resolve(root, dirname(file), specifier)).replace(CODE, "")
      // The version is there and nowhere else.
      if (target === "../package.json") continue
      if (target.startsWith("..")) complaints.push(`${file} imports ${specifier}, outside of src`)
      else if (zone && target.split("/")[0] !== zone.name && !zone.mayImport(target))
        complaints.push(`${file} imports ${target}, which src/${zone.name} must not import`)
    }
  }
  return complaints
}

/** ARCHITECTURE.md's table of entry files. A folder's own tests may import the rest of it. */
function checkEntries(): string[] {
  const rows = readFileSync(join(root, "ARCHITECTURE.md"), "utf8").matchAll(
    /^\| `(src\/[a-z/-]+)` *\| `([a-z-]+\.ts)` *\|/gm,
  )
  const entries = [...rows].map(([, folder = "", entry = ""]) => ({ folder, entry: `${folder}/${entry}` }))
  const complaints = entries.flatMap(({ entry }) => (existsSync(join(root, entry)) ? [] : [`${entry} does not exist`]))
  for (const file of ["src", "test", "bench", "scripts"].flatMap((folder) => filesBelow(folder))) {
    if (!CODE.test(file)) continue
    for (const specifier of importsOf(readFileSync(join(root, file), "utf8"))) {
      const target = relative(root, resolve(root, dirname(file), specifier))
      for (const { folder, entry } of entries) {
        if (!target.startsWith(`${folder}/`) || target === entry) continue
        if (!file.startsWith(`${folder}/`) && !file.startsWith(`${folder.replace("src/", "test/")}/`))
          complaints.push(`${file} imports ${target}; outside of ${folder} only ${entry} may be imported`)
      }
    }
  }
  return complaints
}

function importsOf(text: string): string[] {
  const pattern = /^\s*(?:import|export)\b[^"'()]*?from\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\(\s*"([^"]+)"/gm
  return [...text.matchAll(pattern)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "")
}

/**
 * No file may import itself through others. Type-only imports do not count: they are erased when the code is built, so
 * they cannot make a module run before what it needs, and two types may name each other across files.
 */
function checkCycles(): string[] {
  const valueImports = new Map(
    filesBelow("src")
      .filter((path) => CODE.test(path))
      .map((file) => {
        const text = readFileSync(join(root, file), "utf8").replace(TYPE_IMPORT, "")
        const relativeOnes = importsOf(text).filter((specifier) => specifier.startsWith("."))
        return [file, relativeOnes.map((specifier) => relative(root, resolve(root, dirname(file), specifier)))]
      }),
  )
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    const from = path.indexOf(file)
    if (from >= 0) cycles.push(`import cycle: ${[...path.slice(from), file].join(" -> ")}`)
    if (from >= 0 || done.has(file)) return
    for (const target of valueImports.get(file) ?? []) visit(target, [...path, file])
    done.add(file)
  }
  for (const file of valueImports.keys()) visit(file, [])
  return cycles
}

function checkNames(): string[] {
  return ["src", "test", "bench", "scripts", "deploy"]
    .flatMap((folder) => filesBelow(folder))
    .filter((path) => path.split("/").some((part) => FORBIDDEN_NAMES.test(part)))
    .map((path) => `${path} has a name that says nothing`)
}

/** A type name has one meaning and one file, so that a search for it has one result. */
function checkTypeNames(): string[] {
  const files = new Map<string, string[]>()
  for (const file of filesBelow("src").filter((path) => CODE.test(path))) {
    for (const [, name = ""] of readFileSync(join(root, file), "utf8").matchAll(TYPE_DECLARATION))
      files.set(name, [...(files.get(name) ?? []), file])
  }
  return [...files].flatMap(([name, paths]) =>
    paths.length > 1 ? [`the type ${name} is declared ${paths.length} times: ${paths.join(", ")}`] : [],
  )
}

/** Relative links of the pages lead to files and headings that exist, and so do the paths that they name. */
function checkLinks(): string[] {
  const pages = [
    ...filesBelow(".", false),
    ...["docs", "deploy", "examples", ".github"].flatMap((folder) => filesBelow(folder)),
  ].filter((path) => path.endsWith(".md"))
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8").replace(/^```[\s\S]*?^```/gm, "")
    const named = [...text.matchAll(NAMED_PATH)].flatMap(([, path = ""]) =>
      existsSync(join(root, path)) ? [] : [`${page} names ${path}, which is not there`],
    )
    const linked = [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = ""]) => {
      if (/^[a-z]+:/.test(link)) return []
      const [path = "", anchor] = link.split("#")
      const target = path === "" ? join(root, page) : join(root, dirname(page), path)
      if (!existsSync(target)) return [`${page} links to ${link}, which is not there`]
      if (anchor === undefined || headingsOf(target).includes(anchor)) return []
      return [`${page} links to ${link}, a heading that is not there`]
    })
    return [...named, ...linked]
  })
}

function headingsOf(path: string): string[] {
  const headings = readFileSync(path, "utf8").matchAll(/^#+ +(.+)$/gm)
  return [...headings].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .trim()
      .replaceAll(" ", "-"),
  )
}

/** Whatever the command line needs of Node.js, src/engine has. */
async function checkNodeExecutable(): Promise<string[]> {
  try {
    await bundle(join(root, "src/cli/main.ts"), join(root, "build/node-executable/checked"))
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

async function checkTypes(): Promise<string[]> {
  const projects = [...[...zones.keys()].map((zone) => `src/${zone}`), "."]
  const complaints: string[] = []
  for (const project of projects) {
    const state = join(root, "build/types", `${project.replaceAll("/", "-")}.tsbuildinfo`)
    complaints.push(...(await complaintsOf("tsc", ["-p", project, "--incremental", "--tsBuildInfoFile", state])))
  }
  return complaints
}

async function complaintsOf(tool: string, args: string[]): Promise<string[]> {
  try {
    await promisify(execFile)(join(root, "node_modules/.bin", tool), args, { cwd: root, maxBuffer: 1 << 26 })
    return []
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string }
    return [`${stdout}${stderr}`.trim() || `${tool} ${args.join(" ")}: ${String(error)}`]
  }
}

function filesBelow(folder: string, recursive = true): string[] {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    const here = folder === "." ? entry.name : `${folder}/${basename(entry.name)}`
    if (entry.isDirectory()) return recursive ? filesBelow(here) : []
    return entry.isFile() ? [here] : []
  })
}
