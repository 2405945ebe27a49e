import { isObject, parseJson } from "../../../cni/json.ts"
import { type CallFacts, type CallRule, text, wholeText } from "../call-facts.ts"
import { issue, libcni, spec } from "../rule-source.ts"

/** Whether a failure reaches the runtime: exit status and an error object on stdout. */
export const FAILURE_RULES: CallRule[] = [
  {
    id: "error-with-exit-0",
    severity: "error",
    title: "error object on stdout, but exit status 0",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy: "Exit with a non-zero status: the runtime treats this call as a success with an empty result.",
    check: ({ isOk, error, pieces }) =>
      isOk && error && pieces.length === 1
        ? [{ detail: text(error.msg ?? error.code), stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "result-with-failure",
    severity: "error",
    title: "result on stdout, but non-zero exit status",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy: "Print an error object instead: the runtime reports this failure with an empty message.",
    check: ({ isFailed, result, pieces }) =>
      isFailed && result
        ? [{ detail: "the error message will be empty", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "failure-silent",
    severity: "error",
    title: "failed without printing anything",
    source: issue("containernetworking/cni#732"),
    remedy: "Print an error object on stdout; until then, look for the cause in the plugin's own log at this time.",
    check: (facts) =>
      facts.isFailed && isBlank(facts.stdout) && isBlank(wholeText(facts.call.stderr))
        ? [{ detail: exitDetail(facts), stream: "exit" }]
        : [],
  },
  {
    id: "failure-not-json",
    severity: "warning",
    title: "failed, and stdout is not JSON",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy:
      "Print an error object on stdout: otherwise the runtime reports a JSON parser's error instead of the cause.",
    check: ({ isFailed, pieces }) =>
      isFailed && pieces.length > 0 && pieces.every(({ kind }) => kind === "text")
        ? [{ detail: "no error object", stream: "stdout", at: pieces[0]?.from ?? 0 }]
        : [],
  },
  {
    id: "failure-only-on-stderr",
    severity: "warning",
    title: "failed with a message on stderr only",
    source: spec("5, Error"),
    remedy: "Print an error object on stdout: runtimes that are not based on libcni do not show stderr.",
    check: ({ isFailed, stdout, call }) =>
      isFailed && isBlank(stdout) && isOtherText(wholeText(call.stderr))
        ? [{ detail: "no error object", stream: "stderr", at: 0 }]
        : [],
  },
  {
    id: "error-on-stderr",
    severity: "warning",
    title: "error object on stderr instead of stdout",
    source: spec("5, Error"),
    remedy: "Print it on stdout: libcni looks for it only there and shows stderr as raw text.",
    check: ({ isFailed, stdout, call }) =>
      isFailed && isBlank(stdout) && isErrorObject(wholeText(call.stderr))
        ? [{ detail: "stdout is empty", stream: "stderr", at: 0 }]
        : [],
  },
  {
    id: "stderr-discarded",
    severity: "note",
    title: "stderr of a failed call is discarded by the runtime",
    source: libcni("pkg/invoke/raw_exec.go"),
    remedy: "Read it here: libcni drops stderr if stdout is not empty.",
    check: ({ isFailed, stdout, call }) =>
      isFailed && stdout !== undefined && !isBlank(stdout) && !isBlank(wholeText(call.stderr) ?? "")
        ? [{ detail: `${call.stderr?.sizeBytes} bytes of stderr`, stream: "stderr", at: 0 }]
        : [],
  },
]

function exitDetail({ call }: CallFacts): string {
  return call.exit && "code" in call.exit ? `exit ${call.exit.code}` : ""
}

function isBlank(content: string | undefined): boolean {
  return content !== undefined && content.trim() === ""
}

function isOtherText(content: string | undefined): boolean {
  return content !== undefined && content.trim() !== "" && !isErrorObject(content)
}

function isErrorObject(content: string | undefined): boolean {
  if (!content?.trimStart().startsWith("{")) return false
  const value = parseJson(content)
  return isObject(value) && "msg" in value
}
