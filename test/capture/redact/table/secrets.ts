import { Random } from "../../random.ts"

/**
 * Shapes of secrets as they are known publicly: formats of vendors, of tools that print keys, and of files. Written from
 * those formats and not from the rules. `«` and `»` enclose what must not be in the record.
 */
export type SecretShape = { name: string; text: string }

const random = new Random(20260901)
const DIGITS = "0123456789"
const LOWER = "abcdefghijklmnopqrstuvwxyz"
const UPPER = LOWER.toUpperCase()
const ALPHANUMERIC = LOWER + UPPER + DIGITS

function some(length: number, characters = ALPHANUMERIC): string {
  // Ends of every kind, so that a word is never plain letters or digits by chance.
  const head = characters === ALPHANUMERIC ? "Q7z" : ""
  return head + Array.from({ length: length - head.length }, () => random.pick([...characters])).join("")
}
const hex = (length: number) => some(length, "0123456789abcdef")
const upper = (length: number) => some(length, UPPER + DIGITS)
const base32 = (length: number) => some(length, `${UPPER}234567`)
const base64 = (text: string) => Buffer.from(text).toString("base64")
const key32 = () => `${some(42)}A=`
const url64 = (text: string) => Buffer.from(text).toString("base64url")

/** Tokens that stand alone, by the format that their vendor publishes. */
function vendorTokens(): Record<string, string> {
  return {
    "AWS access key ID": `AKIA${base32(16)}`,
    "AWS temporary access key ID": `ASIA${base32(16)}`,
    "AWS Bedrock key": `ABSK${some(128)}`,
    "GitHub personal access token": `ghp_${some(36)}`,
    "GitHub OAuth token": `gho_${some(36)}`,
    "GitHub user-to-server token": `ghu_${some(36)}`,
    "GitHub server-to-server token": `ghs_${some(36)}`,
    "GitHub refresh token": `ghr_${some(36)}`,
    "GitHub fine-grained token": `github_pat_${some(22)}_${some(59)}`,
    "GitLab personal access token": `glpat-${some(20)}`,
    "GitLab deploy token": `gldt-${some(20)}`,
    "GitLab runner token": `glrt-${some(20)}`,
    "GitLab agent token": `glagent-${some(50)}`,
    "GitLab job token": `glcbt-64_${some(20)}`,
    "GitLab trigger token": `glptt-${hex(40)}`,
    "GitLab registration token": `GR1348941${some(20)}`,
    "Google API key": `AIza${some(35)}`,
    "Google OAuth access token": `ya29.${some(60)}`,
    "Google OAuth client secret": `GOCSPX-${some(28)}`,
    "Slack bot token": `xoxb-${some(12, DIGITS)}-${some(12, DIGITS)}-${some(24)}`,
    "Slack user token": `xoxp-${some(12, DIGITS)}-${some(12, DIGITS)}-${some(12, DIGITS)}-${hex(32)}`,
    "Slack app token": `xapp-1-A${upper(9)}-${some(13, DIGITS)}-${hex(64)}`,
    "Slack webhook": `https://hooks.slack.com/services/«T${upper(8)}/B${upper(10)}/${some(24)}»`,
    "Discord webhook": `https://discord.com/api/webhooks/${some(18, DIGITS)}/«${some(68)}»`,
    "Teams webhook": `https://corp.webhook.office.com/webhookb2/«${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}@${hex(8)}/IncomingWebhook/${hex(32)}/x»`,
    "Telegram bot token": `${some(10, DIGITS)}:AA${some(33)}`,
    "Discord bot token": `M${some(23)}.${some(6)}.${some(27)}`,
    "Stripe secret key": `sk_live_${some(24)}`,
    "Stripe restricted key": `rk_live_${some(24)}`,
    "Twilio API key": `SK${hex(32)}`,
    "SendGrid key": `SG.${some(22)}.${some(43)}`,
    "Mailgun key": `key-${hex(32)}`,
    "Mailchimp key": `${hex(32)}-us12`,
    "npm token": `npm_${some(36)}`,
    "PyPI token": `pypi-AgEIcHlwaS5vcmc${some(60)}`,
    "RubyGems key": `rubygems_${hex(48)}`,
    "Docker Hub token": `dckr_pat_${some(27)}`,
    "Vault service token": `hvs.${some(92)}`,
    "Vault batch token": `hvb.${some(140)}`,
    "Vault token before 1.10": `s.${some(24)}`,
    "Terraform Cloud token": `${some(14)}.atlasv1.${some(67)}`,
    "Pulumi token": `pul-${hex(40)}`,
    "Databricks token": `dapi${hex(32)}`,
    "DigitalOcean token": `dop_v1_${hex(64)}`,
    "DigitalOcean OAuth token": `doo_v1_${hex(64)}`,
    "Doppler token": `dp.pt.${some(43)}`,
    "Dynatrace token": `dt0c01.${upper(24)}.${upper(64)}`,
    "Grafana service account token": `glsa_${some(32)}_${hex(8)}`,
    "Grafana Cloud token": `glc_${some(60)}`,
    "New Relic key": `NRAK-${upper(27)}`,
    "Sentry user token": `sntryu_${hex(64)}`,
    "Sentry organization token": `sntrys_eyJpYXQiO${some(80)}`,
    "OpenAI project key": `sk-proj-${some(48)}T3BlbkFJ${some(40)}`,
    "OpenAI key": `sk-${some(20)}T3BlbkFJ${some(20)}`,
    "Anthropic key": `sk-ant-api03-${some(93)}AA`,
    "Hugging Face token": `hf_${some(34)}`,
    "Linear key": `lin_api_${some(40)}`,
    "Notion token": `ntn_${some(46)}`,
    "Shopify token": `shpat_${hex(32)}`,
    "PlanetScale password": `pscale_pw_${some(43)}`,
    "Postman key": `PMAK-${hex(24)}-${hex(34)}`,
    "Fly.io token": `fo1_${some(43)}`,
    "Heroku key": `HRKU-AA${some(58)}`,
    "Alibaba access key ID": `LTAI${some(20)}`,
    "Tencent secret ID": `AKID${some(32)}`,
    "Yandex key": `AQVN${some(36)}`,
    "Artifactory key": `AKCp${some(69)}`,
    "Artifactory reference token": `cmVmd${some(59)}`,
    "Azure AD client secret": `${some(3)}8Q~${some(34)}`,
    "OpenShift token": `sha256~${some(43)}`,
    "age secret key": `AGE-SECRET-KEY-1${some(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")}`,
    "1Password service account token": `ops_eyJ${some(260)}`,
    "Cloudflare origin CA key": `v1.0-${hex(24)}-${hex(146)}`,
    "Tailscale key": `tskey-auth-${some(12)}-${some(32)}`,
    "Netlify token": `nfp_${some(36)}`,
    "Atlassian token": `ATATT3xFfGF0${some(180)}`,
    "Buildkite token": `bkua_${hex(40)}`,
    "CircleCI token": `CCIPAT_${some(22)}_${hex(40)}`,
    "Rancher token": `kubeconfig-user-abcde:${some(54, LOWER + DIGITS)}`,
    "JSON Web Token": `eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.${url64('{"iss":"kubernetes/serviceaccount","sub":"system:x"}')}.${some(86)}`,
    "bootstrap token": `«${some(6, LOWER + DIGITS)}.${some(16, LOWER + DIGITS)}» as --token`,
  }
}

const NAMES = (
  "password passwd pass pwd passphrase DB_PASSWORD MYSQL_PWD DB_PASS PGPASSWORD rootPassword adminPass token authToken " +
  "access_token refreshToken id_token bearerToken K8S_API_TOKEN api_key apiKey X-API-Key secret clientSecret " +
  "client_secret SECRET_KEY aws_secret_access_key AWS_SESSION_TOKEN privateKey private_key PrivateKey PresharedKey psk " +
  "encryptionKey encryptionKeys keyData creds credentials etcd_password k8s_auth_token sessionKey signingKey hmacKey " +
  "wifiPassword sharedSecret joinToken registrationToken cookie snmpCommunity"
).split(" ")

const VALUE = () => `Xy7-${some(14)}`

/** Names with a value, in one of the notations in turn: a table of all combinations would say the same several times. */
function namedValues(): SecretShape[] {
  const notations: [string, (name: string) => string][] = [
    ["name=value", (name) => `${name}=«${VALUE()}»`],
    ["name: value", (name) => `${name}: «${VALUE()}»`],
    ["name = value", (name) => `${name} = «${VALUE()}»`],
    ["JSON", (name) => `{"${name}":"«${VALUE()}»"}`],
    ["quoted", (name) => `${name}="«${VALUE()}»"`],
    ["Go struct", (name) => `{Name:net ${name}:«${VALUE()}» Mtu:1500}`],
    ["switch", (name) => `--${name} «${VALUE()}» --mtu 1500`],
    ["Go map", (name) => `map[mtu:1500 ${name}:«${VALUE()}»]`],
  ]
  return NAMES.map((name, at) => {
    const [notation, write] = notations[at % notations.length] ?? notations[0] ?? ["", String]
    return { name: `${name}, ${notation}`, text: write(name) }
  })
}

const bytes = (text: string) => [...Buffer.from(text)]
const inHex = (text: string) => Buffer.from(text).toString("hex")
const twoHex = (byte: number) => byte.toString(16).padStart(2, "0")
const PEM = `MIIEpAIBAAKCAQEA${some(48)}\n${some(64)}\n${some(40)}==`

function documents(): Record<string, string> {
  const password = VALUE()
  const list = `{"token":"${password}","mtu":1500}`
  const [before = "", after = ""] = list.split(password)
  const decimal = (text: string) => bytes(text).join(" ")
  const source = (text: string) =>
    bytes(text)
      .map((byte) => `0x${twoHex(byte)}`)
      .join(", ")
  return {
    "Secret, data": `{"apiVersion":"v1","data":{"tls.crt":"«${base64(some(24))}»","user":"«${base64(some(12))}»"},"kind":"Secret","metadata":{"name":"db"}}`,
    "Secret, stringData": `{"kind":"Secret","apiVersion":"v1","stringData":{"config":"«${some(24)}»"},"type":"Opaque"}`,
    "Secret, YAML": `apiVersion: v1\nkind: Secret\nmetadata:\n  name: db\ndata:\n  user: «${base64(some(12))}»\n  tls.crt: «${base64(some(24))}»\n`,
    "Secret, YAML, kind last": `apiVersion: v1\nstringData:\n  user: «${some(12)}»\n  note: «${some(24)}»\nkind: Secret\n`,
    "name and value": `{"env":[{"name":"DB_PASSWORD","value":"«${VALUE()}»"}]}`,
    "value and name": `{"env":[{"value":"«${VALUE()}»","name":"DB_PASSWORD"}]}`,
    "name and value, Go": `[{Name:API_TOKEN Value:«${VALUE()}» ValueFrom:nil}]`,
    "name and value, YAML": `env:\n- name: API_TOKEN\n  value: «${VALUE()}»\n`,
    "switch in a list": `["--password","«${VALUE()}»","-v"]`,
    "switch in a list, joined": `["--password=«${VALUE()}»","-v"]`,
    "PEM private key": `-----BEGIN RSA PRIVATE KEY-----\n«${PEM}»\n-----END RSA PRIVATE KEY-----`,
    "EC private key": `-----BEGIN EC PRIVATE KEY-----\n«${PEM}»\n-----END EC PRIVATE KEY-----`,
    "PKCS 8 private key": `-----BEGIN PRIVATE KEY-----\n«${PEM}»\n-----END PRIVATE KEY-----`,
    "OpenSSH private key": `-----BEGIN OPENSSH PRIVATE KEY-----\n«b3BlbnNzaC1rZXktdjEA${some(40)}»\n-----END OPENSSH PRIVATE KEY-----`,
    "PGP private key": `-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n«${PEM}»\n-----END PGP PRIVATE KEY BLOCK-----`,
    "PEM in base64": `«${base64(`-----BEGIN RSA PRIVATE KEY-----\n${PEM}`)}»`,
    "kubeconfig in base64": `«${base64(`apiVersion: v1\nkind: Config\nusers:\n- user:\n    token: ${VALUE()}\n`)}»`,
    "client key of a kubeconfig": `client-key-data: «LS0tLS1CRUdJTi${some(60)}»`,
    "ip xfrm state, authentication": `src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000301 reqid 1 mode tunnel\n\treplay-window 0\n\tauth-trunc hmac(sha256) 0x«${hex(64)}» 128\n\tenc cbc(aes) 0x«${hex(32)}»\n`,
    "ip xfrm state, aead": `src 10.0.0.1 dst 10.0.0.2\n\tproto esp spi 0x00000301 reqid 1 mode tunnel\n\taead rfc4106(gcm(aes)) 0x«${hex(40)}» 128\n\tanti-replay context: seq 0x0, oseq 0x0\n`,
    "ip xfrm state add": `ip xfrm state add src 10.0.0.1 dst 10.0.0.2 proto esp spi 0x1 auth 'hmac(sha1)' 0x«${hex(40)}» enc 'cbc(aes)' 0x«${hex(32)}»`,
    "Cilium IPsec key": `3+ rfc4106(gcm(aes)) «${hex(40)}» 128`,
    "ip macsec add": `ip macsec add macsec0 tx sa 0 pn 1 on key 01 «${hex(32)}»`,
    "wpa_supplicant MKA": `mka_cak=«${hex(32)}»\nmka_ckn=${hex(32)}`,
    "wg showconf": `[Interface]\nListenPort = 51820\nPrivateKey = «${key32()}»\n\n[Peer]\nPublicKey = ${key32()}\nPresharedKey = «${key32()}»\n`,
    "wg show dump": `wg0\t«${key32()}»\t${key32()}\t51820\toff`,
    "wg show dump, peer": `wg0\t${key32()}\t«${key32()}»\t10.0.0.2:51820\t10.1.0.0/24\t1780000000\t1\t2\toff`,
    "wg show": `interface: wg0\n  public key: ${key32()}\n  private key: «${key32()}»\n  listening port: 51820\n`,
    "ipsec.secrets": `10.0.0.1 10.0.0.2 : PSK "«${VALUE()}»"`,
    "swanctl.conf": `secrets {\n  ike-1 {\n    id = node\n    secret = "«${VALUE()}»"\n  }\n}`,
    URL: `https://admin:«${VALUE()}»@etcd.example:2379/v2`,
    "URL of PostgreSQL": `postgres://app:«${VALUE()}»@db:5432/app?sslmode=disable`,
    "URL of Redis": `redis://:«${VALUE()}»@redis:6379/0`,
    "URL of MongoDB": `mongodb+srv://app:«${VALUE()}»@cluster0.example.net/db`,
    "URL of AMQP": `amqp://guest:«${VALUE()}»@mq:5672/vhost`,
    "URL with a token only": `https://«${some(30)}»@github.com/a/b.git`,
    "URLs, comma": `http://u1:«${VALUE()}»@e1:2379,http://u2:«${VALUE()}»@e2:2379,http://u3:«${VALUE()}»@e3:2379`,
    "URLs, semicolon": `http://u1:«${VALUE()}»@e1:2379;http://u2:«${VALUE()}»@e2:2379`,
    "URLs, bar": `http://u1:«${VALUE()}»@e1:2379|http://u2:«${VALUE()}»@e2:2379`,
    "URLs, ampersand": `a=http://u1:«${VALUE()}»@e1:2379&b=http://u2:«${VALUE()}»@e2:2379`,
    "URLs, Go list": `[http://u1:«${VALUE()}»@e1:2379 http://u2:«${VALUE()}»@e2:2379]`,
    "address, Go list": `[app:«${VALUE()}»@db.example:5432]`,
    "address, Go map": `map[dsn:app:«${VALUE()}»@tcp(db:3306)/app]`,
    "data source name": `app:«${VALUE()}»@tcp(10.0.0.1:3306)/app?parseTime=true`,
    "addresses without scheme, comma": `u1:«${VALUE()}»@h1:27017,u2:«${VALUE()}»@h2:27017`,
    "query with a token": `https://api.example/v1?access_token=«${VALUE()}»&page=2`,
    "query with an API key": `GET /v1/x?api_key=«${VALUE()}» HTTP/1.1`,
    "signed URL of AWS": `https://b.s3.amazonaws.com/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=900&X-Amz-Signature=«${hex(64)}»`,
    "signed URL of Azure": `https://a.blob.core.windows.net/c/b?sv=2024-01-01&sp=r&sig=«${some(40)}%3D»`,
    "signed URL of Google": `https://storage.googleapis.com/b/o?X-Goog-Algorithm=x&X-Goog-Signature=«${hex(64)}»`,
    "connection string of Azure": `DefaultEndpointsProtocol=https;AccountName=a;AccountKey=«${some(86)}==»;EndpointSuffix=core.windows.net`,
    "connection string of SQL Server": `Server=db;Database=a;User Id=sa;Password=«${VALUE()}»;Encrypt=true`,
    "libpq connection string": `host=db port=5432 user=app password=«${VALUE()}» dbname=app`,
    "Authorization, Bearer": `Authorization: Bearer «${some(32)}»`,
    "Authorization, Basic": `Authorization: Basic «${base64(`admin:${VALUE()}`)}»`,
    "Authorization, Digest": `Authorization: Digest username="a", response="«${hex(32)}»"`,
    "Authorization in a Go map": `map[Accept:[*/*] Authorization:[Bearer «${some(32)}»]]`,
    "Bearer, two blanks": `using Bearer  «${some(32)}»`,
    "Bearer, tab": `using Bearer\t«${some(32)}»`,
    "Bearer, colon": `Bearer: «${some(32)}»`,
    "Bearer, quotes": `Bearer "«${some(32)}»"`,
    "Bearer, equals": `bearer=«${some(32)}»`,
    "Basic alone": `header Basic «${base64(`admin:${VALUE()}`)}»`,
    "Set-Cookie": `Set-Cookie: session=«${some(32)}»; Path=/; HttpOnly`,
    "X-Vault-Token": `X-Vault-Token: «${VALUE()}»`,
    "X-Auth-Token in curl": `curl -H 'X-Auth-Token: «${VALUE()}»' https://a/`,
    "curl -u": `curl -s -u admin:«${VALUE()}» https://a/`,
    "mysql -p": `mysql -h db -u root -p«${VALUE()}» app`,
    "sshpass -p": `sshpass -p «${VALUE()}» ssh a@b`,
    "redis-cli -a": `redis-cli -h r -a «${VALUE()}» ping`,
    "docker login -p": `docker login -u a -p «${VALUE()}» registry.example`,
    "ldapsearch -w": `ldapsearch -x -D cn=a -w «${VALUE()}» -b dc=x`,
    "openssl -passin": `openssl rsa -in k.pem -passin pass:«${VALUE()}»`,
    "snmpget -c": `snmpget -v2c -c «${VALUE()}» 10.0.0.1 sysName.0`,
    "snmpd.conf": `rocommunity «${VALUE()}» 10.0.0.0/8`,
    "SNMP community, Cisco": `snmp-server community «${VALUE()}» RO`,
    pgpass: `db.example:5432:app:admin:«${VALUE()}»`,
    "pgpass, wildcard": `*:*:*:admin:«${VALUE()}»`,
    netrc: `machine api.example login a password «${VALUE()}»`,
    "htpasswd, apr1": `admin:«$apr1$${some(8)}$${some(22)}»`,
    "htpasswd, bcrypt": `admin:«$2y$10$${some(53)}»`,
    "htpasswd, SHA": `admin:«{SHA}${some(27)}=»`,
    shadow: `root:«$6$${some(16)}$${some(86)}»:19000:0:99999:7:::`,
    "shadow, yescrypt": `root:«$y$j9T$${some(22)}$${some(43)}»:19000:0:99999:7:::`,
    "Docker auth": `{"auths":{"https://index.docker.io/v1/":{"auth":"«${base64(`a:${VALUE()}`)}»"}}}`,
    npmrc: `//registry.npmjs.org/:_authToken=«${VALUE()}»`,
    "ANSI colours": `\u001b[32mtoken\u001b[0m=\u001b[31m«${VALUE()}»\u001b[0m`,
    "ANSI colours, colon": `\u001b[1mpassword:\u001b[0m «${VALUE()}»`,
    sentence: `login with password «${VALUE()}» failed`,
    "sentence, is": `the token is «${VALUE()}»`,
    "sentence, quotes": `invalid token "«${VALUE()}»"`,
    "sentence, API key": `using API key «${VALUE()}»`,
    "sentence, colon": `wrong password: «${VALUE()}»`,
    "Go bytes": `[«${decimal(list)}»]`.replace(
      `«${decimal(list)}»`,
      `${decimal(before)} «${decimal(password)}» ${decimal(after)}`,
    ),
    "Go bytes, source": `[]byte{${source(before)}, «${source(password)}», ${source(after)}}`,
    "Go bytes, hex": `config ${inHex(before)}«${inHex(password)}»${inHex(after)}`,
    "JSON array of bytes": `{"config":[${bytes(before).join(",")},«${bytes(password).join(",")}»,${bytes(after).join(",")}]}`,
    "escaped letters": `{"\\u0074oken":"«${VALUE()}»"}`,
    "YAML block": `a: b\npassword: |\n  «${VALUE()}»\nc: d`,
    "YAML, words": `user: a\npassphrase: «correct ${VALUE()} staple»\nmtu: 1500`,
    "YAML list": `tokens:\n- «${VALUE()}»\n- «${VALUE()}»\nname: a`,
    XML: `<user>a</user><password>«${VALUE()}»</password>`,
    "PHP array": `'password' => '«${VALUE()}»'`,
    "Go assignment": `token := "«${VALUE()}»"`,
    "INI section": `[client]\nuser=a\npassword=«${VALUE()}»\n`,
    "Go pointer": `&{User:a Password:«${VALUE()}» Insecure:false}`,
    "Go quoted struct": `main.Config{User:"a", Password:"«${VALUE()}»", Insecure:false}`,
    annotations: `{"metadata":{"annotations":{"vendor/setup":"«${some(20)}»"}}}`,
    "annotations, Go": `Annotations:map[vendor/setup:«${some(20)}»] Spec:x`,
    systemd: `Environment="API_TOKEN=«${VALUE()}»"`,
    "shell export": `export AWS_SECRET_ACCESS_KEY=«${some(40)}»`,
    "AWS credentials file": `[default]\naws_access_key_id = «AKIA${base32(16)}»\naws_secret_access_key = «${some(40)}»`,
    "service account of Google": `{"type":"service_account","private_key_id":"x","private_key":"«-----BEGIN PRIVATE KEY-----\\n${some(64)}\\n»-----END PRIVATE KEY-----\\n"}`,
    "PGPASSWORD before a command": `PGPASSWORD=«${VALUE()}» psql -h db`,
    "kubeadm join": `kubeadm join 10.0.0.1:6443 --token «${some(6, LOWER + DIGITS)}.${some(16, LOWER + DIGITS)}» --discovery-token-ca-cert-hash sha256:${hex(64)}`,
    "two secrets in one line": `user=a password=«${VALUE()}» token=«${VALUE()}»`,
    "requirepass of Redis": `requirepass «${VALUE()}»`,
    "vtysh, BGP password": `neighbor 10.0.0.1 password «${VALUE()}»`,
    "Calico BGP password": `{"spec":{"peerIP":"10.0.0.1","password":{"secretKeyRef":{"name":"bgp","key":"x"}},"authPassword":"«${VALUE()}»"}}`,
    "Multus, token of a kubeconfig": `users:\n- name: multus\n  user:\n    token: "«${some(40)}»"\n`,
  }
}

export const SECRET_SHAPES: readonly SecretShape[] = [
  ...Object.entries(vendorTokens()).map(([name, token]) => ({
    name,
    text: token.includes("«") ? token : `«${token}»`,
  })),
  ...namedValues(),
  ...Object.entries(documents()).map(([name, text]) => ({ name, text })),
]
