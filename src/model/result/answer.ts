import type { Payload } from "../../capture/record.ts"
import { parseAddress, parsePrefix } from "../../cni/address.ts"
import { isObject } from "../../cni/json.ts"
import { SPEC_VERSIONS, VERSION_WHEN_MISSING } from "../../cni/version.ts"
import type { Answer, Call } from "../call.ts"
import { base64Bytes } from "../decode/bytes.ts"
import { parseJsonCached } from "../json-cache.ts"
import { isError } from "./document.ts"

type AnsweringCall = Pick<Call, "as" | "plugin" | "command" | "ifname" | "cniVersion" | "exit" | "answer"> & {
  stdin?: Payload | undefined
  stdout?: Payload | undefined
}

/**
 * Undefined if it is not an ADD that exited with 0, or if its streams are not known. The last probe prints what it was
 * given: `prevResult`, the result of the plugins before it.
 */
export function answerOf(call: AnsweringCall): Answer | undefined {
  if (call.command !== "ADD") return undefined
  if (call.answer !== undefined) return call.answer
  if (call.as === "probe") {
    const stdin = call.plugin === LAST_PROBE ? wholeText(call.stdin) : undefined
    const config = stdin === undefined ? undefined : parseJsonCached(stdin)
    const result = isObject(config) ? config.prevResult : undefined
    return isObject(result) ? answerOfResult(result, call) : undefined
  }
  const isOk = call.exit !== undefined && "code" in call.exit && call.exit.code === 0
  const stdout = isOk ? wholeText(call.stdout) : undefined
  return stdout === undefined ? undefined : answerIn(stdout, call)
}

const LAST_PROBE = "cni_post"

/** Bytes that are not UTF-8 are taken as characters: Go accepts them within strings. */
function wholeText(payload: Payload | undefined): string | undefined {
  if (!payload || payload.truncated) return undefined
  return "text" in payload ? payload.text : String.fromCharCode(...base64Bytes(payload.base64))
}

/** As libcni reads it: `fixupResultVersion` and `create.Create` (pkg/invoke/exec.go, pkg/types). */
function answerIn(stdout: string, call: Pick<Call, "ifname" | "cniVersion">): Answer {
  const parsed = parseJsonCached(stdout)
  const value = parsed === null ? {} : parsed
  return isObject(value) ? answerOfResult(value, call) : "unreadable"
}

function answerOfResult(
  value: Record<string, unknown>,
  { ifname, cniVersion = VERSION_WHEN_MISSING }: Pick<Call, "ifname" | "cniVersion">,
): Answer {
  const own = value.cniVersion
  if (own !== undefined && own !== null && typeof own !== "string") return "unreadable"
  const version = own || cniVersion
  if (!(SPEC_VERSIONS as readonly string[]).includes(version)) return "unknown-version"
  const isOld = OLD_VERSIONS.includes(version)
  if (!isTyped(value, isOld ? OLD_RESULT : RESULT)) return "unreadable"
  const answer = isOld ? answerOfOldResult(value) : answerOfLists(value, ifname)
  return answer === "no-address" && isError(value) ? "error-object" : answer
}

/** Up to 0.2.0 a result has one address of each family and no interfaces. */
const OLD_VERSIONS: readonly string[] = ["0.1.0", "0.2.0"]

function answerOfOldResult(value: Record<string, unknown>): Answer {
  return isObject(member(value, "ip4")) || isObject(member(value, "ip6")) ? "result" : "no-address"
}

function answerOfLists(value: Record<string, unknown>, ifname: string | undefined): Answer {
  const interfaces = listIn(value, "interfaces")
  let hasAddress = false
  for (const ip of listIn(value, "ips")) {
    const index = member(ip, "interface")
    if (typeof index !== "number") hasAddress = true
    else {
      const on = interfaces[index]
      if (!on) return "interface-index"
      if (ifname === undefined || member(on, "name") === ifname) hasAddress = true
    }
  }
  return hasAddress ? "result" : "no-address"
}

/** The Go types that libcni decodes a result into (pkg/types/020, 040 and 100), by key. */
type GoType = "string" | "int" | "ip" | "prefix" | { list: GoType } | { [key: string]: GoType }

const ROUTES: GoType = { list: { dst: "prefix", gw: "ip" } }
const DNS: GoType = {
  nameservers: { list: "string" },
  domain: "string",
  search: { list: "string" },
  options: { list: "string" },
}
const RESULT: GoType = {
  interfaces: { list: { name: "string", mac: "string", sandbox: "string" } },
  ips: { list: { interface: "int", address: "prefix", gateway: "ip" } },
  routes: ROUTES,
  dns: DNS,
}
const OLD_IP: GoType = { ip: "prefix", gateway: "ip", routes: ROUTES }
const OLD_RESULT: GoType = { ip4: OLD_IP, ip6: OLD_IP, dns: DNS }

/** Whether encoding/json could decode it: null and a missing key leave any Go value empty. */
function isTyped(value: unknown, type: GoType): boolean {
  if (value === undefined || value === null) return true
  if (type === "int") return Number.isSafeInteger(value)
  if (typeof type === "string") return typeof value === "string" && isText(value, type)
  if ("list" in type) {
    const { list } = type
    return Array.isArray(value) && value.every((entry) => isTyped(entry, list as GoType))
  }
  if (!isObject(value)) return false
  for (const key in type) if (!isTyped(member(value, key), type[key] as GoType)) return false
  return true
}

function isText(text: string, type: "string" | "ip" | "prefix"): boolean {
  if (type === "prefix") return text.includes("/") && parsePrefix(text) !== undefined
  return type === "string" || text === "" || parseAddress(text) !== undefined
}

/** Go's encoding/json prefers the exact key and accepts it in any case. */
function member(value: Record<string, unknown>, key: string): unknown {
  if (key in value) return value[key]
  const other = Object.keys(value).find((name) => name.toLowerCase() === key)
  return other === undefined ? undefined : value[other]
}

function listIn(value: Record<string, unknown>, key: string): Record<string, unknown>[] {
  const list = member(value, key)
  return Array.isArray(list) ? list.filter(isObject) : []
}
