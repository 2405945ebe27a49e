import assert from "node:assert/strict"
import { test } from "node:test"
import { decodeLine } from "../../../src/model/decode/decode.ts"

const decoded = (line: string) => decodeLine(line).text
const unchanged = (line: string) => assert.deepEqual(decodeLine(line), { text: line, parts: [] })

// Longhorn's documentation of its storage network: whereabouts prints its range with %#v.
test("net.IPNet{IP:net.IP{0xac, ...}, Mask:net.IPMask{0xff, ...}} becomes a prefix", () => {
  assert.deepEqual(
    decodeLine(
      'error adding container to network "storagenetwork-sdfg8": error at storage engine: Could not allocate IP in range: ip: 172.16.0.1 / - 172.16.0.6 / range: net.IPNet{IP:net.IP{0xac, 0x10, 0x0, 0x0}, Mask:net.IPMask{0xff, 0xff, 0xff, 0xf8}}',
    ),
    {
      text: 'error adding container to network "storagenetwork-sdfg8": error at storage engine: Could not allocate IP in range: ip: 172.16.0.1 / - 172.16.0.6 / range: 172.16.0.0/29',
      parts: [{ from: 154, to: 237, encoding: "address", text: "172.16.0.0/29" }],
    },
  )
})

// Flannel prints the configuration of its delegate on stderr before it calls it.
test("Flannel's delegate configuration as %#v", () => {
  assert.equal(
    decoded(
      'Oct 28 12:33:17 node1 kubelet[2923]: map[string]interface {}{"cniVersion":"0.3.1", "ipam":map[string]interface {}{"routes":[]types.Route{types.Route{Dst:net.IPNet{IP:net.IP{0xa, 0xc8, 0x0, 0x0}, Mask:net.IPMask{0xff, 0xff, 0x0, 0x0}}, GW:net.IP(nil)}}, "type":"host-local"}, "mtu":(*uint)(0xc000016908), "name":"cbr0", "type":"bridge"}',
    ),
    'Oct 28 12:33:17 node1 kubelet[2923]: map[string]interface {}{"cniVersion":"0.3.1", "ipam":map[string]interface {}{"routes":[]types.Route{types.Route{Dst:10.200.0.0/16, GW:net.IP(nil)}}, "type":"host-local"}, "mtu":(*uint)(0xc000016908), "name":"cbr0", "type":"bridge"}',
  )
})

// The log of a plugin that prints the result of its IPAM plugin with libcni's Result.String().
test("{IP:10.1.5.185 Mask:ffffff00} of a result becomes a prefix", () => {
  assert.equal(
    decoded(
      "2019/05/22 16:11:00 ipam.ExecAdd Result: IP4:{IP:{IP:10.1.5.185 Mask:ffffff00} Gateway:10.1.5.1 Routes:[{Dst:{IP:0.0.0.0 Mask:00000000} GW:<nil>}]}, DNS:{Nameservers:[] Domain: Search:[] Options:[]}",
    ),
    "2019/05/22 16:11:00 ipam.ExecAdd Result: IP4:{IP:10.1.5.185/24 Gateway:10.1.5.1 Routes:[{Dst:0.0.0.0/0 GW:<nil>}]}, DNS:{Nameservers:[] Domain: Search:[] Options:[]}",
  )
  assert.equal(
    decoded(
      "IP6:{IP:{IP:abcd:1234:ffff::cdde Mask:ffffffffffffffff0000000000000000} Gateway:abcd:1234:ffff::1 Routes:[{Dst:{IP:1111:dddd:: Mask:ffffffffffffffffffff000000000000} GW:1111:dddd::aaaa}]}",
    ),
    "IP6:{IP:abcd:1234:ffff::cdde/64 Gateway:abcd:1234:ffff::1 Routes:[{Dst:1111:dddd::/80 GW:1111:dddd::aaaa}]}",
  )
})

// https://github.com/Azure/azure-container-networking/issues/218
test("{10.240.0.84 fff00000} of a struct printed with %v", () => {
  assert.equal(
    decoded(
      "2018/08/06 17:40:17 endpoint &{4c7d704e-eth0 6625d140 4c7d704edd71 eth0  00:15:5d:82:86:f9 [{10.240.0.84 fff00000}] [10.240.0.1] {default.svc.cluster.local [10.0.0.10 168.63.129.16]} [{{0.0.0.0 00000000} 10.240.0.1 }] 0 false}",
    ),
    "2018/08/06 17:40:17 endpoint &{4c7d704e-eth0 6625d140 4c7d704edd71 eth0  00:15:5d:82:86:f9 [10.240.0.84/12] [10.240.0.1] {default.svc.cluster.local [10.0.0.10 168.63.129.16]} [{0.0.0.0/0 10.240.0.1 }] 0 false}",
  )
})

test("addresses and masks that were printed as bytes", () => {
  assert.equal(decoded("podIP:[10 244 1 7] Gw:[10 244 1 1]"), "podIP:10.244.1.7 Gw:10.244.1.1")
  assert.equal(decoded("{IP:[10 244 1 0] Mask:[255 255 255 0]}"), "10.244.1.0/24")
  assert.equal(decoded("Mask:[255 255 0 0]"), "Mask:/16")
  assert.equal(decoded("lease [0 0 0 0 0 0 0 0 0 0 255 255 10 244 1 7] expired"), "lease 10.244.1.7 expired")
  assert.equal(decoded("addr=[253 0 0 0 0 0 0 0 0 0 0 0 0 0 0 10]"), "addr=fd00::a")
  assert.equal(decoded("Dst:[]byte{0xa, 0xf4, 0x1, 0x0}"), "Dst:10.244.1.0")
  assert.equal(
    decoded(
      "net.IP{0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0xff, 0xff, 0xc0, 0xa8, 0x1, 0xa}, net.IPMask{0xff, 0xff, 0xff, 0x0}",
    ),
    "192.168.1.10, /24",
  )
  assert.equal(
    decoded(
      "net.IP{0xfe, 0x80, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x55, 0x44, 0x33, 0xff, 0xfe, 0x22, 0x11, 0x0} net.IP{0x20, 0x1, 0xd, 0xb8, 0x0, 0x0, 0x0, 0x1, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0}",
    ),
    "fe80::5544:33ff:fe22:1100 2001:db8:0:1::",
  )
})

test("a net.IPNet in JSON, with its mask in base64", () => {
  assert.equal(
    decoded('{"level":"info","subnet":{"IP":"10.240.0.0","Mask":"//AAAA=="},"gw":"10.240.0.1"}'),
    '{"level":"info","subnet":"10.240.0.0/12","gw":"10.240.0.1"}',
  )
  unchanged('{"IP":"10.0.0.1","Mask":"eth0"}')
})

// Cloud Foundry's garden-external-networker logs the result as text in its JSON log.
test("addresses in a result inside of a JSON string", () => {
  assert.equal(
    decoded(
      '{"message":"up-add-network-result","data":{"name":"cni-wrapper","result":"IP4:{IP:{IP:10.255.67.13 Mask:ffffff00} Gateway:10.255.67.1 Routes:[{Dst:{IP:10.255.0.0 Mask:ffff0000} GW:\\u003cnil\\u003e}]}"}}',
    ),
    '{"message":"up-add-network-result","data":{"name":"cni-wrapper","result":"IP4:{IP:10.255.67.13/24 Gateway:10.255.67.1 Routes:[{Dst:10.255.0.0/16 GW:<nil>}]}"}}',
  )
})

test("what only looks like an address is left unchanged", () => {
  for (const line of [
    "{10.0.0.1 ff00ff00}",
    "{IP:10.0.0.1 Mask:<nil>}",
    "{IP:10.0.0.1 Mask:ffffffffffffffffffffffff00ffff00}",
    "{deadbeef deadbeef}",
    "{300.1.1.1 ffffff00}",
    "net.IPMask{0x5, 0x6, 0x7, 0x8, 0x9}",
    "net.IP{0x1, 0x2, 0x3}",
    "sizes [10 0 0 1]",
    "zip: [1 2 3 4]",
    "IP:[10 0 0 256]",
    "[0 0 0 0 0 0 0 0 0 0 0 0 10 0 0 1]",
  ])
    unchanged(line)
})
