import { clockLine } from "../cluster/clock-line.ts"
import { FAULTS, Fault } from "../fault/fault.ts"
import type { Context } from "./context.ts"
import { visible } from "./terminal/colour.ts"
import { VERSION } from "./version.ts"

/** Runs one command line and returns the exit status; nothing below it exits or prints a stack. */
export async function program(context: Context, args: string[]): Promise<number> {
  if (args[0] === "__attached") return attached(context, () => program(context, args.slice(1)))
  // Of the nodes of a cluster: their rows are merged by time.
  if (args[0] === "__clock") {
    context.stdout.write(clockLine(context.nowMs()))
    return program(context, args.slice(1))
  }
  return guarded(context, async () => {
    if (args.length === 0) context.stdout.write((await import("./help/overview.ts")).overview())
    else if (args.length === 1 && (args[0] === "--version" || args[0] === "-V")) context.stdout.write(`${VERSION}\n`)
    else return (await import("./command-line.ts")).runCommandLine(context, args)
    return 0
  })
}

/**
 * Ends a verb that follows a capture when stdin ends: `kubectl exec -i` sends no signal when its client is gone, and the
 * process would stay on the node. Without this, stdin means nothing to such a verb: `ssh -n node cnitap tail -f`.
 */
async function attached({ stdin }: Context, run: () => Promise<number>): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  // It may not have begun to follow yet: then, again.
  const end = () => {
    process.emit("SIGTERM", "SIGTERM")
    timer = setTimeout(end, 100)
  }
  stdin.once("close", end).resume()
  try {
    return await run()
  } finally {
    clearTimeout(timer)
    // An open stdin would keep the process.
    stdin.pause()
  }
}

/** The same for `kubectl cnitap`. */
export async function kubectlProgram(context: Context, args: string[]): Promise<number> {
  return guarded(context, async () => {
    const { runCommandLine } = await import("./command-line.ts")
    const { CLUSTER_FIRST_STEPS: firstSteps, CLUSTER_VERB_GROUPS: groups } = await import("./cluster/cluster-verbs.ts")
    return runCommandLine(context, args.length === 0 ? ["help"] : args, { name: "kubectl cnitap", groups, firstSteps })
  })
}

async function guarded(context: Context, run: () => Promise<number>): Promise<number> {
  try {
    return await run()
  } catch (error) {
    return reportError(context, error)
  }
}

/** Prints what failed and what to do about it; returns the exit status. */
export function reportError({ stderr }: Pick<Context, "stderr">, error: unknown): number {
  const fault = error instanceof Fault ? error : faultOf(error)
  // A filter's message ends with the line that points at the mistake.
  const separator = fault.message.includes("\n") ? "\n" : /[.?!]$/.test(fault.message) ? " " : ". "
  // A message may quote an argument or a capture.
  const lines = `cnitap: ${fault.message}${separator}${fault.hint}`.split("\n")
  stderr.write(`${lines.map(visible).join("\n")}\n`)
  return FAULTS[fault.code]
}

/** An error of a system call is reported with the path it concerns; anything else is a bug of cnitap. */
function faultOf(error: unknown): Fault {
  const { code, path, syscall, message, stack } = error as NodeJS.ErrnoException
  if (code !== undefined && syscall !== undefined) {
    const what = `cannot ${syscall} ${path ?? ""}`.trim()
    if (code === "ENOSPC" || code === "EDQUOT")
      return new Fault("NOT_PERMITTED", `${what}: no space left`, "Free some space, or write somewhere else.", error)
    if (code === "EACCES" || code === "EPERM")
      return new Fault("NOT_PERMITTED", `permission denied: ${what}`, "Run as root.", error)
    return new Fault("INTERNAL", `${what}: ${code}`, "Check that file, or report a bug.", error)
  }
  // Of V8 the stack begins with the message, of QuickJS it does not.
  const text = stack?.includes(message) ? stack : `${message}\n${stack ?? ""}`.trimEnd()
  return new Fault("INTERNAL", `internal error: ${text}`, "Please report these lines as a bug.", error)
}
