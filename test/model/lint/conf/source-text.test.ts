import assert from "node:assert/strict"
import { test } from "node:test"
import { lintConf } from "../../../../src/model/lint/conf/lint-conf.ts"
import { decodeSource } from "../../../../src/store/node/source-file.ts"

const TEXT =
  '{\r\n  "cniVersion": "1.0.0",\r\n  "name": "ö ö",\r\n  "plugins": [{"type": "bridge", "mtu": "1"}]\r\n}\r\n'
const MARK = "\ufeff"

function lint(bytes: Buffer, path = "/etc/cni/net.d/10-x.conflist"): string[] {
  return lintConf(path, decodeSource(bytes)).map(
    ({ rule, line, column, byte, detail, remedy }) => `${rule} ${line}:${column} byte ${byte}: ${detail} => ${remedy}`,
  )
}

function found(nameByte: number, mtuByte: number): string[] {
  return [
    `conf-name-invalid 3:11 byte ${nameByte}: ö ö => Use letters, digits, \`_\`, \`.\` and \`-\`: the name becomes part of file names.`,
    `conf-value-type 4:41 byte ${mtuByte}: mtu is "1", a string; bridge takes an integer => Write it without quotes: 1.`,
  ]
}

test("line ends of Windows move no position", () => {
  assert.deepEqual(
    lint(Buffer.from(TEXT)),
    found(TEXT.indexOf('"ö'), Buffer.byteLength(TEXT.slice(0, TEXT.indexOf('"1"')))),
  )
  assert.equal(lintConf("x.conflist", TEXT)[0]?.lineText, '  "name": "ö ö",')
})

test("a byte order mark, UTF-16 in both orders, with and without a mark", () => {
  const [name, mtu] = [TEXT.indexOf('"ö'), TEXT.indexOf('"1"')]
  assert.deepEqual(lint(Buffer.from(MARK + TEXT)), [
    "conf-encoding 1:1 byte 0: it begins with a UTF-8 byte order mark (EF BB BF), which Go's JSON parser rejects => Remove the mark: sed -i '1s/^\\xef\\xbb\\xbf//' /etc/cni/net.d/10-x.conflist",
    ...found(3 + name, 3 + mtu + 2),
  ])
  const utf16 = (encoding: string, from: string) =>
    `conf-encoding 1:1 byte 0: it is ${encoding}, and JSON parsers read UTF-8 => Convert it: iconv -f ${from} -t UTF-8 /etc/cni/net.d/10-x.conflist > /etc/cni/net.d/10-x.conflist.new && mv /etc/cni/net.d/10-x.conflist.new /etc/cni/net.d/10-x.conflist`
  const little = (text: string) => Buffer.from(text, "utf16le")
  const big = (text: string) => little(text).swap16()
  assert.deepEqual(lint(little(MARK + TEXT)), [utf16("UTF-16LE", "UTF-16"), ...found(2 + 2 * name, 2 + 2 * mtu)])
  assert.deepEqual(lint(big(MARK + TEXT)), [utf16("UTF-16BE", "UTF-16"), ...found(2 + 2 * name, 2 + 2 * mtu)])
  assert.deepEqual(lint(little(TEXT)), [utf16("UTF-16LE", "UTF-16LE"), ...found(2 * name, 2 * mtu)])
  assert.deepEqual(lint(big(TEXT)), [utf16("UTF-16BE", "UTF-16BE"), ...found(2 * name, 2 * mtu)])
})

test("a command quotes a file name that a shell would take apart", () => {
  const [finding] = lint(Buffer.from(MARK + TEXT), "/tmp/it's $(here).conflist")
  assert.match(finding ?? "", / '\/tmp\/it'\\''s \$\(here\)\.conflist'$/)
})

test("the line of a finding shows no secret, also in broken JSON and when it is cut", () => {
  const secrets = `"policy": {"k8s_auth_token": "hunter2.${"x".repeat(120)}", "password":"hunter2"}, "etcd_endpoints": "https://root:hunter2@10.0.0.1:2379"`
  const contents = [
    `{"cniVersion":"1.0.0","name":"a b","type":"calico",${secrets}}`,
    `{"cniVersion":"1.0.0" "name":"a b","type":"calico",${secrets}}`,
    `{"cniVersion":"1.0.0","name":"a","type":"calico",${secrets},"mtu":"1"}`,
    `{"cniVersion":"1.0.0","name":"a","type":"calico",${secrets},}`,
    '{"cniVersion":"1.0.0","name":"a","type":"calico","k8s_auth_token": "hunter2',
  ]
  for (const content of contents) {
    const findings = lintConf("10-x.conf", content)
    assert.notEqual(findings.length, 0)
    assert.equal(JSON.stringify(findings).includes("hunter2"), false, JSON.stringify(findings, null, 1))
  }
})
