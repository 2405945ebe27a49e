const KEY = "cnitap.token"

/**
 * Takes the token from the URL that `cnitap serve` printed. It is in the fragment, which browsers never send, and is
 * removed from the address immediately, so that copied links and the history do not contain it. It is stored for this
 * tab, so that a reload works. Not for the origin: `localhost:7811` may be another server tomorrow, whose page could read
 * it.
 */
export function takeToken(): string {
  const given = /[#&]token=([\w-]+)/.exec(location.hash)?.[1]
  if (given === undefined) return sessionStorage.getItem(KEY) ?? ""
  sessionStorage.setItem(KEY, given)
  const rest = location.hash.replace(/[#&]token=[\w-]+/, "")
  history.replaceState(null, "", rest ? `#${rest.replace(/^[#&]/, "")}` : "#/operations")
  dispatchEvent(new HashChangeEvent("hashchange"))
  return given
}

/** Opening the URL of a restarted server in the same tab changes only the fragment, so the browser does not reload. */
export function watchForToken(): void {
  addEventListener("hashchange", () => {
    if (!location.hash.includes("token=")) return
    takeToken()
    location.reload()
  })
}
