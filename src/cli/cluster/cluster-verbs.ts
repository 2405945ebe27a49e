import type { VerbGroup } from "../verbs.ts"

/** Every verb of `kubectl cnitap`, in the order of its help. */
export const CLUSTER_VERB_GROUPS: readonly VerbGroup[] = [
  {
    title: "Record",
    verbs: [
      {
        name: "install",
        summary: "record the plugins of these nodes, for a limited time",
        load: async () => (await import("./install.ts")).clusterInstall,
      },
      {
        name: "status",
        summary: "show which nodes are recorded, until when, and by what",
        load: async () => (await import("./status.ts")).clusterStatus,
      },
      {
        name: "uninstall",
        summary: "restore every node, and remove everything",
        load: async () => (await import("./uninstall.ts")).clusterUninstall,
      },
    ],
  },
  {
    title: "Inspect",
    verbs: [
      {
        name: "ls",
        summary: "list operations of all nodes in the order of time",
        load: async () => (await import("./ls.ts")).clusterLs,
      },
      {
        name: "show",
        summary: "show an operation or a call in full: env, streams, exit",
        load: async () => (await import("./subject-verbs.ts")).clusterShow,
      },
      {
        name: "tail",
        summary: "list the latest calls of all nodes; -f follows new ones",
        load: async () => (await import("./ls.ts")).clusterTail,
      },
      {
        name: "ps",
        summary: "list calls in flight on any node",
        load: async () => (await import("./rows-verbs.ts")).clusterPs,
      },
      {
        name: "stats",
        summary: "count and time calls by plugin and command",
        load: async () => (await import("./shipped-verbs.ts")).clusterStats,
      },
    ],
  },
  {
    title: "Diagnose",
    verbs: [
      {
        name: "explain",
        summary: "explain why an operation failed, and what to do next",
        load: async () => (await import("./subject-verbs.ts")).clusterExplain,
      },
      {
        name: "diff",
        summary: "compare pods or nodes; show what each plugin changed",
        load: async () => (await import("./shipped-verbs.ts")).clusterDiff,
      },
      {
        name: "lint",
        summary: "find violations of the CNI specification on any node",
        load: async () => (await import("./shipped-verbs.ts")).clusterLint,
      },
      {
        name: "ledger",
        summary: "list attachments that were not deleted; find leaks",
        load: async () => (await import("./rows-verbs.ts")).clusterLedger,
      },
      {
        name: "who-owns",
        summary: "show which pods own or owned an IP address",
        load: async () => (await import("./rows-verbs.ts")).clusterWhoOwns,
      },
      {
        name: "decode",
        summary: "turn byte lists, escapes and base64 back into JSON",
        load: async () => (await import("../verbs/decode.ts")).decode,
      },
      {
        name: "doctor",
        summary: "find what keeps any node from creating pods",
        load: async () => (await import("./rows-verbs.ts")).clusterDoctor,
      },
    ],
  },
  {
    title: "Share",
    verbs: [
      {
        name: "serve",
        summary: "serve a local web page over the live cluster",
        load: async () => (await import("./serve.ts")).clusterServe,
      },
      {
        name: "export",
        summary: "write the calls of all nodes as a bundle, HTML or traces",
        load: async () => (await import("./shipped-verbs.ts")).clusterExport,
      },
    ],
  },
]

/** What to type first. */
export const CLUSTER_FIRST_STEPS = `Start here:
  kubectl cnitap install --all   record every node for two hours
  kubectl cnitap ls -w           list what is called, as it happens
  kubectl cnitap explain POD     explain why a pod has no network
  kubectl cnitap uninstall       restore every node and remove everything
`
