import { render } from "preact"
import { App } from "./app.tsx"
import { liveBackend } from "./backends/live.ts"
import { embeddedCapture, staticBackend } from "./backends/static.ts"
import { connect } from "./state/capture.ts"
import { listenToKeys } from "./state/keys.ts"
import { takeToken, watchForToken } from "./state/token.ts"

const root = document.getElementById("app")
if (root) render(<App />, root)
listenToKeys()
// The data of a file comes after the script, and takes its time to be parsed: what can be shown without is shown first.
addEventListener("DOMContentLoaded", () => requestAnimationFrame(() => setTimeout(start)))

function start(): void {
  const embedded = embeddedCapture()
  connect(embedded ? staticBackend(embedded) : liveBackend(takeToken()))
  if (!embedded) watchForToken()
}
