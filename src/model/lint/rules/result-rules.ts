import { type CallRule, isAtLeast, isReleased, locate, resultVersion, text } from "../call-facts.ts"
import { issue, libcni, spec } from "../rule-source.ts"
import { RESULT_ADDRESS_RULES } from "./result-address-rules.ts"
import { RESULT_INTERFACE_RULES } from "./result-interface-rules.ts"

const RESULT_VERSION_RULES: readonly CallRule[] = [
  {
    id: "result-without-version",
    severity: "warning",
    title: "result without cniVersion",
    source: issue("containernetworking/cni#701"),
    remedy: "Print the `cniVersion` of the configuration: without it, older libcni assumes 0.1.0 and DEL fails later.",
    check: ({ result, pieces }) =>
      result && typeof result.cniVersion !== "string"
        ? [{ detail: "cniVersion is missing", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "result-version-differs",
    severity: "error",
    title: "result version differs from the configuration's version",
    source: issue("containernetworking/cni#862"),
    remedy: "Convert the result to the `cniVersion` of the configuration: the next plugin parses it as that version.",
    check: (facts) => {
      const { result, config, version, prevResult, stdout } = facts
      if (!config || typeof result?.cniVersion !== "string") return []
      if (result.cniVersion === version || !isReleased(result.cniVersion)) return []
      // It passed on the version of prevResult, as it should.
      if (result.cniVersion === prevResult?.cniVersion) return []
      return [{ detail: `${result.cniVersion} instead of ${version}`, ...locate("stdout", stdout, `"cniVersion"`) }]
    },
  },
  {
    id: "result-version-unknown",
    severity: "error",
    title: "result with a version that was never released",
    source: libcni("pkg/types/create/create.go"),
    remedy: "Print the `cniVersion` of the configuration.",
    check: ({ result, stdout }) =>
      typeof result?.cniVersion === "string" && !isReleased(result.cniVersion)
        ? [{ detail: text(result.cniVersion), ...locate("stdout", stdout, `"cniVersion"`) }]
        : [],
  },
  {
    id: "result-old-keys",
    follows: ["result-version-differs"],
    severity: "error",
    title: "ip4 or ip6 in a result of version 0.3.0 or later",
    source: spec("5, ADD success"),
    remedy: "Print the `ips` list: `ip4` and `ip6` exist up to 0.2.0 and are silently dropped.",
    check: (facts) =>
      !isAtLeast(resultVersion(facts), "0.3.0")
        ? []
        : ["ip4", "ip6"]
            .filter((key) => key in (facts.result ?? {}) && !(key in (facts.prevResult ?? {})))
            .map((key) => ({ detail: key, ...locate("stdout", facts.stdout, `"${key}"`) })),
  },
]

/**
 * The result of a successful ADD. A result is passed on by every later plugin of the list, so an object is checked only
 * at the call that added it (`CallFacts.added`).
 */
export const RESULT_RULES: readonly CallRule[] = [
  ...RESULT_VERSION_RULES,
  ...RESULT_ADDRESS_RULES,
  ...RESULT_INTERFACE_RULES,
].map((rule) => ({
  ...rule,
  check: (facts) => (facts.call.command === "ADD" && facts.isOk && facts.result ? rule.check(facts) : []),
}))
