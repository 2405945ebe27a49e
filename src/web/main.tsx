import { render } from "preact"
import { App } from "./app.tsx"
import { liveBackend } from "./backends/live.ts"
import { embeddedCapture, staticBackend } from "./backends/static.ts"
import { connect } from "./state/capture.ts"
import { listenToKeys } from "./state/keys.ts"
import { takeToken, watchForToken } from "./state/token.ts"

const embedded = embeddedCapture()
connect(embedded ? staticBackend(embedded) : liveBackend(takeToken()))
if (!embedded) watchForToken()
listenToKeys()
const root = document.getElementById("app")
if (root) render(<App />, root)
