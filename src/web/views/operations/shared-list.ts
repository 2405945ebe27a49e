import { saveFile } from "../../parts/bytes.ts"
import { commandLine } from "../../parts/command-line.ts"
import { copyLink, type ShareItem } from "../../parts/share-menu.tsx"
import { pageFile, source } from "../../state/capture.ts"
import { route } from "../../state/route.ts"

/** How the operations that the list shows can be shared. */
export const SHARED_LIST: ShareItem[] = [
  copyLink(),
  {
    label: "Copy command",
    help: "lists the same in a terminal",
    run: () => commandLine(source.peek(), "ls", ...[route.peek().q].filter(Boolean)),
  },
  {
    label: "Save as one file",
    help: "this page with the operations that match the filter",
    async run() {
      const file = await pageFile(route.peek().q)
      if (!file) throw new Error("the server gave no file")
      saveFile(`cnitap-${source.peek()?.host ?? "capture"}.html`, file)
      return undefined
    },
  },
]
