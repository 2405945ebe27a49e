/**
 * One step of an install: a single change of the file system, or a trial. A plan is a list of them, the journal is
 * the list of those begun, and undoing is reading that list backwards. Paths are the node's, without `--root`.
 */
export type Step =
  | { kind: "mkdir"; path: string; mode: number }
  /** a second name for the same file; a copy with all attributes where the file system has no hard links */
  | { kind: "link"; from: string; path: string }
  | { kind: "symlink"; target: string; path: string }
  /** a new file: the relay, with the attributes of the file `like`; or text */
  | { kind: "write"; path: string; relay: { sha256: string; like?: string } }
  | { kind: "write"; path: string; text: string; mode: number }
  /** the edited text of a network configuration, with the attributes of the file it came from */
  | { kind: "write"; path: string; edit: { from: string; sha256: string; text: string } }
  /** VERSION through the relay must be, to the byte, VERSION of the original; a probe, which has none, must answer it */
  | { kind: "verify"; plugin: string; relay: string; original?: string; argv0: string }
  | { kind: "rename"; from: string; path: string; undo: Rollback }
  | { kind: "remove"; path: string }

/** How a rename is taken back. Each looks at what is there now: what somebody else has changed since is left. */
export type Rollback =
  /** the relay with this hash stands at the path: the original goes back */
  | { kind: "restore"; plugin: string; original: string; relaySha256: string }
  /** path mode: the relay gives way to a symlink to the plugin, which goes once no runtime looks there */
  | { kind: "forward"; plugin: string; original: string; relaySha256: string }
  /** `cni_pre` or `cni_post`: stays, recording nothing, while a cached configuration names it */
  | { kind: "probe"; plugin: string; relaySha256: string }
  /** the network configuration with this hash gives way to the saved one; changed since: only our entries go */
  | { kind: "unedit"; saved: string; originalSha256: string; editedSha256: string }
  /** the saved copy of a symlink points where it pointed before */
  | { kind: "repoint"; target: string }
  /** an original that took the place of an older one: the step that made the name removes it */
  | { kind: "keep" }
  /** a file of ours */
  | { kind: "remove" }

/** One line for people. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case "mkdir":
      return `make directory ${step.path} (${step.mode.toString(8).padStart(4, "0")})`
    case "link":
      return `link ${step.from} as ${step.path}`
    case "symlink":
      return `make symlink ${step.path} to ${step.target}`
    case "write":
      return `write ${step.path} ${contentText(step)}`
    case "verify":
      return step.original
        ? `compare VERSION through ${step.relay} with ${step.original}`
        : `ask ${step.relay} for its VERSION`
    case "rename":
      return `rename ${step.from} to ${step.path}`
    case "remove":
      return `remove ${step.path}`
  }
}

function contentText(step: Extract<Step, { kind: "write" }>): string {
  if ("relay" in step) return step.relay.like ? `(the relay, attributes of ${step.relay.like})` : "(the relay)"
  return "edit" in step ? `(attributes of ${step.edit.from})` : `(${step.mode.toString(8).padStart(4, "0")})`
}
