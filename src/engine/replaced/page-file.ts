/** src/serve/page-file.ts: the page is not on a node. */
import { Fault } from "../../fault/fault.ts"

export function pageFile(): never {
  throw new Fault(
    "REFUSED",
    "the node executable does not contain the web page",
    "Write a bundle with `export bundle`, copy it to a machine with Node.js, and use the npm package there.",
  )
}
