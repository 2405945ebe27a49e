import { render } from "preact"
import { App } from "./app.tsx"
import { liveBackend } from "./backends/live.ts"
import { embeddedCapture, staticBackend } from "./backends/static.ts"
import { announceFailures } from "./state/announce.ts"
import { connect } from "./state/capture.ts"
import { listenToKeys } from "./state/keys.ts"
import { listenToPrinting } from "./state/printing.ts"
import { sessionSigner, takeToken, watchForToken } from "./state/session-key.ts"
import { keepTitle } from "./state/title.ts"

if (location.protocol !== "file:") takeToken()
const root = document.getElementById("app")
if (root) render(<App />, root)
listenToKeys()
listenToPrinting()
keepTitle()
announceFailures()
// In a file the data block follows the script and takes a while to parse: the shell is painted first.
addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(start)))

function start(): void {
  const embedded = embeddedCapture()
  if (embedded) {
    connect(staticBackend(embedded))
    return
  }
  const connectToServer = () => connect(liveBackend(sessionSigner))
  connectToServer()
  watchForToken(connectToServer)
}
