/**
 * Makes static executables of programs that are written for Node.js, with the relay in them. TypeScript becomes modules, these become bytecode, and the engine, C and bytecode one static executable. A verb's
 * modules are read when it is named, as in dist/. What Node.js provides there, src/engine provides here.
 */
import { execFile } from "node:child_process"
import { copyFileSync, mkdirSync, renameSync, rmSync } from "node:fs"
import { basename, join, relative } from "node:path"
import { promisify } from "node:util"
import { build, type Metafile, type Plugin } from "esbuild"
import { onlyTheVersion, withoutExecutableSubcommands, withoutSideEffects, yamlAsModules } from "./bundling.mjs"
import { compileEngine, ENGINE_FILES, moduleCompiler, ZLIB, ZLIB_FILES } from "./engine.ts"
import { linkExecutable } from "./link-executable.ts"
import { HARDENING, SECTIONS, type Target } from "./targets.ts"

const run = promisify(execFile)
const root = join(import.meta.dirname, "../..")

/** Where each module of Node.js' is replaced. One that is not here fails the build. */
const NODE_MODULES: Readonly<Record<string, string>> = {
  buffer: "buffer",
  child_process: "child-process",
  crypto: "crypto",
  events: "events",
  fs: "fs",
  "fs/promises": "fs-promises",
  os: "os",
  path: "path",
  process: "process",
  "stream/promises": "stream-promises",
  "timers/promises": "timers-promises",
  v8: "v8",
  worker_threads: "worker-threads",
  zlib: "zlib",
}
/** Modules that depend on the platform, and their replacements in the executable. */
const REPLACED: Readonly<Record<string, string>> = {
  "src/cli/verbs/serve.ts": "src/engine/replaced/serve.ts",
  "src/cli/cluster/serve.ts": "src/engine/replaced/serve.ts",
  "src/serve/page-file.ts": "src/engine/replaced/page-file.ts",
  "src/install/disk/platform.ts": "src/engine/replaced/platform.ts",
  "src/install/disk/relay-bytes.ts": "src/engine/replaced/relay-bytes.ts",
  "src/observe/kernel/bpf.ts": "src/engine/replaced/bpf.ts",
  "src/store/capture/temporary-file.ts": "src/engine/replaced/temporary-file.ts",
}

/** Compiles a program for each target, to the path that `outputOf` gives. `work`: a folder for what is made on the way. */
export async function buildExecutables(
  entry: string,
  targets: readonly Target[],
  outputOf: (target: Target) => string,
  work: string,
): Promise<Metafile> {
  mkdirSync(work, { recursive: true })
  const [compiler, ...objects] = await Promise.all([moduleCompiler(), ...targets.map(objectsOf)])
  const metafile = await bundle(entry, join(work, "modules"))
  const names = Object.keys(metafile.outputs).map((path) => basename(path))
  await run(compiler, [join(work, "modules"), ...names], { cwd: work })
  await compileObserver(join(work, "observe.bin"))
  for (const [at, target] of targets.entries()) await link(target, objects[at] ?? [], outputOf(target), work)
  return metafile
}

/** Writes the modules of a program. Throws if it needs something of Node.js that src/engine does not have. */
export async function bundle(entry: string, outdir: string): Promise<Metafile> {
  rmSync(outdir, { recursive: true, force: true })
  const { metafile } = await build({
    entryPoints: { main: entry },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "es2023",
    mainFields: ["module", "main"],
    minify: true,
    charset: "utf8",
    inject: [join(root, "src/engine/globals.ts")],
    define: { "import.meta.dirname": '"/"', "import.meta.filename": '"/cnitap"' },
    external: ["native"],
    plugins: [
      { name: "version", setup: onlyTheVersion },
      { name: "subcommands", setup: withoutExecutableSubcommands },
      { name: "yaml", setup: yamlAsModules },
      nodeModules(),
      { name: "sources", setup: withoutSideEffects },
    ],
    outdir,
    absWorkingDir: root,
    metafile: true,
    logLevel: "error",
  })
  return metafile
}

function nodeModules(): Plugin {
  return {
    name: "node-modules",
    setup(bundler) {
      bundler.onResolve({ filter: /^(node:)?[a-z0-9_/]+$/ }, ({ path, kind }) => {
        const name = path.replace(/^node:/, "")
        // What is required is the process itself, not a module that exports it.
        if (name === "process" && kind === "require-call") return { path, namespace: "required" }
        const found = Object.hasOwn(NODE_MODULES, name) ? NODE_MODULES[name] : undefined
        if (found) return { path: join(root, `src/engine/modules/${found}.ts`), sideEffects: found === "process" }
        return path.startsWith("node:") ? { errors: [{ text: `src/engine has no ${path}` }] } : undefined
      })
      bundler.onLoad({ filter: /./, namespace: "required" }, () => ({
        contents: 'module.exports = require("./src/engine/modules/process.ts").default',
        resolveDir: root,
      }))
      bundler.onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir }) => {
        const found = REPLACED[relative(root, join(resolveDir, path))]
        return found ? { path: join(root, found) } : undefined
      })
    },
  }
}

async function objectsOf({ compiler, flags }: Target): Promise<string[]> {
  const options = ["-O2", ...SECTIONS, ...HARDENING, ...flags]
  const [engine, zlib] = await Promise.all([
    compileEngine(compiler, options, ENGINE_FILES),
    compileEngine(compiler, [...options, "-DHAVE_UNISTD_H"], ZLIB_FILES, ZLIB),
  ])
  return [...engine, ...zlib]
}

/** The program that `cnitap observe` loads into the kernel: it runs on every machine. */
async function compileObserver(output: string): Promise<void> {
  const source = "src/observe/bpf/observe.bpf.c"
  const options = ["-target", "bpf", "-mcpu=v2", "-O2", "-Wall", "-Wextra", "-Wno-unused-const-variable"]
  await run("clang-14", [...options, "-c", source, "-o", output], { cwd: root })
}

async function link(target: Target, objects: readonly string[], output: string, work: string): Promise<void> {
  copyFileSync(join(root, `dist/relay-${target.name}`), join(work, "relay.bin"))
  await linkExecutable(target, {
    source: join(root, "src/engine/hosts/entry.c"),
    includes: [ZLIB, work],
    objects,
    output: `${output}.new`,
    cwd: work,
  })
  renameSync(`${output}.new`, output)
}
