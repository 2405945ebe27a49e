/**
 * The commands a runtime passes in CNI_COMMAND (SPEC section 2), since which spec version, and the variables that
 * libcni's skel insists on (pkg/skel/skel.go getCmdArgsFromEnv).
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

/** Whether the text is a command of the specification; anything else is still recorded, as it came. */
export function isCommand(text: string | undefined): text is Command {
  return text !== undefined && Object.hasOwn(COMMANDS, text)
}
