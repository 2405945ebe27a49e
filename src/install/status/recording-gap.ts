/** Part of an active network that an install should record and does not: the list has changed since the install. */
export type RecordingGap =
  | {
      kind: "plugin"
      plugin: string
      /** how the network reaches it: "the list", "IPAM of calico" */
      via?: string
      /** file of the active network */
      list: string
      /** the file that the runtime executes; missing if there is none */
      path?: string
      /**
       * `not-installed`: the next install records it; `missing`: it is in no plugin directory, so every call fails before
       * it starts; `excluded`: an install would not record it either
       */
      cause: "not-installed" | "missing" | "excluded"
      /** why, unless `not-installed` */
      reason?: string
    }
  /** chain mode: an active list without the probes */
  | { kind: "list"; list: string; cause: "not-installed" }

/** The gap as a sentence: "portmap of the active list /etc/cni/net.d/10-pods.conflist is not recorded". */
export function gapText(gap: RecordingGap): string {
  if (gap.kind === "list") return `the active list ${gap.list} is not recorded: it has no cni_pre and cni_post`
  const via = gap.via === undefined || gap.via === "the list" ? "" : ` (${gap.via})`
  const which = `${gap.plugin}${via} of the active list ${gap.list}`
  if (gap.cause === "missing") return `${which} is missing: ${gap.reason}`
  return `${which} is not recorded${gap.reason === undefined ? "" : `: ${gap.reason}`}`
}

/** Whether an install could do something about it, or the node is broken. What no install records is not a problem. */
export function isProblem({ cause }: RecordingGap): boolean {
  return cause !== "excluded"
}
