/**
 * One step of an install: a single change of the file system, or a preflight check. A plan is a list of steps, the
 * journal lists those that were started, and undo reads that list backwards. Paths are the node's, without `--root`.
 */
export type InstallStep =
  | { kind: "mkdir"; path: string; mode: number }
  /** a hard link; a copy with all attributes if the file system has no hard links */
  | { kind: "link"; from: string; path: string }
  | { kind: "symlink"; target: string; path: string }
  /** a new file: the relay, with the attributes of the file `like`; or text */
  | { kind: "write"; path: string; relay: { sha256: string; like?: string } }
  | { kind: "write"; path: string; text: string; mode: number }
  /** the edited text of a network configuration, with the attributes of the file it came from */
  | { kind: "write"; path: string; edit: { from: string; sha256: string; text: string } }
  /**
   * preflight: VERSION through the relay must equal that of the original byte for byte; a probe must reply to it. A plugin
   * that the kernel cannot execute (`broken`: why) has no reply, so that the relay only has to run.
   */
  | { kind: "verify"; plugin: string; relay: string; original?: string; argv0: string; broken?: string }
  | { kind: "rename"; from: string; path: string; undo: Rollback }
  | { kind: "remove"; path: string }
  /** mode observe: start the observer, instead of one that runs; `args`: the flags of the node */
  | { kind: "observe"; args: string[] }

/** How a rename is undone. Each kind checks the current state and leaves what another program has changed since. */
export type Rollback =
  /** if the relay with this hash is at the path, restore the original */
  | { kind: "restore"; plugin: string; original: string; relaySha256: string }
  /** path mode: replace the relay with a symlink to the plugin; remove that once no runtime uses the directory */
  | { kind: "forward"; plugin: string; original: string; relaySha256: string }
  /** `cni_pre` or `cni_post`: keep it, without recording, while a cached configuration names it */
  | { kind: "probe"; plugin: string; relaySha256: string }
  /**
   * restore the saved network configuration if the current one has the hash of the edit; else remove only the probes
   */
  | { kind: "unedit"; saved: string; originalSha256: string; editedSha256: string }
  /** point the saved copy of a symlink to its former target */
  | { kind: "repoint"; target: string }
  /** nothing to do: an original that replaced an older one; the step that created the name removes it */
  | { kind: "keep" }
  /** remove a file of cnitap */
  | { kind: "remove" }

/** One line of text for people. */
export function stepText(step: InstallStep): string {
  switch (step.kind) {
    case "mkdir":
      return `create directory ${step.path} (${step.mode.toString(8).padStart(4, "0")})`
    case "link":
      return `link ${step.from} as ${step.path}`
    case "symlink":
      return `create symlink ${step.path} to ${step.target}`
    case "write":
      return `write ${step.path} ${contentText(step)}`
    case "verify":
      return step.original && step.broken === undefined
        ? `check that VERSION of ${step.relay} equals that of ${step.original}`
        : step.broken === undefined
          ? `check that ${step.relay} replies to VERSION`
          : `check that ${step.relay} runs`
    case "rename":
      return `rename ${step.from} to ${step.path}`
    case "remove":
      return `remove ${step.path}`
    case "observe":
      return "start the observer"
  }
}

function contentText(step: Extract<InstallStep, { kind: "write" }>): string {
  if ("relay" in step) return step.relay.like ? `(the relay, with the attributes of ${step.relay.like})` : "(the relay)"
  return "edit" in step ? `(with the attributes of ${step.edit.from})` : `(${step.mode.toString(8).padStart(4, "0")})`
}
