/** Writes dist/THIRD-PARTY-NOTICES.md: the licence of everything that the files of dist/ bundle or link. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Metafile } from "esbuild"
import { type BundledPackage, bundledPackages } from "./bundled-package.ts"
import { ENGINE, ENGINE_FILES, ZLIB } from "./engine.ts"

const root = join(import.meta.dirname, "../..")
/** musl of the machine that builds, and of the other architecture. */
const MUSL = ["/usr/share/doc/musl-dev/copyright", join(root, "build/musl-dev/usr/share/doc/musl-dev/copyright")]

const notices = [
  "# Third-party notices",
  "cnitap is licensed under the Apache License 2.0 (`LICENSE`). Its files contain the following works of others.",
  ...packagesOf("cli", "`cnitap.js` and the files beside it"),
  ...packagesOf("page", "`page.html`, and every page that `cnitap export html` writes"),
  ...packagesOf("node", "`cnitap-linux-amd64` and `cnitap-linux-arm64`"),
  section("zlib", "Zlib", readFileSync(join(ZLIB, "LICENSE"), "utf8")),
  '### BPF program of `cnitap observe`\n\nGPL-2.0-only OR BSD-2-Clause ("Dual BSD/GPL" for the kernel): `src/observe/bpf/observe.bpf.c` of cnitap itself.',
  "## In `relay-x86_64`, `relay-aarch64`, `cnitap-linux-amd64` and `cnitap-linux-arm64`",
  section("QuickJS-ng", "MIT", engineNotice()),
  section(
    "Unicode Character Database",
    "Unicode-3.0: QuickJS-ng's character tables are made from it",
    readFileSync(join(root, "scripts/build/unicode-license.txt"), "utf8"),
  ),
  section("musl", "MIT and others", [...new Set(MUSL.map((path) => readFileSync(path, "utf8").trim()))].join("\n\n")),
  "### libgcc\n\nGPL-3.0 with the GCC Runtime Library Exception 3.1, which permits conveying a program that GCC compiled under terms of one's choice.",
]
writeFileSync(join(root, "dist/THIRD-PARTY-NOTICES.md"), `${notices.join("\n\n")}\n`)

function packagesOf(bundle: "cli" | "page" | "node", where: string): string[] {
  const metafile: Metafile = JSON.parse(readFileSync(join(root, `build/${bundle}.meta.json`), "utf8"))
  return [`## In ${where}`, ...bundledPackages(metafile, root).map(packageSection)]
}

function packageSection({ name, version, license, text }: BundledPackage): string {
  return section(`${name} ${version}`, license, text)
}

function section(title: string, license: string, text: string): string {
  return `### ${title}\n\n${license}\n\n\`\`\`text\n${text.trim()}\n\`\`\``
}

/** The engine's licence is at the head of each of its files, and the holders differ. */
function engineNotice(): string {
  const files = [
    ...ENGINE_FILES.map((file) => `${file}.c`),
    ...readdirSync(ENGINE).filter((file) => file.endsWith(".h")),
  ]
  const heads = files.map((file) => /^\/\*[\s\S]*?\*\//.exec(readFileSync(join(ENGINE, file), "utf8"))?.[0] ?? "")
  const lines = heads.map((head) => head.split("\n").map((line) => line.replace(/^ \*\/?[ ]?/, "").trimEnd()))
  const holders = new Set(lines.flat().filter((line) => line.startsWith("Copyright (c)")))
  const [first = []] = lines
  const terms = first.slice(first.findIndex((line) => line.startsWith("Permission is hereby granted")))
  return [...[...holders].sort(), "", ...terms].join("\n")
}
