/** Compiles the files of the engine, for the machine that builds and for those that the relay runs on. */
import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync, mkdirSync, renameSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)
const root = join(import.meta.dirname, "../..")
const objects = join(root, "build/engine")

/** The source tree of QuickJS-ng; scripts/fetch/fetch-engine.sh verifies it. */
export const ENGINE = resolve(process.env.QUICKJS_NG ?? join(root, "build/qjs-src/usr/src/quickjs-ng"))
/** zlib, for the node executable. */
export const ZLIB = join(root, "build/zlib")
export const ZLIB_FILES = ["adler32", "crc32", "deflate", "inffast", "inflate", "inftrees", "trees", "zutil"]
export const ENGINE_FILES = ["quickjs", "dtoa", "libunicode", "libregexp"]

/**
 * The paths that assertions leave in an executable must not depend on where it was built; the last that fits counts.
 */
export const DEFINES = [
  "-D_GNU_SOURCE",
  "-DQUICKJS_NG_BUILD",
  `-ffile-prefix-map=${root}=cnitap`,
  `-ffile-prefix-map=${ENGINE}=quickjs-ng`,
]

/** Paths of the object files, each compiled if there is none of the same text, headers, flags and compiler. */
export async function compileEngine(
  compiler: string,
  flags: string[],
  files: string[],
  folder = ENGINE,
): Promise<string[]> {
  mkdirSync(objects, { recursive: true })
  const { stdout: version } = await run(compiler, ["--version"])
  return Promise.all(
    files.map(async (file) => {
      const args = [...flags, ...DEFINES, join(folder, `${file}.c`)]
      // What the preprocessor makes of it holds every header, those of the C library too.
      const { stdout: text } = await run(compiler, ["-E", "-P", ...args], { maxBuffer: 1 << 26 })
      const key = hashOf(compiler, version, args.join("\0"), text)
      const object = join(objects, `${file}-${key}.o`)
      if (existsSync(object)) return object
      console.error(`cnitap: compiling ${file}.c of ${basename(folder)} with ${compiler} (once)`)
      const unfinished = `${object}.${process.pid}`
      await run(compiler, ["-c", ...args, "-o", unfinished])
      renameSync(unfinished, object)
      return object
    }),
  )
}

/** Path of the compiler from script to bytecode, of the same engine, for this machine. */
export async function bytecodeCompiler(): Promise<string> {
  return linkTool("qjsc", await compileEngine("gcc", ["-O0"], [...ENGINE_FILES, "quickjs-libc", "qjsc"]))
}

/** Path of the compiler of the node executable's modules, likewise. */
export async function moduleCompiler(): Promise<string> {
  const folder = join(root, "src/engine/hosts")
  const [engine, compiler] = await Promise.all([
    compileEngine("gcc", ["-O0"], ENGINE_FILES),
    compileEngine("gcc", ["-O0", "-I", ENGINE], ["compile"], folder),
  ])
  return linkTool("compile", [...engine, ...compiler])
}

async function linkTool(name: string, parts: readonly string[]): Promise<string> {
  const program = join(objects, `${name}-${hashOf(...parts)}`)
  if (existsSync(program)) return program
  const unfinished = `${program}.${process.pid}`
  await run("gcc", [...parts, "-o", unfinished, "-lm", "-lpthread", "-ldl"])
  renameSync(unfinished, program)
  return program
}

function hashOf(...texts: string[]): string {
  const hash = createHash("sha256")
  for (const text of texts) hash.update(text).update("\0")
  return hash.digest("hex").slice(0, 16)
}
