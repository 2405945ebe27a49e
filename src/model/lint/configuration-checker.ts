import { parseTree } from "jsonc-parser"
import { isObject, parseJson } from "../../cni/json.ts"
import { type CallFacts, type JsonObject, wholeText } from "./call-facts.ts"
import { type ConfPath, type FileHit, type FileRule, toConfFile } from "./conf/conf-file.ts"
import { CONFIGURATION_RULES, offsetOf } from "./conf/lint-conf.ts"
import type { CallHit } from "./finding.ts"

type RuleHits = { rule: FileRule; hits: readonly FileHit[] }

/** A capture has a few configurations, each as often as its network has pods. */
const MAX_KNOWN = 2000
/** Longer ones are not remembered. */
const MAX_CHARACTERS = 64 * 1024

/** Applies the rules about configurations to the stdin of calls. The same configuration is checked once. */
export class ConfigurationChecker {
  readonly #known = new Map<string, readonly RuleHits[]>()

  check(facts: CallFacts): { rule: FileRule; hit: CallHit }[] {
    const { call, isFailed } = facts
    // Later commands get the configuration of the ADD again.
    if (call.command !== "ADD" && !isFailed) return []
    const own = ownConfiguration(facts)
    if (!own) return []
    const text = wholeText(call.stdin) ?? ""
    // The first plugin of a list gets the same text for each pod.
    const key = own === facts.config ? text : JSON.stringify(own)
    const found = this.#rulesOf(key, own).filter(({ rule }) => isFailed || !rule.isDisprovedBySuccess)
    if (found.length === 0) return []
    return found.flatMap(({ rule, hits }) => hits.map((hit) => ({ rule, hit: toCallHit(hit, text) })))
  }

  #rulesOf(key: string, config: JsonObject): readonly RuleHits[] {
    const known = this.#known.get(key)
    if (known) return known
    const file = toConfFile("", key, config)
    const found = CONFIGURATION_RULES.map((rule) => ({ rule, hits: rule.check(file) })).filter(
      ({ hits }) => hits.length > 0,
    )
    if (this.#known.size >= MAX_KNOWN) this.#known.clear()
    if (key.length <= MAX_CHARACTERS) this.#known.set(key, found)
    return found
  }
}

/**
 * The part of a call's configuration that comes from the list, without what the runtime adds for each pod. Undefined if it
 * is the configuration of another plugin: an IPAM plugin gets that of its caller, where it is checked.
 */
function ownConfiguration({ call, config, level, parent }: CallFacts): JsonObject | undefined {
  const callerIpam = parent?.config?.ipam
  if (!config || (isObject(callerIpam) && callerIpam.type === call.plugin)) return undefined
  if (config.type !== call.plugin) {
    const isIpamOnly = level === 0 && isObject(config.ipam) && config.ipam.type === call.plugin
    return isIpamOnly ? { ipam: config.ipam } : undefined
  }
  if (!("prevResult" in config || "args" in config || "runtimeConfig" in config)) return config
  const { prevResult: _result, args: _args, runtimeConfig, ...own } = config
  if (call.plugin !== "bandwidth" || !isObject(runtimeConfig)) return own
  // A pod's annotations set its limits.
  return { ...own, runtimeConfig: { bandwidth: runtimeConfig.bandwidth } }
}

function toCallHit({ detail, at, isKey, remedy }: FileHit, text: string): CallHit {
  const path = typeof at === "number" ? [] : at
  const offset = positionIn(text, path, isKey === true)
  return {
    detail,
    stream: "stdin",
    ...(offset === undefined ? {} : { at: offset }),
    pointer: path.map((step) => `/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
    ...(remedy === undefined ? {} : { remedy }),
  }
}

/** Parsing the text of a hundred thousand calls for a position takes longer than all rules: most keys occur once. */
function positionIn(text: string, path: ConfPath, isKey: boolean): number | undefined {
  const last = path.at(-1)
  if (last === undefined) return 0
  if (typeof last === "string") {
    const key = `${JSON.stringify(last)}:`
    const first = text.indexOf(key)
    if (first >= 0 && text.indexOf(key, first + 1) < 0) return isKey ? first : first + key.length
  }
  const tree = parseJson(text) === undefined ? undefined : parseTree(text)
  return tree && offsetOf(tree, path, isKey)
}
