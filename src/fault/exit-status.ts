import { FAULTS } from "./fault.ts"

/** Every exit status that `cnitap` ends with, and what it says. They are stable: programs test them. */
export const EXIT_STATUSES: readonly { status: number; meaning: string }[] = [
  {
    status: 0,
    meaning: "done; asked a question, the answer is no: no difference, no finding worse than a note, no leak",
  },
  {
    status: 1,
    meaning:
      "asked a question, the answer is yes: diff differs, lint has an error or a warning, doctor an error, ledger a leak; nobody owns the address; status: not all of an install stands",
  },
  { status: FAULTS.USAGE, meaning: "the command line, a filter or a name in it cannot be understood" },
  { status: FAULTS.CAPTURE_MISSING, meaning: "the capture or file is missing, foreign, broken or of a newer format" },
  { status: FAULTS.NOT_PERMITTED, meaning: "the rights are missing, or the space to write" },
  { status: FAULTS.REFUSED, meaning: "refused, because it would harm the node; nothing was changed" },
  { status: FAULTS.NOT_FOUND, meaning: "no pod, call, operation or node of that name; status: nothing is installed" },
  { status: FAULTS.INTERNAL, meaning: "a fault of cnitap itself" },
  { status: 130, meaning: "ended by Ctrl-C; what goes on until then (tail -f, ls -w, ps -w) ends with 0" },
]
