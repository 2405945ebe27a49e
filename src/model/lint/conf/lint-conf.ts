import { findNodeAtLocation, type Node, type ParseError, parseTree } from "jsonc-parser"
import { isObject, MAX_JSON_DEPTH, tooDeepAt } from "../../../cni/json.ts"
import { shellWord } from "../../shell-word.ts"
import type { Rule, RuleSource, Severity } from "../finding.ts"
import { issue, libcni, spec } from "../rule-source.ts"
import { BANDWIDTH_RULES } from "./bandwidth-rules.ts"
import { type ConfPath, type FileHit, type FileRule, toConfFile } from "./conf-file.ts"
import { NETWORK_RULES } from "./network-rules.ts"
import { PLUGIN_RULES } from "./plugin-rules.ts"
import { RANGE_RULES } from "./range-rules.ts"
import { ROLE_RULES } from "./role-rules.ts"
import { SCHEMA_RULES } from "./schema-rules.ts"
import { sourceLine } from "./source-line.ts"
import { byteOffset, type SourceText, toSourceText } from "./source-text.ts"
import { explainSyntaxError } from "./syntax-error.ts"
import { SYSCTL_RULES } from "./sysctl-rules.ts"

/** Something wrong in a configuration file. `byte` counts from 0; `line` and `column` count from 1. */
export type FileFinding = {
  rule: string
  severity: Severity
  /** the rule's title */
  title: string
  /** what is specific to this finding; may be empty */
  detail: string
  path: string
  byte: number
  line: number
  column: number
  excerpt: string
  /** the line, or the part of a long one around the position; characters of secrets are replaced by asterisks */
  lineText: string
  /** index of the position in `lineText` */
  caret: number
  source: RuleSource
  remedy: string
}

/**
 * Checks the content of a network configuration file; `path` is used for the extension and in findings. A string was
 * read as UTF-8.
 */
export function lintConf(path: string, content: string | SourceText): FileFinding[] {
  const source = typeof content === "string" ? toSourceText(content) : content
  const { text } = source
  const encoding = encodingHits(source, path).map((hit) => toFileFinding(ENCODING, path, source, undefined, hit))
  const deepAt = tooDeepAt(text)
  if (deepAt !== undefined)
    return [...encoding, toFileFinding(TOO_DEEP, path, source, undefined, { detail: "", at: deepAt })]
  const errors: ParseError[] = []
  const tree = parseTree(text, errors, { disallowComments: true, allowTrailingComma: false })
  const [error] = errors
  if (error || !tree) {
    const hit = explainSyntaxError(text, error)
    return [...encoding, toFileFinding(BROKEN, path, source, tree, hit)]
  }
  const config: unknown = JSON.parse(text)
  if (!isObject(config)) return [...encoding, toFileFinding(NOT_OBJECT, path, source, tree, { detail: "", at: 0 })]
  const file = toConfFile(path, text, config)
  const found = FILE_RULES.flatMap((rule) =>
    rule.check(file).map((hit) => toFileFinding(rule, path, source, tree, hit)),
  )
  return [...encoding, ...found.sort((a, b) => a.byte - b.byte)]
}

const ENCODING: Rule = {
  id: "conf-encoding",
  severity: "error",
  title: "file that is not plain UTF-8",
  source: issue("containernetworking/cni#733"),
  remedy: "Save it as UTF-8 without a byte order mark.",
}

const BROKEN: Rule = {
  id: "conf-broken-json",
  severity: "error",
  title: "file is not JSON",
  source: libcni("libcni/conf.go"),
  remedy: "Correct it: containerd drops every network if it cannot read the first file.",
}

const NOT_OBJECT: Rule = {
  id: "conf-not-object",
  severity: "error",
  title: "file is JSON but not an object",
  source: spec("1, Configuration format"),
  remedy: "Write an object with `cniVersion`, `name` and `plugins`.",
}

const TOO_DEEP: Rule = {
  id: "conf-too-deep",
  severity: "error",
  title: `brackets are nested deeper than ${MAX_JSON_DEPTH} levels, which no configuration needs`,
  source: spec("1, Configuration format"),
  remedy: "Find out what wrote the file, and let it write it again.",
}

/** Rules about the objects of plugins, which hold for the configuration that a plugin gets on stdin as well. */
export const CONFIGURATION_RULES: readonly FileRule[] = [
  ...RANGE_RULES,
  ...ROLE_RULES,
  ...SCHEMA_RULES,
  ...BANDWIDTH_RULES,
]

const FILE_RULES: readonly FileRule[] = [...CONFIGURATION_RULES, ...SYSCTL_RULES, ...NETWORK_RULES, ...PLUGIN_RULES]

/** The rules about a configuration file, in the order in which they are listed. */
export const CONF_RULES: readonly Rule[] = [ENCODING, TOO_DEEP, BROKEN, NOT_OBJECT, ...FILE_RULES]

/** Whether a rule is about the text of a file, which then cannot be a configuration. */
export function isAboutText(rule: string): boolean {
  return [ENCODING, TOO_DEEP, BROKEN, NOT_OBJECT].some(({ id }) => id === rule)
}

function encodingHits({ encoding, markBytes }: SourceText, path: string): FileHit[] {
  // With a mark, iconv detects the byte order and removes the mark.
  const from = markBytes > 0 ? "UTF-16" : encoding
  const [name, copy] = [shellWord(path), shellWord(`${path}.new`)]
  const convert = `iconv -f ${from} -t UTF-8 ${name} > ${copy} && mv ${copy} ${name}`
  if (encoding !== "UTF-8")
    return [{ detail: `it is ${encoding}, and JSON parsers read UTF-8`, at: 0, remedy: `Convert it: ${convert}` }]
  if (markBytes === 0) return []
  return [
    {
      detail: "it begins with a UTF-8 byte order mark (EF BB BF), which Go's JSON parser rejects",
      at: 0,
      remedy: `Remove the mark: sed -i '1s/^\\xef\\xbb\\xbf//' ${shellWord(path)}`,
    },
  ]
}

export function toFileFinding(
  rule: Rule,
  path: string,
  source: SourceText,
  tree: Node | undefined,
  { detail, at, isKey, remedy }: FileHit,
): FileFinding {
  const { text } = source
  const offset = typeof at === "number" ? at : tree ? offsetOf(tree, at, isKey === true) : 0
  const before = text.slice(0, offset)
  // No character of the text is wrong if its encoding is.
  const line = rule === ENCODING ? { text: "", caret: 0 } : sourceLine(text, offset)
  return {
    rule: rule.id,
    severity: rule.severity,
    title: rule.title,
    detail,
    path,
    // What is wrong with the encoding is wrong from the first byte on.
    byte: rule === ENCODING ? 0 : byteOffset(source, offset),
    line: before.split("\n").length,
    column: offset - (before.lastIndexOf("\n") + 1) + 1,
    excerpt: rule.id === "conf-secret" ? "" : excerptAt(line),
    lineText: line.text,
    caret: line.caret,
    source: rule.source,
    remedy: remedy ?? rule.remedy,
  }
}

/** Where the value of a path begins, or its key; the document if there is none. */
export function offsetOf(tree: Node, path: ConfPath, isKey: boolean): number {
  const node = findNodeAtLocation(tree, path) ?? tree
  const key = isKey && node.parent?.type === "property" ? node.parent.children?.[0] : undefined
  return (key ?? node).offset
}

const MAX_EXCERPT_CHARACTERS = 80

function excerptAt({ text, caret }: { text: string; caret: number }): string {
  return text.slice(caret, caret + MAX_EXCERPT_CHARACTERS)
}
