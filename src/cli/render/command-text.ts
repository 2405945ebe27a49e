import { DEFAULT_CAPTURE } from "../../capture/default-capture.ts"
import { quoted } from "../../export/repro.ts"
import { type InstallOptions, MODES } from "../../install/plan/install-options.ts"
import { namesOption, textOption } from "../args/option.ts"
import { DEFAULT_SHIM_DIR } from "../node/default-dirs.ts"

const READING = [
  "ls",
  "show",
  "tail",
  "ps",
  "stats",
  "explain",
  "diff",
  "lint",
  "ledger",
  "who-owns",
  "serve",
  "export",
]
const NODE = ["plan", "install", "status", "watch", "uninstall", "doctor", "observe"]

/** Not `cnitap lint FILE`, which reads no capture. */
const COMMAND = new RegExp(
  `\\bcnitap (?:(${READING.join("|")})|(${NODE.join("|")}))(?![\\w-]| (?:FILE|DIRECTORY)\\b)`,
  "g",
)

/**
 * Makes the command lines in a text of ours mean the node and the capture of the present one: `cnitap show 8bb88` becomes
 * `cnitap show --root /host 8bb88` if that was given. `options`: of the present command line.
 */
export function repeatFlags(text: string, options: Record<string, unknown>): string {
  return text.replace(COMMAND, (line, reading?: string, node?: string) =>
    node
      ? nodeCommand(node, options)
      : reading
        ? [line, ...rootFlag(options), ...captureFlags(options)].join(" ")
        : line,
  )
}

/** Rows with a command in one of their texts, for this node and capture. */
export function repeatFlagsIn<K extends string, Row extends { readonly [key in K]?: string }>(
  rows: readonly Row[],
  key: K,
  options: Record<string, unknown>,
): Row[] {
  return rows.map((row) => {
    const text: string | undefined = row[key]
    return text === undefined ? row : { ...row, [key]: repeatFlags(text, options) }
  })
}

/** `cnitap VERB` with the flags that name the node, as they were given: without them it would look at another one. */
export function nodeCommand(verb: string, options: Record<string, unknown>): string {
  return [`cnitap ${verb}`, ...rootFlag(options), ...directoryFlags(options)].join(" ")
}

/** `cnitap VERB` of a reading verb: with the root and the capture, if they are not the usual ones. */
export function readingCommand(verb: string, options: Record<string, unknown>, capture: string): string {
  return [`cnitap ${verb}`, ...rootFlag(options), ...flag("--capture", capture, DEFAULT_CAPTURE)].join(" ")
}

/** The `cnitap install` that leads to these options; `--for` has what is left of the time. */
export function installCommand(wanted: InstallOptions, options: Record<string, unknown>, nowMs: number): string {
  const { mode, plugins, force, settings } = wanted
  const { capture, logFile, untilMs, sampleOneIn, maxSizeBytes, onlyFailures, raw } = settings
  return [
    nodeCommand("install", options),
    ...flag("--mode", mode, MODES[0]),
    ...(plugins ? flag("--plugins", plugins.join(",")) : []),
    ...flag("--capture", capture, DEFAULT_CAPTURE),
    ...(logFile === undefined ? [] : flag("--log-file", logFile)),
    ...(untilMs === undefined ? [] : [`--for ${minutesLeft(untilMs - nowMs)}`]),
    ...(sampleOneIn === undefined ? [] : [`--sample 1/${sampleOneIn}`]),
    ...(maxSizeBytes === undefined ? [] : [`--max-size ${sizeText(maxSizeBytes)}`]),
    ...(onlyFailures ? ["--only-failures"] : []),
    ...(raw ? ["--raw"] : []),
    ...(force ? ["--force"] : []),
  ].join(" ")
}

function rootFlag({ root }: Record<string, unknown>): string[] {
  return root === undefined ? [] : flag("--root", String(root), "/")
}

function captureFlags({ capture, from }: Record<string, unknown>): string[] {
  const captures = namesOption(capture) ?? (typeof capture === "string" ? [capture] : [])
  const bundles = namesOption(from) ?? []
  return [...captures.flatMap((path) => flag("--capture", path)), ...bundles.flatMap((path) => flag("--from", path))]
}

function directoryFlags({ binDir, confDir, shimDir }: Record<string, unknown>): string[] {
  const binDirs = namesOption(binDir) ?? []
  const conf = textOption(confDir)
  const shim = textOption(shimDir)
  return [
    ...(binDirs.length > 0 ? flag("--bin-dir", binDirs.join(",")) : []),
    ...(conf === undefined ? [] : flag("--conf-dir", conf)),
    ...(shim === undefined ? [] : flag("--shim-dir", shim, DEFAULT_SHIM_DIR)),
  ]
}

function flag(name: string, value: string, usual?: string): string[] {
  if (value === usual) return []
  return [`${name} ${/^[\w@%+=:,./-]+$/.test(value) ? value : quoted(value)}`]
}

function minutesLeft(ms: number): string {
  const minutes = Math.max(1, Math.round(ms / 60_000))
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}m`
}

function sizeText(bytes: number): string {
  return bytes % 2 ** 20 === 0 ? `${bytes / 2 ** 20}MiB` : `${bytes}B`
}
