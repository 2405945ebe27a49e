import { LiteralSet } from "../../capture/redact/literal-set.ts"
import { redact } from "../../capture/redact/redact.ts"
import { REDACTED } from "../../capture/redact/secret-value.ts"
import { isCommand } from "../../cni/command.ts"
import { isObject } from "../../cni/json.ts"
import type { OutputPiece } from "../result/document.ts"
import { type CallFacts, type CallRule, text, wholeText } from "./call-facts.ts"
import { duplicateKeys } from "./duplicate-key.ts"
import type { CallHit } from "./finding.ts"
import { issue, libcni, spec } from "./rule-source.ts"

/** What a plugin printed, as streams: is it one document, is it there, where does anything else stand. */
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
      return [{ detail: `a second document follows the first`, stream: "stdout", at: second.from }]
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
      return [{ detail: `the JSON begins after ${pieces[json]?.from} characters`, stream: "stdout", at: piece.from }]
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
      return piece ? [{ detail: "a parser stops at it", stream: "stdout", at: piece.from }] : []
    },
  },
  {
    id: "stdout-cut-off",
    severity: "error",
    title: "JSON on stdout that ends in the middle",
    source: issue("containernetworking/cni#670"),
    remedy: "Write the whole document before exiting; look for a write to a closed pipe or an early exit.",
    check: ({ pieces, stdout }) => {
      const piece = pieces.find(({ kind }) => kind === "broken")
      return piece
        ? [{ detail: "it is never closed", stream: "stdout", at: piece.to, excerpt: tail(stdout, piece) }]
        : []
    },
  },
  {
    id: "stdout-not-json",
    severity: "error",
    title: "stdout of a successful ADD is not JSON",
    source: spec("5, ADD success"),
    remedy: "Print the result as JSON, and logs to stderr.",
    check: ({ call, isOk, pieces }) =>
      call.command === "ADD" && isOk && pieces.length > 0 && pieces.every(({ kind }) => kind === "text")
        ? [{ detail: "no document in it", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "stdout-not-object",
    severity: "error",
    title: "the answer to ADD is JSON but no object",
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
    title: "ADD succeeded without a result",
    source: issue("cilium/cilium#7978"),
    remedy: "Print a result before exiting with 0; look for an error that a deferred function overwrote.",
    check: ({ call, isOk, pieces, stdout }) =>
      call.command === "ADD" && isOk && stdout !== undefined && pieces.length === 0
        ? [{ detail: "exit 0, and nothing on stdout", stream: "stdout", at: 0 }]
        : [],
  },
  {
    id: "error-with-exit-0",
    severity: "error",
    title: "an error on stdout, and exit status 0",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy: "Exit with another status than 0: a runtime takes this call for a success with an empty result.",
    check: ({ isOk, error, pieces }) =>
      isOk && error && pieces.length === 1
        ? [{ detail: text(error.msg ?? error.code), stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "result-with-failure",
    severity: "error",
    title: "a result on stdout, and an exit status that is not 0",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy: "Print an error object instead: a runtime reports this failure with an empty message.",
    check: ({ isFailed, result, pieces }) =>
      isFailed && result
        ? [{ detail: "the failure's message will be empty", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "failure-silent",
    severity: "error",
    title: "failed and printed nothing at all",
    source: issue("containernetworking/cni#732"),
    remedy: "Print an error object on stdout; until then look for the cause in the plugin's own log at this time.",
    check: (facts) =>
      facts.isFailed && isBlank(facts.stdout) && isBlank(wholeText(facts.call.stderr))
        ? [{ detail: exitWords(facts), stream: "exit" }]
        : [],
  },
  {
    id: "failure-not-json",
    severity: "warning",
    title: "failed, and what it printed on stdout is no JSON",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy: "Print an error object on stdout: a runtime reports a parser's complaint instead of the cause.",
    check: ({ isFailed, pieces }) =>
      isFailed && pieces.length > 0 && pieces.every(({ kind }) => kind === "text")
        ? [{ detail: "no error object", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "failure-only-on-stderr",
    severity: "warning",
    title: "failed, with text on stderr and nothing on stdout",
    source: spec("5, Error"),
    remedy: "Print an error object on stdout: other runtimes than those on libcni do not show stderr.",
    check: ({ isFailed, stdout, call }) =>
      isFailed && isBlank(stdout) && isText(wholeText(call.stderr))
        ? [{ detail: "no error object", stream: "stderr", at: 0 }]
        : [],
  },
  {
    id: "error-on-stderr",
    severity: "warning",
    title: "the error object is on stderr",
    source: spec("5, Error"),
    remedy: "Print it on stdout: libcni looks for it there only, and shows this one as raw text.",
    check: ({ isFailed, stdout, call }) =>
      isFailed && isBlank(stdout) && isErrorText(wholeText(call.stderr))
        ? [{ detail: "stdout is empty", stream: "stderr", at: 0 }]
        : [],
  },
  {
    id: "stderr-thrown-away",
    severity: "note",
    title: "a failure's stderr that no runtime shows",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy: "Read it here: libcni drops stderr when stdout holds the error.",
    check: ({ isFailed, stdout, call }) =>
      isFailed && stdout !== undefined && !isBlank(stdout) && !isBlank(wholeText(call.stderr) ?? "")
        ? [{ detail: `${call.stderr?.sizeBytes} bytes of stderr`, stream: "stderr", at: 0 }]
        : [],
  },
  {
    id: "del-prints",
    severity: "note",
    title: "DEL printed something on stdout",
    source: spec("2, DEL"),
    remedy: "Print nothing: runtimes ignore it, and other readers take it for an error.",
    check: (facts) => (facts.call.command === "DEL" && facts.isOk ? printed(facts) : []),
  },
  {
    id: "check-prints",
    severity: "note",
    title: "CHECK printed something on stdout",
    source: spec("2, CHECK"),
    remedy: "Print nothing or an error.",
    check: (facts) => (facts.call.command === "CHECK" && facts.isOk ? printed(facts) : []),
  },
  {
    id: "status-prints",
    severity: "note",
    title: "STATUS or GC succeeded and printed something on stdout",
    source: spec("2, STATUS"),
    remedy: "Print nothing on success.",
    check: (facts) =>
      (facts.call.command === "STATUS" || facts.call.command === "GC") && facts.isOk ? printed(facts) : [],
  },
  {
    id: "stdout-duplicate-key",
    severity: "warning",
    title: "a key comes twice in one object on stdout",
    source: spec("5, ADD success"),
    remedy: "Print each key once: parsers differ in which of the two they take.",
    check: ({ call, stdout, pieces }) =>
      stdout !== undefined && pieces.length === 1 && pieces[0]?.kind === "json" && isCommand(call.command)
        ? duplicateKeys(stdout).map(({ pointer, at }) => ({ detail: pointer, stream: "stdout", at }))
        : [],
  },
  {
    id: "secret-in-output",
    severity: "error",
    title: "a plugin prints what looks like a secret",
    source: issue("projectcalico/cni-plugin#360"),
    remedy: "Stop logging the configuration: what is printed ends in the runtime's log and in Events.",
    check: ({ call }) => [...secretsIn(call.stderr, "stderr"), ...secretsIn(call.stdout, "stdout")],
  },
]

function printed({ pieces, error }: CallFacts): CallHit[] {
  const [piece] = pieces
  return piece && !error ? [{ detail: "", stream: "stdout", at: piece.from }] : []
}

/** What the relay took out on writing, or, in a raw capture, what it would have. The finding never repeats it. */
function secretsIn(payload: CallFacts["call"]["stdout"], stream: "stdout" | "stderr"): CallHit[] {
  if (!payload) return []
  const recorded = "text" in payload ? payload.text : ""
  // As the relay does it: a text without a mark is not searched.
  if (!payload.redacted && !new LiteralSet(recorded).isIn(0, recorded.length)) return []
  const { text, redacted } = payload.redacted ? { text: recorded, redacted: payload.redacted } : redact(recorded)
  const secrets = redacted.filter((place) => (place === "text" ? !isPodsOwn(text) : !PODS_OWN.test(place)))
  return secrets.length > 0 ? [{ detail: `at ${secrets.join(", ")}`, stream, excerpt: "" }] : []
}

/** Annotations are taken out because anything may be in them; Calico logs a pod's with every ADD. */
const PODS_OWN = /(?:annotations|last-applied-configuration|\blabels)\W*$/i

/** Whether all that was taken out of a text is the pod's own. */
function isPodsOwn(text: string): boolean {
  const before = text.split(REDACTED).slice(0, -1)
  return before.length > 0 && before.every((piece) => PODS_OWN.test(piece))
}

function exitWords({ call }: CallFacts): string {
  return call.exit && "code" in call.exit ? `exit ${call.exit.code}` : ""
}

function tail(stdout: string | undefined, { to }: OutputPiece): string {
  return stdout?.slice(Math.max(0, to - 60), to) ?? ""
}

function isBlank(content: string | undefined): boolean {
  return content !== undefined && content.trim() === ""
}

function isText(content: string | undefined): boolean {
  return content !== undefined && content.trim() !== "" && !isErrorText(content)
}

function isErrorText(content: string | undefined): boolean {
  if (!content?.trimStart().startsWith("{")) return false
  try {
    const value: unknown = JSON.parse(content)
    return isObject(value) && "msg" in value
  } catch {
    return false
  }
}
