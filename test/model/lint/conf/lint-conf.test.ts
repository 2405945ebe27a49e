import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { redact } from "../../../../src/capture/redact/redact.ts"
import { CONF_RULES, lintConf } from "../../../../src/model/lint/conf/lint-conf.ts"

const FIXTURES = join(import.meta.dirname, "../../../fixtures/conflists")

/** `rule line:column detail` of a file. */
function lint(content: string, path = "10-net.conflist"): string[] {
  return lintConf(path, content).map(({ rule, line, column, detail }) => `${rule} ${line}:${column} ${detail}`.trim())
}

/** A list with these plugins; `more` goes before them. */
function list(plugins: unknown, more = ""): string {
  return `{"cniVersion":"1.0.0","name":"pods",${more}"plugins":${JSON.stringify(plugins)}}`
}
const BRIDGE = { type: "bridge" }
const ipam = (keys: object) => list([{ type: "bridge", ipam: { type: "host-local", ...keys } }])

/** By rule: files and what is found in them. */
const CASES: Record<string, { content: string; path?: string; found: string[] }[]> = {
  "conf-broken-json": [
    { content: '{"cniVersion":"1.0.0"\n "name":"x"}', found: ["conf-broken-json 2:2 comma expected"] },
    { content: "", found: ["conf-broken-json 1:1 the file is empty"] },
    { content: '{"name":"x", // why\n"plugins":[]}', found: ["conf-broken-json 1:14 invalid comment token"] },
  ],
  "conf-not-object": [{ content: "[]", found: ["conf-not-object 1:1"] }],
  "conf-range-invalid": [
    { content: ipam({ subnet: "10.0.0.0" }), found: ["conf-range-invalid 1:102 subnet is 10.0.0.0"] },
    {
      content: ipam({ ranges: [[{ rangeStart: "10.0.0.9" }]] }),
      found: ["conf-range-invalid 1:104 subnet is missing"],
    },
    {
      content: ipam({
        ranges: [[{ subnet: "10.0.0.0/24", gateway: "10.1.0.1", rangeStart: "10.0.0.9", rangeEnd: "10.0.0.5" }]],
      }),
      found: [
        "conf-range-invalid 1:138 gateway 10.1.0.1 is not in 10.0.0.0/24",
        "conf-range-invalid 1:162 rangeStart is after rangeEnd",
      ],
    },
    {
      content: ipam({ subnet: "10.0.0.0/31" }),
      found: ["conf-range-invalid 1:102 10.0.0.0/31 is too small for a gateway and a pod"],
    },
    { content: ipam({ subnet: "usePodCidr" }), found: [] },
  ],
  "conf-ranges-overlap": [
    {
      content: ipam({ ranges: [[{ subnet: "10.0.0.0/16" }], [{ subnet: "10.0.4.0/24" }]] }),
      found: ["conf-ranges-overlap 1:141 10.0.4.0/24"],
    },
    { content: ipam({ ranges: [[{ subnet: "10.0.0.0/24" }], [{ subnet: "10.0.1.0/24" }]] }), found: [] },
  ],
  "conf-without-name": [
    {
      content: '{"cniVersion":"1.0.0","plugins":[{"type":"bridge"}]}',
      found: ["conf-without-name 1:1 name is missing"],
    },
  ],
  "conf-name-invalid": [
    {
      content: '{"cniVersion":"1.0.0","name":"my net","plugins":[{"type":"bridge"}]}',
      found: ["conf-name-invalid 1:30 my net"],
    },
  ],
  "conf-without-version": [
    {
      content: '{"name":"x","plugins":[{"type":"bridge"}]}',
      found: ["conf-without-version 1:1 cniVersion is missing"],
    },
    { content: '{"cniVersions":["1.0.0"],"name":"x","plugins":[{"type":"bridge"}]}', found: [] },
  ],
  "conf-version-unknown": [
    {
      content: '{"cniVersion":"1.2.0","name":"x","plugins":[{"type":"bridge"}]}',
      found: ["conf-version-unknown 1:15 1.2.0"],
    },
  ],
  "conf-single-plugin": [
    {
      content: '{"cniVersion":"1.0.0","name":"x","type":"bridge"}',
      path: "10-x.conf",
      found: ["conf-single-plugin 1:15 version 1.0.0"],
    },
    { content: '{"cniVersion":"0.4.0","name":"x","type":"bridge"}', path: "10-x.conf", found: [] },
  ],
  "conf-plugins-empty": [
    { content: list([]), found: ["conf-plugins-empty 1:47 plugins is []"] },
    { content: list([], '"loadOnlyInlinedPlugins":false,'), found: [] },
  ],
  "conf-plugin-not-object": [{ content: list([BRIDGE, "portmap"]), found: ["conf-plugin-not-object 1:66 portmap"] }],
  "conf-extension": [
    { content: list([BRIDGE]), path: "/etc/cni/net.d/10-x.conf", found: ["conf-extension 1:47 a list in 10-x.conf"] },
  ],
  "conf-extension-unread": [
    { content: list([BRIDGE]), path: "10-x.conflist.bak", found: ["conf-extension-unread 1:1 10-x.conflist.bak"] },
  ],
  "conf-without-type": [{ content: list([{ mtu: 1 }]), found: ["conf-without-type 1:48 type is missing"] }],
  "conf-type-path": [
    {
      content: list([{ type: "/opt/x/bridge", ipam: { type: "../host-local" } }]),
      found: ["conf-type-path 1:56 /opt/x/bridge", "conf-type-path 1:87 ../host-local"],
    },
  ],
  "conf-reserved-key": [
    { content: list([{ ...BRIDGE, prevResult: {} }]), found: ["conf-reserved-key 1:78 prevResult"] },
  ],
  "conf-switch-type": [
    { content: list([BRIDGE], '"disableCheck":"yes",'), found: ["conf-switch-type 1:52 disableCheck is yes"] },
    { content: list([BRIDGE], '"disableCheck":"True",'), found: [] },
  ],
  // Pain 31: istio/cni#22.
  "conf-plugin-twice": [
    {
      content: list([BRIDGE, { type: "istio-cni" }, { type: "istio-cni" }]),
      found: ["conf-plugin-twice 1:95 istio-cni"],
    },
  ],
  "conf-meta-plugin-first": [
    { content: list([{ type: "portmap" }, BRIDGE]), found: ["conf-meta-plugin-first 1:56 portmap"] },
  ],
  "conf-plugin-version": [
    { content: list([{ ...BRIDGE, cniVersion: "0.4.0" }]), found: ["conf-plugin-version 1:78 0.4.0"] },
  ],
  "conf-capabilities": [
    { content: list([{ ...BRIDGE, capabilities: ["mac"] }]), found: ['conf-capabilities 1:80 ["mac"]'] },
    { content: list([{ ...BRIDGE, capabilities: { mac: "true" } }]), found: ["conf-capabilities 1:87 mac is true"] },
  ],
  "conf-ipam-without-type": [
    {
      content: list([{ ...BRIDGE, ipam: { subnet: "10.0.0.0/24" } }]),
      found: ["conf-ipam-without-type 1:72 type is missing"],
    },
    { content: list([{ ...BRIDGE, ipam: {} }]), found: [] },
  ],
  "conf-duplicate-key": [{ content: list([BRIDGE], '"name":"again",'), found: ["conf-duplicate-key 1:37 /name"] }],
  "conf-secret": [
    {
      content: list([{ ...BRIDGE, policy: { k8s_auth_token: "hunter2", etcd_key_file: "/a", client_key: "/path" } }]),
      found: ["conf-secret 1:92 k8s_auth_token"],
    },
  ],
}

test("every rule has a case", () => {
  assert.deepEqual(Object.keys(CASES).sort(), CONF_RULES.map(({ id }) => id).sort())
})

for (const [rule, cases] of Object.entries(CASES)) {
  test(rule, () => {
    for (const { content, path, found } of cases) assert.deepEqual(lint(content, path), found)
  })
}

test("lint and redaction agree on which keys are secret", () => {
  const policy = {
    // Only redaction knew these.
    passphrase: "a",
    etcd_key: "a",
    apiKey: "a",
    Authorization: "a",
    cookie: "a",
    wifiPsk: "a",
    pwd: "a",
    auth: "a",
    tokenValue: "a",
    credentials: "a",
    // A path: redacted all the same, because base64 may begin like one.
    k8s_client_key: "/etc/cni/client.key",
    // Both knew these.
    password: "a",
    secretName: "etcd-certs",
    etcd_key_file: "/etc/cni/etcd.key",
    authType: "none",
  }
  const found = lintConf("x.conflist", list([{ ...BRIDGE, policy }])).map(({ detail }) => detail)
  const redacted = redact(JSON.stringify(policy)).redacted.map((pointer) => pointer.slice(1))
  assert.deepEqual([...found, "k8s_client_key"].sort(), redacted.sort())
  assert.deepEqual(found.sort(), [
    "Authorization",
    "apiKey",
    "auth",
    "cookie",
    "credentials",
    "etcd_key",
    "passphrase",
    "password",
    "pwd",
    "tokenValue",
    "wifiPsk",
  ])
})

test("a finding about a secret does not repeat it", () => {
  const [finding] = lintConf("x.conflist", list([{ ...BRIDGE, password: "hunter2" }]))
  assert.equal(JSON.stringify(finding).includes("hunter2"), false)
})

test("configurations of real clusters have no findings but the justified ones", () => {
  const found = readdirSync(FIXTURES).flatMap((network) =>
    readdirSync(join(FIXTURES, network)).flatMap((name) =>
      lint(readFileSync(join(FIXTURES, network, name), "utf8"), name).map((line) => `${network}: ${line}`),
    ),
  )
  assert.deepEqual(found, [
    "calico-etcd: conf-secret 18:27 k8s_auth_token",
    // OVN-Kubernetes writes a single plugin of 1.1.0, and its own empty runtimeConfig.
    "ovn-kubernetes: conf-single-plugin 1:15 version 1.1.0",
    "ovn-kubernetes: conf-reserved-key 1:250 runtimeConfig",
  ])
})
