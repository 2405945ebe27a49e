import { duration, errorText, exitText } from "../../format.ts"
import type { CallRule } from "../call-facts.ts"
import { issue, libcni, spec } from "../rule-source.ts"

/** A healthy call takes well under a second; containerd allows four minutes for a whole pod sandbox. */
export const HANG_MS = 30_000

/** How the plugin's process ran and ended. `nowMs`: the time at which the capture is read, since 1970. */
export function processRules(nowMs: number): CallRule[] {
  return [
    {
      id: "killed-by-signal",
      severity: "error",
      title: "plugin was terminated by a signal",
      source: issue("containernetworking/cni#732"),
      remedy: "Read its stderr here: after a crash, runtimes report only `netplugin failed with no error message`.",
      check: ({ call }) =>
        call.exit && "signal" in call.exit
          ? [{ detail: exitText(call.exit), stream: call.stderr?.sizeBytes ? "stderr" : "exit" }]
          : [],
    },
    {
      id: "not-started",
      severity: "error",
      title: "plugin could not be started",
      source: libcni("pkg/invoke/find.go"),
      remedy: "Check that the file is complete, executable and built for this machine's architecture.",
      check: ({ call }) =>
        call.exit && "errno" in call.exit ? [{ detail: errorText(call.exit.errno), stream: "exit" }] : [],
    },
    {
      id: "killed-by-runtime",
      severity: "error",
      title: "call was killed before it ended",
      source: issue("containerd/containerd#5438"),
      remedy: "Find out what the plugin waited for: the runtime's timeout expired, and resources may be left behind.",
      check: ({ call }) => (call.state === "killed" ? [{ detail: "began but never ended", stream: "exit" }] : []),
    },
    {
      id: "hung",
      severity: "error",
      title: "call appears to hang",
      source: issue("kubernetes/kubernetes#53446"),
      remedy: "Find out what the plugin waits for (`cnitap ps`, its stack, its agent).",
      check: ({ call }) => {
        const ms = nowMs - call.wallMs
        return call.state === "running" && ms >= HANG_MS
          ? [{ detail: `running for ${duration(ms)}`, stream: "exit" }]
          : []
      },
    },
    {
      id: "del-needs-netns",
      severity: "error",
      title: "DEL fails because the network namespace is gone",
      source: spec("2, DEL"),
      remedy: "Release what does not need the namespace, and succeed: until then the pod is stuck in Terminating.",
      check: ({ call, isFailed, error, stdout }) => {
        if (call.command !== "DEL" || !isFailed) return []
        const message = `${typeof error?.msg === "string" ? error.msg : ""} ${typeof error?.details === "string" ? error.details : ""}`
        // With an empty CNI_NETNS a plugin can still fail for other reasons, such as an agent that is down.
        const isAboutNetns = call.netns
          ? NAMESPACE.test(message) && ABSENT.test(message)
          : NAMESPACE.test(message) || error?.code === 4
        if (!isAboutNetns) return []
        return [
          {
            detail: call.netns ? "the file of the namespace is gone" : "CNI_NETNS is empty",
            stream: "stdout",
            ...(stdout ? { at: 0 } : {}),
          },
        ]
      },
    },
  ]
}

const NAMESPACE = /netns|network namespace|\/ns\/net/i
const ABSENT = /no such file|not exist|not found|failed to Statfs|unknown FS magic/i
