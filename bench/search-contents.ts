/** Contents of 64 KiB that are searched for secrets: whatever a rule looks for, as often as fits, in a log and in JSON. */
export type SearchContent = { what: string; text: string }

const SIZE_BYTES = 65_536

/** One piece for each kind of mark and of search; most hold no secret, so that nothing ends the search of a piece early. */
const PIECES = [
  "token",
  "token=",
  "token: ",
  "token[[[[",
  "token=abcdef ",
  "api key ",
  "password ",
  "the password is hunter2 ",
  "secret ",
  "kind: Secret\ndata:\n  a: b\n",
  "--token x1y2z3 ",
  "curl -u a ",
  "mysql -p x ",
  "eyJ",
  "eyJhbGciOiJIUzI1NiJ9.e30.c2ln ",
  "ghp_",
  "sk-",
  "bearer ",
  "basic YTpi ",
  "a:b@",
  "a:b@c ",
  "https://a:b@c/ ",
  "://",
  "@",
  "key=\t",
  ":5432:",
  "-----BEGIN PRIVATE KEY-----\n",
  "annotations: ",
  "[49 50 51 52 53 54 55 56] ",
  "3132333435363738 ",
  "0x31, ",
]

/** Two for each piece. */
export const SEARCH_CONTENTS: readonly SearchContent[] = PIECES.flatMap((piece) => [
  { what: piece, text: filled(piece) },
  { what: `${piece} in JSON`, text: inJson(piece) },
])

/** Has no mark: the script does not see it. */
export const PLAIN_CONTENT = filled("level=info interface eth0 is up, mtu 1450\n")

function filled(piece: string): string {
  return piece.repeat(SIZE_BYTES / piece.length + 1).slice(0, SIZE_BYTES)
}

function inJson(piece: string): string {
  const item = `{"name":"a","value":${JSON.stringify(piece)}},`
  return `[${item.repeat(Math.floor((SIZE_BYTES - 4) / item.length))}{}]`
}
