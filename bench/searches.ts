import type { Search } from "./report.ts"
import { type BenchCase, turns } from "./rounds.ts"

const ROUNDS = 20
/** As many cases as one run may have, with the plain text. */
const AT_ONCE = 31

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

/**
 * Processor time that the search for secrets adds to a call: of contents of 64 KiB with whatever a rule looks for, as often as
 * fits, as a log and as JSON, compared with a text that needs no search. Sorted.
 */
export async function measureSearches(
  folder: string,
  relayOf: (stdin: string) => BenchCase,
  progress: (done: number, all: number) => void,
): Promise<Search[]> {
  const contents = PIECES.flatMap((piece) => [
    { what: piece, text: filled(piece) },
    { what: `${piece} in JSON`, text: inJson(piece) },
  ])
  const found: Search[] = []
  for (let at = 0; at < contents.length; at += AT_ONCE) {
    const some = contents.slice(at, at + AT_ONCE)
    const cases = [PLAIN, ...some.map(({ text }) => text)].map(relayOf)
    const share = (done: number) => progress(at * ROUNDS + done * some.length, contents.length * ROUNDS)
    const [plain, ...timings] = await turns(folder, ROUNDS, cases, share)
    for (const [each, { processorMs }] of timings.entries())
      found.push({ what: some[each]?.what ?? "", processorMs: processorMs - (plain?.processorMs ?? Number.NaN) })
  }
  return found.sort((a, b) => a.processorMs - b.processorMs)
}

/** Has no mark: the script does not see it. */
const PLAIN = filled("level=info interface eth0 is up, mtu 1450\n")

function filled(piece: string): string {
  return piece.repeat(SIZE_BYTES / piece.length + 1).slice(0, SIZE_BYTES)
}

function inJson(piece: string): string {
  const item = `{"name":"a","value":${JSON.stringify(piece)}},`
  return `[${item.repeat(Math.floor((SIZE_BYTES - 4) / item.length))}{}]`
}
