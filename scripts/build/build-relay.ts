/**
 * Builds the relay: TypeScript, one script, bytecode, C, one static executable for each architecture. With `--sanitize`
 * one for fuzzing, build/fuzz/relay-x86_64, whose undefined behaviour traps; the engine is the same.
 */
import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { promisify } from "node:util"
import { build, type Plugin } from "esbuild"
import { bytecodeCompiler, compileEngine, ENGINE_FILES } from "./engine.ts"
import { linkExecutable } from "./link-executable.ts"
import { HARDENING, SECTIONS, TARGETS, type Target } from "./targets.ts"

const run = promisify(execFile)
const root = join(import.meta.dirname, "../..")
const isSanitized = process.argv.includes("--sanitize")
const SANITIZERS = isSanitized ? ["-fsanitize=undefined", "-fsanitize-undefined-trap-on-error"] : []
const outputs = join(root, isSanitized ? "build/fuzz" : "dist")

const targets = isSanitized ? TARGETS.slice(0, 1) : TARGETS

// All of the engine at once: it is most of the build's time.
const [qjsc, ...objects] = await Promise.all([bytecodeCompiler(), ...targets.map(objectsOf)])
mkdirSync(outputs, { recursive: true })
const inputs = await bundle()
writeFileSync(join(root, "build/relay-closure.txt"), `${inputs.sort().join("\n")}\n`)
for (const [at, target] of targets.entries()) await link(target, objects[at] ?? [])

/** Its inputs are a reviewed list: what joins the hot path shows up in test/relay/closure.txt. */
async function bundle(): Promise<string[]> {
  const script = join(root, "build/main.js")
  const result = await build({
    entryPoints: [join(root, "src/relay/main.ts")],
    bundle: true,
    format: "iife",
    target: "es2023",
    minify: true,
    plugins: [rulesWithoutExamples()],
    metafile: true,
    outfile: script,
    absWorkingDir: root,
    logLevel: "error",
  })
  const code = join(root, "build/main.c")
  await run(qjsc, ["-C", "-s", "-s", "-N", "mainScript", "-o", code, script])
  const text = readFileSync(code, "utf8")
  writeFileSync(
    join(root, "build/main.h"),
    text.replace('#include "quickjs-libc.h"', "").replaceAll("const uint", "static const uint"),
  )
  return Object.keys(result.metafile.inputs)
}

/** The rules of redaction are data: the relay gets what their modules export, without the examples beside each rule. */
function rulesWithoutExamples(): Plugin {
  return {
    name: "rules-without-examples",
    setup({ onLoad }) {
      onLoad({ filter: /\/redact\/rules\/[a-z]+\.ts$/ }, async ({ path }) => {
        const exported = Object.entries((await import(path)) as Record<string, unknown>)
        const lines = exported.map(
          ([name, value]) => `export const ${name} = ${JSON.stringify(value, withoutExamples)}`,
        )
        return { contents: lines.join("\n") }
      })
    },
  }
}

function withoutExamples(key: string, value: unknown): unknown {
  return key === "finds" || key === "keeps" ? undefined : value
}

function objectsOf({ compiler, flags }: Target): Promise<string[]> {
  return compileEngine(compiler, ["-O2", ...SECTIONS, ...HARDENING, ...flags], ENGINE_FILES)
}

async function link(target: Target, objects: readonly string[]): Promise<void> {
  const output = join(outputs, `relay-${target.name}`)
  await linkExecutable(target, {
    source: join(root, "src/relay/hosts/entry.c"),
    includes: [join(root, "build")],
    // libc before the engine: what every call uses is then in few adjacent pages, and the kernel maps several at once.
    objects: [target.libc, ...objects],
    output: `${output}.new`,
    flags: SANITIZERS,
  })
  await startEngine(target, `${output}.new`)
  renameSync(`${output}.new`, output)
  console.error(`cnitap: ${relative(root, output)} ${(statSync(output).size / 1e6).toFixed(2)} MB`)
}

/**
 * Run for the first time it writes out the memory of an engine that has read the script; it is kept in the executable.
 */
async function startEngine({ objcopy, run: by }: Target, executable: string): Promise<void> {
  const [program = "", ...args] = [...by, executable]
  const { stdout } = await run(program, args, { encoding: "buffer", maxBuffer: 1 << 24 })
  writeFileSync(`${executable}.image`, stdout)
  await run(objcopy, ["--update-section", `.image=${executable}.image`, executable])
  rmSync(`${executable}.image`)
}
