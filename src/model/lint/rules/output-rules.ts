import { redact } from "../../../capture/redact/redact.ts"
import { REDACTED } from "../../../capture/redact/redacted.ts"
import { isCommand } from "../../../cni/command.ts"
import { isObject } from "../../../cni/json.ts"
import type { OutputPiece } from "../../result/document.ts"
import { type CallFacts, type CallRule, text } from "../call-facts.ts"
import { duplicateKeys } from "../duplicate-key.ts"
import type { CallHit } from "../finding.ts"
import { issue, spec } from "../rule-source.ts"

/** The form of what a plugin printed: one JSON document, complete, and nothing else on stdout. */
export const OUTPUT_RULES: CallRule[] = [
  {
    id: "stdout-two-documents",
    severity: "error",
    title: "two JSON documents on stdout",
    source: issue("containernetworking/cni#571"),
    remedy: "Print one result or one error, and nothing after it.",
    check: ({ pieces }) => {
      const [first, second] = pieces.filter(({ kind }) => kind === "json")
      if (!first || !second) return []
      return [{ detail: "a second document follows the first", stream: "stdout", at: second.from }]
    },
  },
  {
    id: "stdout-text-before-json",
    severity: "error",
    title: "text before the JSON on stdout",
    source: issue("aws/amazon-vpc-cni-k8s#1248"),
    remedy: "Log to stderr or to a file, never to stdout.",
    check: ({ pieces }) => {
      const json = pieces.findIndex(({ kind }) => kind === "json")
      const piece = pieces[0]
      if (json < 1 || piece?.kind !== "text") return []
      return [{ detail: `the JSON starts after ${pieces[json]?.from} characters`, stream: "stdout", at: piece.from }]
    },
  },
  {
    id: "stdout-text-after-json",
    severity: "error",
    title: "text after the JSON on stdout",
    source: issue("containernetworking/cni#571"),
    remedy: "Log to stderr or to a file, never to stdout.",
    check: ({ pieces }) => {
      const json = pieces.findIndex(({ kind }) => kind === "json")
      const piece = json < 0 ? undefined : pieces.slice(json + 1).find(({ kind }) => kind !== "json")
      return piece ? [{ detail: "JSON parsers reject it", stream: "stdout", at: piece.from }] : []
    },
  },
  {
    id: "stdout-incomplete",
    severity: "error",
    title: "incomplete JSON on stdout",
    source: issue("containernetworking/cni#670"),
    remedy: "Write the whole document before exiting; look for a write to a closed pipe or an early exit.",
    check: ({ pieces, stdout }) => {
      const piece = pieces.find(({ kind }) => kind === "broken")
      return piece
        ? [{ detail: "the document is never closed", stream: "stdout", at: piece.to, excerpt: tail(stdout, piece) }]
        : []
    },
  },
  {
    id: "stdout-not-json",
    severity: "error",
    title: "stdout of a successful ADD is not JSON",
    source: spec("5, ADD success"),
    remedy: "Print the result as JSON on stdout, and logs on stderr.",
    check: ({ call, isOk, pieces }) =>
      call.command === "ADD" && isOk && pieces.length > 0 && pieces.every(({ kind }) => kind === "text")
        ? [{ detail: "no JSON document found", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "stdout-not-object",
    severity: "error",
    title: "stdout of a successful ADD is not a JSON object",
    source: spec("5, ADD success"),
    remedy: 'Print a result object, at least `{"cniVersion": ...}`.',
    check: ({ call, isOk, pieces }) => {
      const [piece] = pieces
      if (call.command !== "ADD" || !isOk || pieces.length !== 1 || piece?.kind !== "json") return []
      return isObject(piece.value) ? [] : [{ detail: `it is ${text(piece.value)}`, stream: "stdout", at: piece.from }]
    },
  },
  {
    id: "stdout-binary",
    severity: "error",
    title: "stdout is not UTF-8",
    source: spec("5, ADD success"),
    remedy: "Print JSON in UTF-8.",
    check: ({ call }) =>
      call.stdout && "base64" in call.stdout
        ? [{ detail: `${call.stdout.sizeBytes} bytes`, stream: "stdout", excerpt: call.stdout.base64.slice(0, 40) }]
        : [],
  },
  {
    id: "add-no-result",
    severity: "error",
    title: "ADD succeeded without printing a result",
    source: issue("cilium/cilium#7978"),
    remedy: "Print a result before exiting with 0; check whether a deferred function overwrites an error.",
    check: ({ call, isOk, pieces, stdout }) =>
      call.command === "ADD" && isOk && stdout !== undefined && pieces.length === 0
        ? [{ detail: "exit 0, and stdout is empty", stream: "stdout", at: 0 }]
        : [],
  },
  {
    id: "del-prints",
    severity: "note",
    title: "DEL printed to stdout",
    source: spec("2, DEL"),
    remedy: "Print nothing: runtimes ignore it, and other readers may take it for an error.",
    check: (facts) => (facts.call.command === "DEL" && facts.isOk ? unexpectedOutput(facts) : []),
  },
  {
    id: "check-prints",
    severity: "note",
    title: "CHECK printed to stdout",
    source: spec("2, CHECK"),
    remedy: "Print nothing, or an error.",
    check: (facts) => (facts.call.command === "CHECK" && facts.isOk ? unexpectedOutput(facts) : []),
  },
  {
    id: "status-prints",
    severity: "note",
    title: "a successful STATUS or GC printed to stdout",
    source: spec("2, STATUS"),
    remedy: "Print nothing on success.",
    check: (facts) =>
      (facts.call.command === "STATUS" || facts.call.command === "GC") && facts.isOk ? unexpectedOutput(facts) : [],
  },
  {
    id: "version-reply-malformed",
    severity: "error",
    title: "malformed reply to VERSION",
    source: spec("5, VERSION success"),
    remedy: "Print `cniVersion` and `supportedVersions`: CRI-O and cri-dockerd reject the network otherwise.",
    check: ({ call, isOk, result, stdout }) => {
      if (call.command !== "VERSION" || !isOk || stdout === undefined) return []
      const versions = result?.supportedVersions
      const isList =
        Array.isArray(versions) && versions.length > 0 && versions.every((version) => typeof version === "string")
      if (result && typeof result.cniVersion === "string" && isList) return []
      const detail = !result
        ? "not a JSON object"
        : isList
          ? "cniVersion is missing"
          : "supportedVersions is not a list of versions"
      return [{ detail, stream: "stdout", at: 0 }]
    },
  },
  {
    id: "stdout-duplicate-key",
    severity: "warning",
    title: "duplicate key in a JSON object on stdout",
    source: spec("5, ADD success"),
    remedy: "Print each key once: parsers differ in which of the values they use.",
    check: ({ call, stdout, pieces }) =>
      stdout !== undefined && pieces.length === 1 && pieces[0]?.kind === "json" && isCommand(call.command)
        ? duplicateKeys(stdout).map(({ pointer, at }) => ({ detail: pointer, stream: "stdout", at }))
        : [],
  },
  {
    id: "secret-in-output",
    severity: "error",
    title: "plugin output appears to contain a secret",
    source: issue("projectcalico/cni-plugin#360"),
    remedy: "Stop logging the configuration: plugin output ends up in the runtime's log and in Events.",
    check: ({ call }) => [...secretsIn(call.stderr, "stderr"), ...secretsIn(call.stdout, "stdout")],
  },
]

function unexpectedOutput({ pieces, error }: CallFacts): CallHit[] {
  const [piece] = pieces
  return piece && !error ? [{ detail: "", stream: "stdout", at: piece.from }] : []
}

/** What the relay redacted or, in a raw capture, would have redacted. The finding itself never contains the secret. */
function secretsIn(payload: CallFacts["call"]["stdout"], stream: "stdout" | "stderr"): CallHit[] {
  if (!payload) return []
  const recorded = "text" in payload ? payload.text : ""
  const { text, redacted } = payload.redacted ? { text: recorded, redacted: payload.redacted } : redact(recorded)
  const secrets = redacted.filter((path) => (path === "text" ? !isPodMetadata(text) : !POD_METADATA.test(path)))
  return secrets.length > 0 ? [{ detail: `at ${secrets.join(", ")}`, stream, excerpt: "" }] : []
}

/** Annotations are redacted because they may contain anything; Calico logs those of the pod with every ADD. */
const POD_METADATA = /(?:annotations|last-applied-configuration|\blabels)\W*$/i

/** Whether everything that was redacted in a text is metadata of the pod. */
function isPodMetadata(text: string): boolean {
  const before = text.split(REDACTED).slice(0, -1)
  return before.length > 0 && before.every((piece) => POD_METADATA.test(piece))
}

function tail(stdout: string | undefined, { to }: OutputPiece): string {
  return stdout?.slice(Math.max(0, to - 60), to) ?? ""
}
