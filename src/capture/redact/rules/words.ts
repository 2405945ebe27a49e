import type { WordList } from "../word-list.ts"
import type { WordMeaning, WordRule } from "./rule.ts"

/** What the words of a name mean: `authToken`, `auth_token` and `AUTH-TOKEN` consist of `auth` and `token`. */
export const WORD_RULES: readonly WordRule[] = [
  {
    words:
      "password passwords passwd passwds passphrase passphrases passcode passwort pwd pswd passw requirepass masterauth " +
      "sshpass pgpass smtppass dbpass userpass rootpass adminpass pgpassword",
    mean: "secret",
    marks: ["passw", "passphrase", "passcode", "pwd", "pswd", "pass", "masterauth"],
    finds: [
      '{"etcd_password":"«x»"}',
      "ETCD_PASSWORD=«a1»",
      "dbpassword: «a1»",
      '{"passwordProd":"«x»"}',
      "requirepass «a1b2»",
      "MYSQL_PWD=«a1»",
    ],
    keeps: [
      '{"password":""}',
      "password=<nil>",
      "token: permission denied",
      "password authentication failed",
      "PWD=/root OLDPWD=/",
      "a bypass of 3",
      "password: $(DB_PASSWORD)",
    ],
  },
  {
    words: "secret secrets",
    mean: "secret",
    finds: ['{"clientSecret":"«x»"}', "secret=«a1»", 'the client secret "«a b»" of x'],
    keeps: [
      'secrets "calico-etcd" is forbidden',
      "secret kube-system/calico-etcd not found",
      "imagePullSecrets: [{Name:regcred}]",
      "Failed to watch *v1.Secret: unknown (get secrets)",
    ],
  },
  {
    words: "token tokens",
    mean: "secret",
    finds: ['{"k8s_auth_token":"«x»"}', "--token «a1»", "the token is «hunter».", "https://a/b?id_token=«a1»&x=y"],
    keeps: [
      "error getting token: context deadline exceeded",
      '{"tokenBucket":{"rate":5}}',
      '{"tokenType":"Bearer","tokenTTL":"24h"}',
      "unexpected token '}' at line 3",
      "the token is expired",
      "--token $TOKEN",
      "5 tokens per second",
    ],
  },
  {
    words: "credential credentials creds cred",
    mean: "secret",
    marks: ["cred"],
    finds: ['{"creds":"«x»"}', "credentials=«a1»"],
    keeps: ['{"credentials_file":"/root/.aws/credentials"}', "provide credentials"],
  },
  {
    words: "psk psks cak",
    mean: "secret",
    finds: ['{"ipsecPSK":"«x»"}', 'any psk "«a»"', "mka_cak=«0a1b»", '10.0.0.1 : PSK "«a b»"'],
    keeps: ["pod web-7d9psk4f: up", "upsks=1"],
  },
  {
    words: "authorization cookie cookies setcookie",
    mean: "weak",
    finds: ["Authorization: «Digest a=b, c=d»\nX: y", "Set-Cookie: «a=b; c=d»", "cookie=«a1b2»; x"],
    keeps: ["cookie=0x0, duration=1s, table=0", "authorization mode: Node,RBAC", "cookie accepted"],
  },
  {
    words: "auth pass pw userpw rootpw bindpw",
    mean: "weak",
    marks: ["auth", "pass", "pw=", "pw:", 'pw"'],
    finds: ['{"auth":"«dXNlcjp4»"}', "DB_PASS=«a1»", "rootpw=«a1»"],
    keeps: ["auth: basic", "pass=12 fail=0", "author: Jane", '{"authMode":"x509"}'],
  },
  {
    words: "community rocommunity rwcommunity",
    mean: "weak",
    marks: ["communit"],
    finds: ["rocommunity «a1b2» 10.0.0.0/8", "snmp-server community «a1b2» RO", "snmpCommunity=«public1»"],
    keeps: ["community 65000:100", "snmp community is not configured"],
  },
  {
    words: "sig signature sessionid jsessionid phpsessid sessid jwt accesskeyid",
    mean: "weak",
    marks: ["sig=", "signature=", "sessid", "sessionid", "jwt"],
    finds: ["https://a/b?sv=1&sig=«Ab3d%2B»&x=y", "X-Amz-Signature=«0a1b2c3d»"],
    keeps: ["signature is invalid", "SIGTERM", "sig=0"],
  },
  {
    words: "key keys",
    mean: "key",
    marks: ["key"],
    finds: [
      '{"etcd_key":"«x»"}',
      "apiKey=«a1»",
      '{"encryptionKeys":["«a1»"]}',
      "keyData=«a1»",
      "preshared-key «a1»",
      "private key: «a1=»",
      "API key: «Ab3»; pre-shared key '«x y»'",
    ],
    keeps: [
      '{"key":"a","monkey":"b","topologyKey":"c","publicKey":"d"}',
      "public key a1, key b2",
      "private key: (hidden)",
      "invalid character '}' after object key:value pair",
      '{"keyID":"a","keySize":2048}',
      "preshared key: (none)",
    ],
  },
  {
    words:
      "public pub topology label annotation cache primary partition sort foreign unique object group map index lookup " +
      "routing row column field metadata registry sign host authorized known verify verification trusted ca cert root " +
      "lock hash datastore store etcd3 resource query pod namespace identity endpoint dict selector value json yaml option " +
      "config parent child missing invalid unknown expected duplicate same each any first last next trace context event shard " +
      "node dedup idempotency num sysctl home end up down page hot shortcut return enter escape",
    mean: "open key",
    finds: [],
    keeps: ['{"cacheKey":"a","hostKey":"b","labelKeys":["c"]}', "nodeKey=cilium/state/nodes/v1/default/node-1"],
  },
  {
    words:
      "access api app application auth client encryption enc decryption pre-shared preshared private secret session shared " +
      "signing ssh ssl tls server service master account ike esp ipsec wireguard wg macsec hmac aes license storage " +
      "deploy webhook subscription functions instance personal",
    mean: "closed key",
    finds: ["using API key «a1b2»", "signing keys: «a1b2»"],
    keeps: ["the session key was negotiated", "tls: private key does not match public key"],
  },
  {
    words:
      "bucket buckets type ttl expiry expires expiration expirationseconds length len size count policy mode method algorithm algo " +
      "version url uri endpoint host issuer interval timeout provider enabled disabled required optional rotation audience audiences " +
      "manager generator review request validity age duration limit limits rate format encoding scope scopes kind status state " +
      "usage id ids index store ring space template backend service server role class level source config settings options " +
      "at time date lifetime retries attempts message error reason description hint prompt field attribute label selector " +
      "provisioner controller operator plugin driver agent info metadata ops enforcement verification " +
      "validation check checks hashing lookup exists present valid missing",
    mean: "describes",
    finds: [],
    keeps: ['{"tokenExpiry":"2026-09-01","passwordPolicy":"strong","secretManager":"vault","keyId":"a"}'],
  },
  {
    words: "file files path paths dir directory location mount filename",
    mean: "locates",
    finds: ['{"tls_key_file":"«-----MII»","tokenPath":"«eyJ»"}', "token_file=«abc»"],
    keeps: [
      '{"etcd_key_file":"/etc/ssl/etcd/client.key","tokenPath":"/var/run/token"}',
      "cannot read --token-file /run/token, key_path=/etc/x.key, tokenFile=./a/b token-file=tokens.csv",
    ],
  },
  {
    words: "name names ref refs reference keyref namespace volume",
    mean: "refers",
    finds: ['{"secretName":"«Hunter2!»"}', "secretName='«A B»'", '{"secret_name":["«a»"]}'],
    keeps: ['{"secretName":"calico-etcd.v1"}', '{"secretKeyRef":{"name":"db","key":"password"}}'],
  },
  {
    words: "imagepullsecrets imagepullsecret serviceaccounttoken",
    mean: "object",
    finds: ['{"serviceAccountToken":"«a1»"}'],
    keeps: ["imagePullSecrets:\n- name: regcred", '{"serviceAccountToken":{"path":"token","expirationSeconds":3607}}'],
  },
  {
    words:
      "value val data string str text plain plaintext base64 b64 hex raw bytes material pem old new current previous prev " +
      "default prod production dev test staging main secondary backup env var override encrypted hash hashed",
    mean: "neutral",
    finds: ['{"client-key-data":"«x»","passwordHash":"«y»","tokenValue":"«z»"}'],
    keeps: ['{"data":"a","keyValue":"b"}'],
  },
  {
    words: "monkey turkey donkey hockey jockey whiskey lackey flunkey hotkey mickey latchkey",
    mean: "plain",
    finds: [],
    keeps: ['{"monkey":"george","turkey":"roast"}'],
  },
]

/** The letter that encodes a meaning in `MEANINGS` and `KEY_KINDS`. */
export const LETTER_OF: Readonly<Record<WordMeaning, string>> = {
  secret: "s",
  weak: "w",
  key: "k",
  describes: "d",
  refers: "r",
  locates: "l",
  object: "o",
  neutral: "n",
  plain: "p",
  "open key": "O",
  "closed key": "C",
}

const isKeyKind = ({ mean }: WordRule) => mean === "open key" || mean === "closed key"
export const MEANINGS = listOf(WORD_RULES.filter((rule) => !isKeyKind(rule)))
export const KEY_KINDS = listOf(WORD_RULES.filter(isKeyKind))

function listOf(rules: readonly WordRule[]): WordList {
  const words = rules.flatMap((rule) => rule.words.split(" ").map((word) => `${word}:${LETTER_OF[rule.mean]}`))
  return byFirstLetter(words.join(" "))
}

export function byFirstLetter(words: string): WordList {
  const list: WordList = {}
  for (const word of words.split(" ")) list[word.charAt(0)] = `${list[word.charAt(0)] ?? " "}${word} `
  return list
}
