const KEY = "cnitap.token"

/**
 * The token of the URL that `cnitap serve` printed. It stands behind the `#`, which no browser sends, and is taken out
 * of the address at once, so that links copied from here and the history hold none. It is kept for this origin, so
 * that a reload and a link opened in another tab still work; it is worth nothing when that server has ended.
 */
export function takeToken(): string {
  const given = /[#&]token=([\w-]+)/.exec(location.hash)?.[1]
  if (given === undefined) return localStorage.getItem(KEY) ?? ""
  localStorage.setItem(KEY, given)
  const rest = location.hash.replace(/[#&]token=[\w-]+/, "")
  history.replaceState(null, "", rest ? `#${rest.replace(/^[#&]/, "")}` : "#/operations")
  dispatchEvent(new HashChangeEvent("hashchange"))
  return given
}

/** The URL of a server that was started anew, opened in the tab of the one before: the same page, so nothing is loaded. */
export function watchForToken(): void {
  addEventListener("hashchange", () => {
    if (!location.hash.includes("token=")) return
    takeToken()
    location.reload()
  })
}
