import type { Verb } from "./verb.ts"

/** What help and completion list of a verb; the rest is loaded when the verb is named. */
export type VerbEntry = {
  name: string
  /** one line of an 80-column terminal, beside the name */
  summary: string
  load(): Promise<Verb>
}

export type VerbGroup = { title: string; verbs: readonly VerbEntry[] }

/** Every verb, in the order of the help. A command line loads one of them: starting up is most of what a short one costs. */
export const VERB_GROUPS: readonly VerbGroup[] = [
  {
    title: "Record",
    verbs: [
      {
        name: "plan",
        summary: "show what install would do and record; changes nothing",
        load: async () => (await import("./verbs/plan.ts")).plan,
      },
      {
        name: "install",
        summary: "install the relay in front of this node's plugins",
        load: async () => (await import("./verbs/install.ts")).install,
      },
      {
        name: "observe",
        summary: "record calls from the kernel, with nothing changed",
        load: async () => (await import("./verbs/observe.ts")).observe,
      },
      {
        name: "status",
        summary: "show what is installed and whether it still records",
        load: async () => (await import("./verbs/status.ts")).status,
      },
      {
        name: "watch",
        summary: "reinstall the relay whenever an agent overwrites it",
        load: async () => (await import("./verbs/watch.ts")).watch,
      },
      {
        name: "uninstall",
        summary: "restore every plugin and network list; keep the capture",
        load: async () => (await import("./verbs/uninstall.ts")).uninstall,
      },
    ],
  },
  {
    title: "Inspect",
    verbs: [
      {
        name: "ls",
        summary: "list operations: time, pod, command, plugins, outcome",
        load: async () => (await import("./verbs/ls.ts")).ls,
      },
      {
        name: "show",
        summary: "show an operation or a call in full: env, streams, exit",
        load: async () => (await import("./verbs/show.ts")).show,
      },
      {
        name: "tail",
        summary: "list the latest calls; -f follows new ones",
        load: async () => (await import("./verbs/tail.ts")).tail,
      },
      {
        name: "ps",
        summary: "list calls in flight, the longest-running first",
        load: async () => (await import("./verbs/ps.ts")).ps,
      },
      {
        name: "stats",
        summary: "count and time calls by plugin and command",
        load: async () => (await import("./verbs/stats.ts")).stats,
      },
    ],
  },
  {
    title: "Diagnose",
    verbs: [
      {
        name: "explain",
        summary: "explain why an operation failed, and what to do next",
        load: async () => (await import("./verbs/explain.ts")).explain,
      },
      {
        name: "diff",
        summary: "show what each plugin changed; compare pods or captures",
        load: async () => (await import("./verbs/diff.ts")).diff,
      },
      {
        name: "lint",
        summary: "find violations of the CNI specification",
        load: async () => (await import("./verbs/lint.ts")).lint,
      },
      {
        name: "ledger",
        summary: "list attachments that were not deleted; find leaks",
        load: async () => (await import("./verbs/ledger.ts")).ledger,
      },
      {
        name: "who-owns",
        summary: "show which pods own or owned an IP address",
        load: async () => (await import("./verbs/who-owns.ts")).whoOwns,
      },
      {
        name: "decode",
        summary: "turn byte lists, escapes and base64 back into JSON",
        load: async () => (await import("./verbs/decode.ts")).decode,
      },
      {
        name: "doctor",
        summary: "find what keeps this node from creating pods",
        load: async () => (await import("./verbs/doctor.ts")).doctor,
      },
    ],
  },
  {
    title: "Share",
    verbs: [
      {
        name: "serve",
        summary: "serve a web page over a capture, updated live",
        load: async () => (await import("./verbs/serve.ts")).serve,
      },
      {
        name: "export",
        summary: "write calls as JSON, HTML, traces, a bundle or a script",
        load: async () => (await import("./verbs/export.ts")).exportVerb,
      },
    ],
  },
]
