import type { Random } from "./random.ts"

/** Takes the place of a secret; escaping does not change it. */
export const PLACE = "\ue000"

/** Texts with a secret: as the content of a JSON string, and as a word. */
const IN_STRINGS = [
  `{"name":"X_PASSWORD","value":"${PLACE}"}`,
  `{"value" : "${PLACE}", "name" : "X_PASSWORD"}`,
  `{"env":[{"name":"A","value":"b"},{"Name":"API_TOKEN","Value":"${PLACE}"},{"name":"C","value":"d"}]}`,
  `[{"Value":"${PLACE}","x":{"name":"n","value":"v"},"Key":"db-secret"},{"key":"a","value":"b"}]`,
  `{"type":"wireguard","psk":"${PLACE}","mtu":1420,"ipsecPSK":"${PLACE}"}`,
  `{"\\u0074oken":"${PLACE}","m\\u0074u":1}`,
  `{"list":[{"k8s_client_key":"${PLACE}"},{"kubeconfig":"/etc/x"}],"passwords":["${PLACE}"]}`,
  `{"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a/b":"${PLACE}"}}}`,
]
const AS_WORDS = [
  `env [{Name:X_PASSWORD Value:${PLACE} ValueFrom:nil} {Name:A Value:b ValueFrom:nil}]`,
  `env:\n- name: X_PASSWORD\n  value: ${PLACE}\n- name: A\n  value: b\n`,
  `env:\n  - name: "X_PASSWORD"\n    value: |\n      ${PLACE}\n  - name: A\n`,
  `[Peer]\nPublicKey = abc\nPresharedKey = ${PLACE}\nEndpoint = 10.0.0.1:51820\n`,
  `preshared-key: ${PLACE}\npeer: a\n`,
  `10.0.0.1 %any : PSK "${PLACE}" # node\n`,
  `ike esp from 10.0.0.0/24 to any psk "${PLACE}"\n`,
  `ike-1 { secret = "${PLACE}" id = a }`,
  `login failed: password ${PLACE}, user a`,
  `the token is ${PLACE}.`,
  `password was set to "${PLACE}" by a`,
  `password: ${PLACE}`,
  `using api key ${PLACE} for a`,
  `using pre-shared key: '${PLACE}', 3 tries`,
  `dsn app:${PLACE}@tcp(10.0.0.1:3306)/db?x=y`,
  `cannot dial app:${PLACE}@db.example:5432: refused`,
  `{"dsn":"app:${PLACE}@unix(/run/db.sock)/db"}`,
  `a: b\npassword: |\n  ${PLACE}\nc: d\n`,
  `- password: >-2 # folded\n    ${PLACE}\n  name: a\n`,
  `x config: token: !!str |+\n  ${PLACE}\n\n`,
  `credentials:\n    ${PLACE}\nname: a\n`,
  `user: a\npassphrase: ${PLACE}\n`,
  `{"etcd":"https://a:${PLACE}@etcd:2379/x"}`,
  `proxy https://a:${PLACE}@proxy:3128 failed`,
  `curl -u a --token ${PLACE} --x`,
]
/** The same without a secret, and texts that only resemble one. */
const HARMLESS = [
  '{"name":"LOG_LEVEL","value":"debug"}',
  '{"env":[{"value":"b","name":"A"},{"Name":"TOKEN_PATH","Value":"/var/run/token"},{"key":"app","value":"web"}]}',
  '{"name":"IS_TOKEN","value":true}',
  "env [{Name:LOG_LEVEL Value:debug ValueFrom:nil}]",
  "env:\n- name: LOG_LEVEL\n  value: |\n    debug\n",
  "password authentication failed for user a",
  "the token is expired, and the password was not set to anything",
  'secrets "calico-etcd" is forbidden; secret kube-system/calico-etcd not found',
  "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
  "invalid token provided: the secret is missing",
  "veth0@if3: <UP> docker.io/calico/cni:v3.27@sha256:0011 git@host:a/b http://10.0.0.1:9099/v1@2",
  "pod web-7d9psk4f: on psk4x",
  "name: token\nmtu: 1450\n",
  '{"etcd":"https:\\/\\/etcd:2379\\/x","\\u006dtu":1440}',
]

/** A text with one secret, possibly several times, and its expected record. */
export type Planted = { text: string; expected: string; secret: string }

export function plantOne(random: Random): Planted {
  const isString = random.below(2) === 0
  const secret = isString ? `S${random.text(8)}-${word(random)}` : word(random)
  const around = wrapping(random, random.below(4))
  const inner = isString ? JSON.stringify(secret).slice(1, -1) : secret
  const shape = random.pick(isString ? IN_STRINGS : AS_WORDS)
  return {
    text: around(shape.replaceAll(PLACE, inner)),
    expected: around(shape).replaceAll(PLACE, "[redacted]"),
    secret,
  }
}

export function plantNone(random: Random): string {
  return wrapping(random, random.below(4))(random.pick(HARMLESS))
}

/** Nests a text in a string of a JSON document, that document in another string, and so on. */
function wrapping(random: Random, times: number): (text: string) => string {
  const layers = Array.from({ length: times }, () => {
    const rest = random.json(2)
    const isAfter = random.below(2) === 0
    const written = random.pick(ESCAPES)
    return (text: string) => {
      const [place, other] = ["place", JSON.stringify({ rest })]
      const own = `{"${place}":${written(JSON.stringify(text))}}`
      return isAfter ? `{"a":${other},"b":${own}}` : `[${own},${other}]`
    }
  })
  return (text) => layers.reduce((inner, layer) => layer(inner), text)
}

/** Other ways of writing the same string; none of these letters is part of an escape. */
const ESCAPES: ((literal: string) => string)[] = [
  (literal) => literal,
  (literal) => literal.replaceAll("/", "\\/"),
  (literal) => literal.replaceAll("/", "\\u002f").replaceAll("@", "\\u0040"),
  (literal) => literal.replaceAll("o", "\\u006f").replaceAll("s", "\\u0073").replaceAll("k", "\\u006B"),
]

function word(random: Random): string {
  const characters = random.pick(["abXY019!$%^&*-_+.~:@", "abXY019!$%^&*-_+.~/?#"])
  return `S3${Array.from({ length: random.below(12) }, () => random.pick([...characters])).join("")}Q`
}

/** All readings of a text with its escapes resolved once, twice and so on. */
export function readings(text: string): string[] {
  const read = text.replaceAll(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, letter: string) =>
    code === undefined ? (LETTERS[letter] ?? letter) : String.fromCharCode(Number.parseInt(code, 16)),
  )
  return read === text ? [text] : [text, ...readings(read)]
}

const LETTERS: Record<string, string> = { n: "\n", t: "\t", r: "\r", b: "\b", f: "\f" }
