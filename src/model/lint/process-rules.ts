import { duration, errorText, exitText } from "../format.ts"
import type { CallRule } from "./call-facts.ts"
import { issue, libcni, spec } from "./rule-source.ts"

/** A healthy call takes well under a second; containerd gives a whole pod sandbox four minutes. */
export const HANG_MS = 30_000

/** How a plugin's process ran and ended. `nowMs` is when the capture is looked at. */
export function processRules(nowMs: number): CallRule[] {
  return [
    {
      id: "killed-by-signal",
      severity: "error",
      title: "a plugin that died of a signal",
      source: issue("containernetworking/cni#732"),
      remedy:
        "Read its stderr here: after a crash a runtime says no more than `netplugin failed with no error message`.",
      check: ({ call }) =>
        call.exit && "signal" in call.exit ? [{ detail: exitText(call.exit), stream: "exit" }] : [],
    },
    {
      id: "not-started",
      severity: "error",
      title: "a plugin that could not be started",
      source: libcni("pkg/invoke/find.go"),
      remedy: "Check that the file is whole, executable and of this machine's architecture.",
      check: ({ call }) =>
        call.exit && "errno" in call.exit ? [{ detail: errorText(call.exit.errno), stream: "exit" }] : [],
    },
    {
      id: "killed-by-runtime",
      severity: "error",
      title: "a call that was killed before it ended",
      source: issue("containerd/containerd#5438"),
      remedy:
        "Look at what the plugin waited for: the runtime's time-out ended it, and its resources may be left behind.",
      check: ({ call }) => (call.state === "killed" ? [{ detail: "began and never ended", stream: "exit" }] : []),
    },
    {
      id: "hung",
      severity: "error",
      title: "a call that has been running for long",
      source: issue("kubernetes/kubernetes#53446"),
      remedy: "Look at what the plugin waits for (`cnitap ps`, its stack, its agent).",
      check: ({ call }) => {
        const ms = nowMs - call.wallMs
        return call.state === "running" && ms >= HANG_MS ? [{ detail: `for ${duration(ms)}`, stream: "exit" }] : []
      },
    },
    {
      id: "del-needs-netns",
      severity: "error",
      title: "DEL that fails because the network namespace is gone",
      source: spec("2, DEL"),
      remedy: "Release everything that needs no namespace, and succeed: the pod is stuck in Terminating until it does.",
      check: ({ call, isFailed, error, stdout }) => {
        if (call.command !== "DEL" || !isFailed) return []
        const detail = `${typeof error?.msg === "string" ? error.msg : ""} ${typeof error?.details === "string" ? error.details : ""}`
        // With an empty CNI_NETNS a plugin may still fail for another reason, such as an agent that is away.
        const isOfNetns = call.netns
          ? NAMESPACE.test(detail) && ABSENT.test(detail)
          : NAMESPACE.test(detail) || error?.code === 4
        if (!isOfNetns) return []
        const at = stdout ? 0 : undefined
        return [
          {
            detail: call.netns ? "the namespace's file is gone" : "CNI_NETNS is empty",
            stream: "stdout",
            ...(at === undefined ? {} : { at }),
          },
        ]
      },
    },
  ]
}

const NAMESPACE = /netns|network namespace|\/ns\/net/i
const ABSENT = /no such file|not exist|not found|failed to Statfs|unknown FS magic/i
