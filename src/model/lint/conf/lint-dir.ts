import { parseNetworkList, parseSinglePlugin } from "../../../cni/network-list.ts"
import type { Rule } from "../finding.ts"
import { libcni } from "../rule-source.ts"
import { type FileFinding, lintConf, toFileFinding } from "./lint-conf.ts"
import { isReadName, UNREAD, unreadDetail } from "./network-rules.ts"
import { type SourceText, toSourceText } from "./source-text.ts"

/** A file of a configuration directory. `modifiedMs`: milliseconds since 1970. */
export type ConfDirEntry = { name: string; modifiedMs: number; source: SourceText }

/** Names that a runtime would read, or that were such a name once. */
export function isConfName(name: string): boolean {
  return /\.(?:conflist|conf|json)(?![a-z0-9])/i.test(name)
}

/**
 * Checks the files of a configuration directory as runtimes read them: sorted by name, files with other extensions
 * ignored, and only the first one used.
 */
export function lintConfDir(directory: string, entries: readonly ConfDirEntry[]): FileFinding[] {
  const sorted = [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))
  const read = sorted.filter(({ name }) => isReadName(name))
  const [first, ...others] = read
  const pathOf = ({ name }: ConfDirEntry) => `${directory.replace(/\/$/, "")}/${name}`
  return sorted.flatMap((entry) => {
    const path = pathOf(entry)
    if (!read.includes(entry))
      return [toFileFinding(UNREAD, path, NO_TEXT, undefined, { detail: unreadDetail(entry.name), at: 0 })]
    const found = lintConf(path, entry.source)
    if (entry === first) return found.map((finding) => withConsequence(finding, entry, others))
    return first && isUnused(entry, first) ? [...found, unusedFinding(path, first)] : found
  })
}

/** containerd's CRI plugin uses one file by default (max_conf_num), CRI-O the first valid one. */
export const UNUSED: Rule = {
  id: "conf-file-unused",
  severity: "note",
  title: "file that the runtime does not use",
  source: libcni("libcni/conf.go"),
  remedy: "Remove it, or rename it to sort first: containerd and CRI-O use one file by default.",
}

const NO_TEXT = toSourceText("")

function unusedFinding(path: string, first: ConfDirEntry): FileFinding {
  return toFileFinding(UNUSED, path, NO_TEXT, undefined, { detail: `the first one is ${first.name}`, at: 0 })
}

/** Multus reads the other files itself, and CRI-O brings a file for the loopback interface. */
function isUnused(entry: ConfDirEntry, first: ConfDirEntry): boolean {
  const [own, used] = [typesOf(entry), typesOf(first)]
  return (
    !used.some((type) => type.startsWith("multus")) && !(own.length > 0 && own.every((type) => type === "loopback"))
  )
}

function typesOf(entry: ConfDirEntry): string[] {
  const list = parse(entry)
  return "error" in list ? [] : list.plugins.map(({ type }) => type)
}

function parse({ name, source: { text } }: ConfDirEntry) {
  return name.endsWith(".conflist") ? parseNetworkList(text) : parseSinglePlugin(text)
}

/** What follows from an error in the file that the runtime uses. */
function withConsequence(finding: FileFinding, entry: ConfDirEntry, others: readonly ConfDirEntry[]): FileFinding {
  const { rule, severity, detail } = finding
  const [next] = others
  if (rule === "conf-meta-plugin-first" && next) {
    const written = new Date(entry.modifiedMs).toISOString()
    return { ...finding, detail: `${detail}; ${entry.name} is read before ${next.name} and was written at ${written}` }
  }
  if (severity !== "error" || !isUnloadable(entry) || !UNLOADABLE.includes(rule)) return finding
  const valid = others.find((other) => !isUnloadable(other))
  const crio = valid ? `CRI-O uses ${valid.name}` : "CRI-O has no other"
  return { ...finding, detail: `${detail}; containerd has no network meanwhile, and ${crio}` }
}

const UNLOADABLE = [
  "conf-encoding",
  "conf-broken-json",
  "conf-not-object",
  "conf-extension",
  "conf-without-name",
  "conf-plugins-empty",
  "conf-without-type",
]

function isUnloadable(entry: ConfDirEntry): boolean {
  return entry.source.encoding !== "UTF-8" || entry.source.markBytes > 0 || "error" in parse(entry)
}
