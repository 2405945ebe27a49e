import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { redact } from "../../../../src/capture/redact/redact.ts"
import { CONF_RULES, CONFIGURATION_RULES, lintConf } from "../../../../src/model/lint/conf/lint-conf.ts"
import { SYSCTL_RULES } from "../../../../src/model/lint/conf/sysctl-rules.ts"
import { BRIDGE, type ConfCases, lint, list, testConfRules } from "./conf-cases.ts"

const FIXTURES = join(import.meta.dirname, "../../../fixtures/conflists")
/** These rules have their own tests. */
const OTHER_FAMILIES = [...CONFIGURATION_RULES, ...SYSCTL_RULES]

const CASES: ConfCases = {
  "conf-encoding": [
    {
      content: `\ufeff${list([BRIDGE])}`,
      found: ["conf-encoding 1:1 it begins with a UTF-8 byte order mark (EF BB BF), which Go's JSON parser rejects"],
    },
  ],
  "conf-broken-json": [
    {
      content: '{"cniVersion":"1.0.0"\n "name":"x"}',
      found: ['conf-broken-json 2:2 a comma is missing before `"name"`'],
    },
    { content: "", found: ["conf-broken-json 1:1 the file is empty"] },
    { content: '{"name":"x", // why\n"plugins":[]}', found: ["conf-broken-json 1:14 JSON has no comments (`//`)"] },
  ],
  "conf-too-deep": [
    { content: `{"name":"x","plugins":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, found: ["conf-too-deep 1:86"] },
    { content: '{"a":'.repeat(100_000), found: ["conf-too-deep 1:321"] },
  ],
  "conf-not-object": [{ content: "[]", found: ["conf-not-object 1:1"] }],
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
  // oomichi#99
  "conf-version-without-lists": [
    {
      content: '{"cniVersion":"0.2.0","name":"x","plugins":[{"type":"bridge"}]}',
      found: ["conf-version-without-lists 1:15 lists begin with 0.3.0, and cniVersion is 0.2.0"],
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
    {
      content: list([BRIDGE]),
      path: "/etc/cni/net.d/10-x.conf",
      found: [
        "conf-extension 1:47 a list in 10-x.conf: runtimes look for a plugin in it and report that its type is missing",
      ],
    },
  ],
  "conf-extension-unread": [
    {
      content: list([BRIDGE]),
      path: "10-x.conflist.bak",
      found: ["conf-extension-unread 1:1 10-x.conflist.bak: a backup"],
    },
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
    { content: list([{ type: "istio-cni" }]), found: ["conf-meta-plugin-first 1:56 istio-cni alone"] },
    { content: list([{ type: "portmap" }, BRIDGE]), found: ["conf-meta-plugin-first 1:56 portmap"] },
  ],
  "conf-plugin-version": [
    { content: list([{ ...BRIDGE, cniVersion: "0.4.0" }]), found: ["conf-plugin-version 1:78 0.4.0"] },
  ],
  "conf-capabilities": [
    { content: list([{ ...BRIDGE, capabilities: ["mac"] }]), found: ['conf-capabilities 1:80 ["mac"]'] },
    { content: list([{ ...BRIDGE, capabilities: { mac: "true" } }]), found: ["conf-capabilities 1:87 mac is true"] },
  ],
  "conf-duplicate-key": [{ content: list([BRIDGE], '"name":"again",'), found: ["conf-duplicate-key 1:37 /name"] }],
  "conf-secret": [
    {
      content: list([{ ...BRIDGE, policy: { k8s_auth_token: "hunter2", etcd_key_file: "/a", client_key: "/path" } }]),
      found: ["conf-secret 1:92 k8s_auth_token"],
    },
  ],
}

testConfRules(
  CONF_RULES.filter((rule) => !OTHER_FAMILIES.some(({ id }) => id === rule.id)),
  CASES,
)

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
    // A path of a Unix system.
    k8s_client_key: "/etc/cni/client.key",
    // Both knew these.
    password: "a",
    secretName: "etcd-certs",
    etcd_key_file: "/etc/cni/etcd.key",
    authType: "none",
  }
  const found = lintConf("x.conflist", list([{ ...BRIDGE, policy }])).map(({ detail }) => detail)
  const redacted = redact(JSON.stringify(policy)).redacted.map((pointer) => pointer.slice(1))
  assert.deepEqual([...found].sort(), redacted.sort())
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

test("configurations of real clusters have only justified findings", () => {
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
