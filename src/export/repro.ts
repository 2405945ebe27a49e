import type { Payload } from "../capture/record.ts"
import type { Call } from "../model/call.ts"
import { podName, stateText } from "../model/format.ts"
import { INVISIBLE } from "../model/invisible.ts"

/**
 * A shell script that repeats the calls of the runtime with the recorded environment, which its user can override, and the
 * exact bytes of each stdin. Nested calls are not in it: plugins make those themselves.
 */
export function toRepro(calls: readonly Call[]): string {
  const [first] = calls
  if (!first) throw new RangeError("there is no call to repeat")
  return [
    "#!/bin/sh",
    `# ${comment(`${first.command} for ${podName(first)}`)}, recorded ${new Date(first.wallMs).toISOString()} by cnitap.`,
    "# It runs the plugins that the capture names, as root: read it first if the capture is not your own.",
    "# To run it elsewhere, set CNI_PATH, CNI_NETNS or any of the variables below.",
    "set -u",
    "",
    ...variables(first),
    "",
    ...FUNCTION,
    ...calls.flatMap(callLines),
    "",
  ].join("\n")
}

/** Set once for all calls; variables that may differ between the calls of an operation are set per call. */
const SHARED = ["CNI_CONTAINERID", "CNI_NETNS", "CNI_ARGS", "CNI_PATH"]

/** Names of the variables that a relay records by value. A shell cannot set every name that a capture may contain. */
const RECORDED = /^(?:CNI_|TRACE)\w*$/

function variables({ env }: Call): string[] {
  return SHARED.flatMap((name) => {
    const value = env[name]
    return value === undefined ? [] : [`[ "\${${name}+set}" ] || ${name}=${quoted(value)}`, `export ${name}`]
  })
}

const FUNCTION = [
  "# run TYPE PATH: runs the plugin TYPE found in CNI_PATH, or PATH if there is none, with the stdin of this function.",
  "run() {",
  "  plugin=$2",
  `  IFS_BEFORE=$IFS; IFS=:; for directory in \${CNI_PATH:-}; do`,
  '    if [ -x "$directory/$1" ]; then plugin=$directory/$1; break; fi',
  "  done; IFS=$IFS_BEFORE",
  '  "$plugin"',
  "}",
]

function callLines(call: Call, at: number): string[] {
  const { env, plugin, path, stdin } = call
  const own = Object.entries(env).filter(([name]) => RECORDED.test(name) && !SHARED.includes(name))
  const settings = own.map(([name, value]) => ` ${name}=${quoted(value)}`).join("")
  const step = `${at + 1}. ${comment(plugin)}`
  return [
    "",
    `# ${step}: ${comment(stateText(call))} when it was recorded`,
    ...warnings(stdin).map((text) => `echo ${quoted(`${step}: ${text}`)} >&2`),
    ...stdinPipe(stdin, `(${settings ? `export${settings}; ` : ""}run ${quoted(plugin)} ${quoted(path)})`),
    "status=$?",
    `if [ "$status" -ne 0 ]; then echo ${quoted(`${step} exited with`)} "$status" >&2; exit "$status"; fi`,
  ]
}

function stdinPipe(stdin: Payload | undefined, command: string): string[] {
  if (!stdin || stdin.sizeBytes === 0) return [`${command} </dev/null`]
  // A quoted argument cannot contain NUL. printf is a shell builtin, so the argument length is not limited.
  if ("text" in stdin && !stdin.text.includes("\u0000")) return [`printf %s ${quoted(stdin.text)} | ${command}`]
  const base64 = "base64" in stdin ? stdin.base64 : toBase64(stdin.text)
  // The alphabet is checked when a record is decoded; here too, because a line `END` would end the document.
  const digits = base64.replace(/[^A-Za-z0-9+/=]/g, "")
  return [`base64 -d <<'END_OF_STDIN' | ${command}`, ...(digits.match(/.{1,76}/g) ?? []), "END_OF_STDIN"]
}

function warnings(stdin: Payload | undefined): string[] {
  if (!stdin) return ["its stdin was not recorded: the script passes an empty stdin"]
  return [
    ...(stdin.redacted ? [`secrets were redacted in its stdin; insert them again: ${stdin.redacted.join(" ")}`] : []),
    ...(stdin.truncated ? [`stdin was truncated when it was recorded; it had ${stdin.sizeBytes} bytes`] : []),
  ]
}

/** As one word of a POSIX shell. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** On one line, whatever a pod name contains; without characters that would show another line than the shell reads. */
function comment(text: string): string {
  return text.replace(INVISIBLE, " ")
}

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function toBase64(text: string): string {
  const bytes = utf8(text)
  let base64 = ""
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b, c] = bytes.slice(at, at + 3)
    const bits = (a << 16) | ((b ?? 0) << 8) | (c ?? 0)
    const digits = [18, 12, 6, 0].map((shift) => DIGITS.charAt((bits >> shift) & 63))
    base64 +=
      b === undefined
        ? `${digits.slice(0, 2).join("")}==`
        : c === undefined
          ? `${digits.slice(0, 3).join("")}=`
          : digits.join("")
  }
  return base64
}

function utf8(text: string): number[] {
  return [...encodeURIComponent(text).matchAll(/%([0-9A-F]{2})|(.)/g)].map(([, hex, plain]) =>
    hex === undefined ? (plain ?? "").charCodeAt(0) : Number.parseInt(hex, 16),
  )
}
