import assert from "node:assert/strict"
import { test } from "node:test"
import { nameKind } from "../../../src/capture/redact/name-kind.ts"
import { redact } from "../../../src/capture/redact/redact.ts"
import { plantNone, plantOne, readings } from "../plant.ts"
import { Random } from "../random.ts"

/** The record of each text, and of the record itself, because a bundle is redacted again. */
function becomes(cases: Record<string, string>): void {
  for (const [text, expected] of Object.entries(cases))
    assert.deepEqual([redact(text).text, redact(expected).text], [expected, expected])
}

test("values of secret keys are redacted, and nothing else changes", () => {
  assert.deepEqual(redact('{ "type": "calico", "policy": {"type":"k8s",\n"k8s_auth_token":"hunter2"}, "mtu":1440 }'), {
    text: '{ "type": "calico", "policy": {"type":"k8s",\n"k8s_auth_token":"[redacted]"}, "mtu":1440 }',
    redacted: ["/policy/k8s_auth_token"],
  })
})

test("a text without a secret is unchanged", () => {
  for (const text of [
    "",
    "{}",
    "OK",
    '{"cniVersion":"1.0.0","name":"k8s-pod-network","ipam":{"type":"calico-ipam"},"kubernetes":{"kubeconfig":"/etc/cni/net.d/calico-kubeconfig"}}',
    '{"type":"tuning","sysctl":{"net.core.somaxconn":"500"},"capabilities":{"io.kubernetes.cri.pod-annotations":true}}',
    '{"etcd_endpoints":"http://10.0.0.1:2379","tokenAuth":true,"labels":{"a":"b"}}',
    "failed to request http://10.0.0.1:9099/v1@2: connection refused",
    '{"etcd_key_file":"/etc/ssl/etcd/client.key","tokenPath":"/var/run/secrets/kubernetes.io/serviceaccount/token"}',
    '{"secretName":"calico-etcd.v1","secretRef":"db-0","imagePullSecrets":true,"credentials_file":"/root/.aws/credentials"}',
    'cannot read --token-file /run/token, secretName="calico", key_path=/etc/x.key; {\\"secretName\\":\\"a-b\\"}',
  ])
    assert.deepEqual(redact(text), { text, redacted: [] })
})

test("lists, objects and numbers under a secret key, duplicate keys, escaped keys", () => {
  becomes({
    '{"tokens":["a",["b",1]],"x":1}': '{"tokens":["[redacted]",["[redacted]","[redacted]"]],"x":1}',
    '{"secret":{"a":{"b":"c"}},"x":"y"}': '{"secret":{"a":{"b":"[redacted]"}},"x":"y"}',
    '{"password":"a","password":"b"}': '{"password":"[redacted]","password":"[redacted]"}',
    '{"\\u0074oken":"a","tok\\u0065n":"b"}': '{"\\u0074oken":"[redacted]","tok\\u0065n":"[redacted]"}',
    '{"pass\\u0077ord" : "a\\"b\\\\"}': '{"pass\\u0077ord" : "[redacted]"}',
    '{"etcd_key":"x"}{"ETCD_PASSWORD":"y"}': '{"etcd_key":"[redacted]"}{"ETCD_PASSWORD":"[redacted]"}',
  })
})

test("values that only resemble references to a secret", () => {
  becomes({
    '{"tls_key_file":"-----MII","tokenPath":"eyJ","secretName":"Hunter2!"}':
      '{"tls_key_file":"[redacted]","tokenPath":"[redacted]","secretName":"[redacted]"}',
    "token_file=abc secretName='A B'": "token_file=[redacted] secretName='[redacted]'",
    '{"secret_name":["a"],"password_file":7}': '{"secret_name":["[redacted]"],"password_file":"[redacted]"}',
  })
})

test("pod annotations and labels: values are redacted, names are not", () => {
  assert.deepEqual(
    redact(
      '{"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a/b":"x","kubectl.kubernetes.io/last-applied-configuration":"{\\"env\\":1}"}},"args":{"cni":{"labels":[{"key":"app","value":"web"}]}}}',
    ),
    {
      text: '{"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a/b":"[redacted]","kubectl.kubernetes.io/last-applied-configuration":"[redacted]"}},"args":{"cni":{"labels":[{"key":"[redacted]","value":"[redacted]"}]}}}',
      redacted: ["/runtimeConfig/io.kubernetes.cri.pod-annotations", "/args/cni/labels"],
    },
  )
})

test("JSON within a JSON string, at any depth of escaping", () => {
  let inner = '{"\\u0074oken":"a \\"b\\" c","n":1,"password":{"x":["y}"]},"u":"h:\\/\\/u:p\\u0040h","z":"kept"}'
  let expected =
    '{"\\u0074oken":"[redacted]","n":1,"password":{"x":["[redacted]"]},"u":"h:\\/\\/u:[redacted]\\u0040h","z":"kept"}'
  for (let depth = 0; depth < 7; depth++) {
    assert.equal(redact(inner).text, expected)
    inner = JSON.stringify({ msg: inner })
    expected = JSON.stringify({ msg: expected })
  }
})

test("a plugin that repeats its stdin in an error message", () => {
  const config = '{"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a":"b"}},"name":"net"}'
  becomes({
    [JSON.stringify({ code: 999, msg: `bad config ${config}` })]:
      '{"code":999,"msg":"bad config {\\"runtimeConfig\\":{\\"io.kubernetes.cri.pod-annotations\\":{\\"a\\":\\"[redacted]\\"}},\\"name\\":\\"net\\"}"}',
    'x {"capabilities":{"io.kubernetes.cri.pod-annotations": true}}':
      'x {"capabilities":{"io.kubernetes.cri.pod-annotations": true}}',
    [`2026-09-01 delegate: ${config}`]:
      '2026-09-01 delegate: {"runtimeConfig":{"io.kubernetes.cri.pod-annotations":"[redacted]"},"name":"net"}',
  })
})

test("secrets by their shape", () => {
  const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrOHMifQ.c2lnbmF0dXJl-_x"
  becomes({
    [`using ${jwt}, ok`]: "using [redacted], ok",
    [`{"a":"${jwt}"}`]: '{"a":"[redacted]"}',
    "certificate-authority-data: LS0tLS1CRUdJTi== end": "certificate-authority-data: [redacted] end",
    '{"kubeconfig":"YXBpVmVyc2lvbjogdjEKa2luZDogQ29uZmln"}': '{"kubeconfig":"[redacted]"}',
    "config a2luZDogQ29uZmlnCmFwaVZlcnNpb246IHYx.": "config [redacted].",
    "Set-Cookie: a=b; c=d": "Set-Cookie: [redacted]",
    "passphrase=x": "passphrase=[redacted]",
    "AKIAIOSFODNN7EXAMPLE and AKIA": "[redacted] and AKIA",
    '{"k":"-----BEGIN RSA PRIVATE KEY-----\\nMII\\n-----END RSA PRIVATE KEY-----\\n"}':
      '{"k":"-----BEGIN RSA PRIVATE KEY-----[redacted]-----END RSA PRIVATE KEY-----\\n"}',
    "-----BEGIN PRIVATE KEY-----\nMII (cut off)": "-----BEGIN PRIVATE KEY-----[redacted]",
    "curl -H 'Bearer abcdefgh1234' x": "curl -H 'Bearer [redacted]' x",
    "http://user:p,w;d@host:80/x?y=1": "http://user:[redacted]@host:80/x?y=1",
    "https://ghp_0123456789@host/x": "https://[redacted]@host/x",
    '{"proxy":"http:\\/\\/u:p@h"}': '{"proxy":"http:\\/\\/u:[redacted]@h"}',
    '{"auths":{"https://u:p@reg":{}}}': '{"auths":{"https://u:[redacted]@reg":{}}}',
  })
})

test("names and values in free text", () => {
  becomes({
    "token=abc next=1": "token=[redacted] next=1",
    "IgnoreUnknown=1;API_TOKEN=abc;K8S_POD_NAME=web": "IgnoreUnknown=1;API_TOKEN=[redacted];K8S_POD_NAME=web",
    'level=info password="a b c" x=1': 'level=info password="[redacted]" x=1',
    "{Name:net Token:abc Password:def X:1}": "{Name:net Token:[redacted] Password:[redacted] X:1}",
    "etcdctl --password abc --x y": "etcdctl --password [redacted] --x y",
    "Authorization: Digest a=b, c=d\nX: y": "Authorization: [redacted]\nX: y",
    '{"log":"password=a\\nnext=1"}': '{"log":"password=[redacted]\\nnext=1"}',
    "users:\n- token: abc\n  name: x": "users:\n- token: [redacted]\n  name: x",
    "İİİ token=abc İ x": "İİİ token=[redacted] İ x",
    "TOKEN : 'a b' x": "TOKEN : '[redacted]' x",
    "no token here, nor a password": "no token here, nor a password",
  })
})

test("an object that holds a name and its value, in JSON and as Go and YAML write it", () => {
  becomes({
    '[{"name":"X_PASSWORD","value":"a"},{"name":"B","value":"c"}]':
      '[{"name":"X_PASSWORD","value":"[redacted]"},{"name":"B","value":"c"}]',
    '{"Value":{"a":["b",1]},"Key":"db-secret"}': '{"Value":{"a":["[redacted]","[redacted]"]},"Key":"db-secret"}',
    '{"key":"API_TOKEN","value":7,"x":{"value":"kept","name":"n"}}':
      '{"key":"API_TOKEN","value":"[redacted]","x":{"value":"kept","name":"n"}}',
    '{"name":"\\u0058_TOKEN","value":["a",{"b":"c"}]}':
      '{"name":"\\u0058_TOKEN","value":["[redacted]",{"b":"[redacted]"}]}',
    '{"name":"TOKEN_FILE","value":"/run/token"}': '{"name":"TOKEN_FILE","value":"/run/token"}',
    '{"name":"TOKEN","valueFrom":{"fieldRef":"a"}}': '{"name":"TOKEN","valueFrom":{"fieldRef":"a"}}',
    "{Name:X_TOKEN Value:a} {Name:B Value:c}": "{Name:X_TOKEN Value:[redacted]} {Name:B Value:c}",
    'v1.EnvVar{Name:"X_TOKEN", Value:"a b"}': 'v1.EnvVar{Name:"X_TOKEN", Value:"[redacted]"}',
    "- name: X_TOKEN\n  value: a\n- name: B\n  value: c": "- name: X_TOKEN\n  value: [redacted]\n- name: B\n  value: c",
  })
  assert.deepEqual(redact('{"env":[{"value":"a","name":"TOKEN"}]}').redacted, ["/env/0/value"])
})

test("a switch and its value in a list of arguments", () => {
  becomes({
    '["--password","a","-v","--token=b","--token","--x",["--token"],"c"]':
      '["--password","[redacted]","-v","--token=[redacted]","--token","--x",["--token"],"c"]',
    '{"args":["--token", "a", "b"]}': '{"args":["--token", "[redacted]", "b"]}',
  })
})

test("pre-shared keys", () => {
  becomes({
    '{"psk":"a","ipsecPSK":"b","wpa_psk2":"c","upsks":"d"}':
      '{"psk":"[redacted]","ipsecPSK":"[redacted]","wpa_psk2":"[redacted]","upsks":"d"}',
    "[Interface]\nPrivateKey = a=\n[Peer]\nPublicKey = b=\nPresharedKey = c=\n":
      "[Interface]\nPrivateKey = [redacted]\n[Peer]\nPublicKey = b=\nPresharedKey = [redacted]\n",
    "preshared-key a1": "preshared-key [redacted]",
    '10.0.0.1 %any : PSK "a b" # x': '10.0.0.1 %any : PSK "[redacted]" # x',
    'ike esp from any to any psk "a"': 'ike esp from any to any psk "[redacted]"',
    'secrets { ike-1 { id = x\n secret = "a" } }': 'secrets { ike-1 { id = x\n secret = "[redacted]" } }',
    "pod web-7d9psk4f: up": "pod web-7d9psk4f: up",
  })
})

test("sentences that contain a secret, and sentences that do not", () => {
  becomes({
    "login with password hunter2 failed": "login with password [redacted] failed",
    "the token is hunter.": "the token is [redacted].",
    "password was set to (abc), again": "password was set to ([redacted]), again",
    "API key: Ab3; pre-shared key 'x y'": "API key: [redacted]; pre-shared key '[redacted]'",
    'the client secret "a b" of x': 'the client secret "[redacted]" of x',
    "password -> a1 <token b2>": "password -> [redacted] <token [redacted]>",
  })
  for (const text of [
    'password authentication failed for user "calico"',
    "the token is expired, the password was not given; passphrase is too short",
    'secrets "calico-etcd" is forbidden: secret kube-system/calico-etcd not found',
    "no token, TOKEN MISSING, token name=web, token /var/run/token, token https://host/x",
    "open /var/run/secrets/kubernetes.io/serviceaccount/token: no such file or directory",
    "public key a1, key b2, secret: ",
  ])
    assert.deepEqual(redact(text), { text, redacted: [] })
})

test("addresses with a password and without a scheme", () => {
  becomes({
    "app:pw@tcp(10.0.0.1:3306)/db?a=b": "app:[redacted]@tcp(10.0.0.1:3306)/db?a=b",
    "dial app:p/w:x@y@db.example:5432: refused": "dial app:[redacted]@db.example:5432: refused",
    '{"dsn":":pw@redis:6379"}': '{"dsn":":[redacted]@redis:6379"}',
    "a:b@unix(/run/s)/d,x": "a:[redacted]@unix(/run/s)/d,x",
    "https://a:p/w@host/x": "https://a:[redacted]@host/x",
  })
  for (const text of [
    "git@host:a/b.git",
    "docker.io/calico/cni:v3.27@sha256:00ff",
    "eth0@if3: <UP>",
    "10.0.0.1:80/x@y http://[::1]:80/x@y",
  ])
    assert.deepEqual(redact(text), { text, redacted: [] })
})

test("YAML values of more than one word", () => {
  becomes({
    "a: b\npassword: |\n  x\n\n   y\nc: d": "a: b\npassword: |\n  [redacted]\nc: d",
    "- token: >-2 # folded\n    x\n  name: y": "- token: >-2 # folded\n    [redacted]\n  name: y",
    "12:00 config: token: !!str |\n  x\n12:01 y": "12:00 config: token: !!str |\n  [redacted]\n12:01 y",
    "tokens:\n- x\n- y\nname: z": "tokens:\n[redacted]\nname: z",
    'Annotations:map[string]string{"note":"hunter", "a":"}"} Spec:x': "Annotations:[redacted] Spec:x",
    "Annotations:map[note:hunter team:net] Spec:x": "Annotations:[redacted] Spec:x",
    'Annotations:map[string]string(nil) Labels:map[] Token:map[string][]byte{"a":x}':
      "Annotations:map[string]string(nil) Labels:map[] Token:[redacted]",
    "metadata:\n  annotations:\n    a: b\n    c: d\n  name: x": "metadata:\n  annotations:\n    [redacted]\n  name: x",
    "user: x\npassword: correct horse # mine\nz: 1": "user: x\npassword: [redacted] # mine\nz: 1",
    "password: authentication failed": "password: authentication failed",
    "password: 'it''s x'\nz: 1": "password: '[redacted]'\nz: 1",
    "cannot read token:\n  no such file": "cannot read token:\n  no such file",
  })
})

test("a secret cut off by the stream's limit", () => {
  becomes({
    '{"token":"hunt': '{"token":"[redacted]',
    '{"a":{"secret":["x","hunt': '{"a":{"secret":["[redacted]","[redacted]',
    '{"msg":"{\\"token\\":\\"hunt': '{"msg":"{\\"token\\":\\"[redacted]',
    'log: {"password":{"a":"hunt': 'log: {"password":"[redacted]"',
    '{"a":1,"token": 123': '{"a":1,"token": "[redacted]"',
  })
})

test("which names are secret", () => {
  const secret = ["k8s_auth_token", "K8S_API_TOKEN", "etcd_key", "k8s_client_key", "ETCD_PASSWORD", "client-key-data"]
  const open = ["key", "monkeys", "name", "kubeconfig", "author", "authType", "CNI_ARGS", "cniVersion", ""]
  assert.deepEqual(
    secret.map((name) => nameKind(name) !== "none"),
    secret.map(() => true),
  )
  assert.deepEqual(
    open.map((name) => nameKind(name) !== "none"),
    open.map(() => false),
  )
})

test("random documents with planted secrets: no secret remains, and all other bytes do", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 2000; round++) {
    const secrets: string[] = []
    const document = plant(random, random.json(5), secrets)
    const text = written(random, document)
    const result = redact(text)
    for (const secret of secrets) assert.equal(result.text.includes(secret), false, text)
    assert.deepEqual(JSON.parse(result.text), withoutSecrets(JSON.parse(text)), text)
    // Byte for byte: replacing the marks by the secrets gives the original text.
    let next = 0
    const restored = result.text.replaceAll("[redacted]", () => secrets[next++] ?? "")
    assert.equal(restored, text)
    for (let cut = 0; cut < text.length; cut += 1 + random.below(20)) {
      const { text: safe } = redact(text.slice(0, cut))
      for (const secret of secrets) assert.equal(safe.includes(secret), false, text.slice(0, cut))
    }
  }
})

test("the same documents in log lines and in strings: no secret remains", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 1000; round++) {
    const secrets: string[] = []
    const inner = JSON.stringify(plant(random, random.json(4), secrets))
    const texts = [
      `2026-09-01T10:00:00Z [DEBUG] config ${inner} done`,
      JSON.stringify({ code: 999, msg: `cannot use ${inner}` }),
      `level=error msg=${JSON.stringify(`cannot use ${inner}`)} x=1`,
      `${inner}\npanic: ${inner}`,
    ]
    for (const text of texts)
      for (const secret of secrets) assert.equal(redact(text).text.includes(secret), false, text)
  }
})

test("random texts with a secret of any shape: it is redacted, and nothing else changes", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 3000; round++) {
    const { text, expected, secret } = plantOne(random)
    const { text: safe, redacted } = redact(text)
    assert.equal(safe, expected)
    assert.ok(redacted.length > 0)
    assert.equal(redact(safe).text, safe)
    for (const log of [
      `2026-09-01T10:00:00Z [DEBUG] config${text.includes("\n") ? "\n" : " "}${text} done`,
      `level=error msg=${JSON.stringify(`cannot use\n${text}`)} x=1`,
      `${text}\npanic:\n${text}`,
    ]) {
      for (const reading of readings(redact(log).text)) assert.equal(reading.includes(secret), false, log)
    }
  }
})

test("random texts without a secret are unchanged", (t) => {
  const random = Random.of(t)
  for (let round = 0; round < 3000; round++) {
    const text = plantNone(random)
    assert.deepEqual(redact(text), { text, redacted: [] })
  }
})

const NAMES = ["token", "k8s_auth_token", "Password", "client-secret", "etcd_key", "API_KEY", "credentials", "cookie"]

/** Adds secrets to the document's objects, and puts the whole into an object. */
function plant(random: Random, value: unknown, secrets: string[]): Record<string, unknown> {
  const planted: Record<string, unknown> = { a: walk(value) }
  add(planted)
  return planted

  function walk(part: unknown): unknown {
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== "object" || part === null) return part
    const copy: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(part)) {
      if (random.below(3) === 0) add(copy)
      copy[`k${key}`] = walk(item)
    }
    return copy
  }

  function add(to: Record<string, unknown>): void {
    const name = random.pick(NAMES)
    if (name in to) return
    const secret = `S${random.below(1e9)}-${random.pick(["x", "/y", "=z"])}.${secrets.length}Q`
    secrets.push(secret)
    to[name] = secret
  }
}

/** As a runtime might write it: indented or not, with or without escaped letters in secret names. */
function written(random: Random, document: unknown): string {
  const text = JSON.stringify(document, null, random.pick([0, 0, 2, "\t"]))
  if (random.below(4) > 0) return text
  return text.replaceAll('"token"', '"\\u0074oken"').replaceAll('"Password"', '"Pass\\u0077ord"')
}

function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, NAMES.includes(key) ? "[redacted]" : withoutSecrets(item)]),
  )
}
