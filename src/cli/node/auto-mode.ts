import { Fault } from "../../fault/fault.ts"
import { findObservation } from "../../install/detect/find-observation.ts"
import { NodeFiles } from "../../install/detect/node-files.ts"
import { runProgram } from "../../install/disk/run-program.ts"
import type { InstallMode } from "../../install/plan/install-options.ts"
import { openBpf } from "../../observe/kernel/bpf.ts"
import { canFollowPipes } from "../../observe/kernel/can-follow-pipes.ts"

/** The value of `--mode` that `chooseMode` resolves. */
export const AUTO = "auto"

/**
 * Observe where that slows down nothing but pipes, and swap elsewhere. `notObserved`: why it is swap. `options`: of the command
 * line, some of which need a relay.
 */
export function chooseMode(options: Record<string, unknown>): { mode: InstallMode; notObserved?: string } {
  const notObserved = whyNotObserve(options)
  return notObserved === undefined ? { mode: "observe" } : { mode: "swap", notObserved }
}

function whyNotObserve(options: Record<string, unknown>): string | undefined {
  if (options.sample !== undefined) return "--sample needs a relay"
  if (options.onlyFailures === true) return "--only-failures needs a relay"
  const observation = findObservation(new NodeFiles(String(options.root), runProgram))
  if (!observation) return "the kernel of this node is not known"
  if (observation.reason !== undefined) return observation.reason
  try {
    return canFollowPipes(openBpf()) ? undefined : SLOW
  } catch (error) {
    if (error instanceof Fault) return error.message
    throw error
  }
}

const SLOW = "this kernel does not trace its functions of pipes, so every system call of the node would take longer"
