import { FAULTS } from "./fault.ts"

/** Every exit status of `cnitap` and its meaning. They are stable, because programs test them. */
export const EXIT_STATUSES: readonly { status: number; meaning: string }[] = [
  {
    status: 0,
    meaning: "success; for verbs that check something: no difference, no finding above a note, no leak",
  },
  {
    status: 1,
    meaning:
      "a check found something: diff a difference, lint an error or a warning, doctor an error, ledger a leak, who-owns no owner, status an incomplete install",
  },
  { status: FAULTS.USAGE, meaning: "invalid command line, filter or name" },
  {
    status: FAULTS.CAPTURE_MISSING,
    meaning: "the capture, file or directory is missing, damaged, not what it should be, or of a newer format",
  },
  { status: FAULTS.NOT_PERMITTED, meaning: "permission denied, or no space left to write" },
  { status: FAULTS.REFUSED, meaning: "refused because it could harm the node; nothing was changed" },
  {
    status: FAULTS.NOT_FOUND,
    meaning: "no such pod, call, operation or node; status, uninstall: nothing is installed",
  },
  {
    status: FAULTS.NODES_FAILED,
    meaning: "kubectl cnitap: some nodes failed or gave no answer; what the others answered was printed",
  },
  { status: FAULTS.CLUSTER, meaning: "kubectl cnitap: kubectl is missing, or it cannot reach the cluster" },
  { status: FAULTS.INTERNAL, meaning: "an internal error of cnitap" },
  { status: 130, meaning: "interrupted by Ctrl-C; verbs that run until then (tail -f, ls -w, ps -w) exit with 0" },
]
