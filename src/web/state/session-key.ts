/** Signs requests to the server that printed the URL of this page. */
export type Signer = (path: string) => Promise<string>

/** Taken from the address and not yet used. */
let taken: string | undefined

/**
 * Removes the token from the address and remembers it. The page does so before anything is shown: a click on a link replaces
 * the fragment, and the page connects only after the first frame.
 */
export function takeToken(): void {
  const token = /[#&]token=([\w-]+)/.exec(location.hash)?.[1]
  if (token === undefined) return
  taken = token
  const rest = location.hash.replace(/[#&]token=[\w-]+/, "")
  history.replaceState(null, "", rest ? `#${rest.replace(/^[#&]/, "")}` : "#/operations")
  dispatchEvent(new HashChangeEvent("hashchange"))
}

/**
 * The signer of this page. The token is in the URL's fragment, which browsers never send, and is removed from the address
 * immediately, so that copied links and the history do not contain it. It becomes a key that no script can read, stored
 * for the origin, so that a reload and other tabs work: if another server takes over the port, its page finds a key that
 * it can neither read nor use without this server's challenge.
 */
export async function sessionSigner(): Promise<Signer> {
  takeToken()
  const token = taken
  taken = undefined
  const key = token === undefined ? await storedKey() : await importedKey(token)
  if (token !== undefined && key) await storeKey(key)
  const challenge = key ? await fetchChallenge() : ""
  return async (path) => {
    if (!key) return ""
    // As the browser sends it: it encodes an apostrophe in a query, for example.
    const { pathname, search } = new URL(path, location.origin)
    const signed = new TextEncoder().encode(`${challenge}\n${pathname}${search}`)
    const signature = await crypto.subtle.sign("HMAC", key, signed)
    return `Signature ${btoa(String.fromCharCode(...new Uint8Array(signature)))}`
  }
}

/** Opening the URL of a restarted server in the same tab changes only the fragment, so the browser does not reload. */
export function watchForToken(opened: () => void): void {
  addEventListener("hashchange", () => {
    if (location.hash.includes("token=")) opened()
  })
}

function importedKey(token: string): Promise<CryptoKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" }
  return crypto.subtle.importKey("raw", new TextEncoder().encode(token), algorithm, false, ["sign"])
}

/** Empty if the server does not answer; then it denies what is signed. */
async function fetchChallenge(): Promise<string> {
  try {
    return await (await fetch("/challenge", { cache: "no-store" })).text()
  } catch {
    return ""
  }
}

const STORE = "keys"
const KEY = "session"

async function storeKey(key: CryptoKey): Promise<void> {
  try {
    const database = await openDatabase()
    await finished(database.transaction(STORE, "readwrite").objectStore(STORE).put(key, KEY))
  } catch {
    // A private window may have no storage: a reload needs the URL again.
  }
}

async function storedKey(): Promise<CryptoKey | undefined> {
  try {
    const database = await openDatabase()
    const key = await finished<unknown>(database.transaction(STORE).objectStore(STORE).get(KEY))
    return key instanceof CryptoKey ? key : undefined
  } catch {
    return undefined
  }
}

function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open("cnitap", 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
  return finished(opening)
}

function finished<Value>(request: IDBRequest<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}
