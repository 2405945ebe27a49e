import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser"
import { isObject } from "../../../cni/json.ts"
import type { Rule, RuleSource, Severity } from "../finding.ts"
import { libcni, spec } from "../rule-source.ts"
import { utf8Bytes } from "../utf8-offset.ts"
import { type ConfFile, type FileHit, type FileRule, list } from "./conf-file.ts"
import { NETWORK_RULES } from "./network-rules.ts"
import { PLUGIN_RULES } from "./plugin-rules.ts"
import { RANGE_RULES } from "./range-rules.ts"

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
  source: RuleSource
  remedy: string
}

/** Checks the content of a network configuration file; `path` is used for the extension and in findings. */
export function lintConf(path: string, content: string): FileFinding[] {
  const errors: ParseError[] = []
  const tree = parseTree(content, errors, { disallowComments: true, allowTrailingComma: false })
  const [parseError] = errors
  if (parseError || !tree) {
    const isEmpty = content.trim() === ""
    const detail = !parseError || isEmpty ? "the file is empty" : sentence(printParseErrorCode(parseError.error))
    return [toFileFinding(BROKEN, path, content, tree, { detail, at: parseError?.offset ?? 0 })]
  }
  const config: unknown = JSON.parse(content)
  if (!isObject(config)) return [toFileFinding(NOT_OBJECT, path, content, tree, { detail: "", at: 0 })]
  const isList = "plugins" in config
  const file: ConfFile = {
    name: path.slice(path.lastIndexOf("/") + 1),
    text: content,
    config,
    version: typeof config.cniVersion === "string" ? config.cniVersion : "",
    isList,
    plugins: isList
      ? list(config.plugins).flatMap((plugin, index) =>
          isObject(plugin) ? [{ config: plugin, path: ["plugins", index] }] : [],
        )
      : [{ config, path: [] }],
  }
  return FILE_RULES.flatMap((rule) => rule.check(file).map((hit) => toFileFinding(rule, path, content, tree, hit)))
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

const FILE_RULES: readonly FileRule[] = [...RANGE_RULES, ...NETWORK_RULES, ...PLUGIN_RULES]

/** The rules about configuration files. */
export const CONF_RULES: readonly Rule[] = [BROKEN, NOT_OBJECT, ...FILE_RULES]

function toFileFinding(
  rule: Rule,
  path: string,
  content: string,
  tree: Node | undefined,
  { detail, at }: FileHit,
): FileFinding {
  const { id, severity, title, source, remedy } = rule
  const node = typeof at === "number" || !tree ? undefined : (findNodeAtLocation(tree, at) ?? tree)
  const offset = typeof at === "number" ? at : (node?.offset ?? 0)
  const before = content.slice(0, offset)
  const lineFrom = before.lastIndexOf("\n") + 1
  const lineTo = content.indexOf("\n", offset)
  return {
    rule: id,
    severity,
    title,
    detail,
    path,
    byte: utf8Bytes(content, offset),
    line: before.split("\n").length,
    column: offset - lineFrom + 1,
    excerpt:
      id === "conf-secret" ? "" : content.slice(offset, Math.min(lineTo < 0 ? content.length : lineTo, offset + 80)),
    source,
    remedy,
  }
}

/** `CommaExpected`: "comma expected". */
function sentence(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase()
}
