/**
 * The commands a runtime passes in CNI_COMMAND (SPEC section 2): the specification version that introduced each, and
 * the variables required by libcni's skel (pkg/skel/skel.go getCmdArgsFromEnv).
 */
export const COMMANDS = {
  ADD: { since: "0.1.0", needs: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"] },
  DEL: { since: "0.1.0", needs: ["CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"] },
  CHECK: { since: "0.4.0", needs: ["CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"] },
  GC: { since: "1.1.0", needs: ["CNI_PATH"] },
  STATUS: { since: "1.1.0", needs: ["CNI_PATH"] },
  VERSION: { since: "0.2.0", needs: [] },
} as const satisfies Record<string, { since: string; needs: readonly string[] }>

export type Command = keyof typeof COMMANDS

/** Whether the text is a command of the specification. Other values are recorded unchanged. */
export function isCommand(text: string | undefined): text is Command {
  return text !== undefined && Object.hasOwn(COMMANDS, text)
}
