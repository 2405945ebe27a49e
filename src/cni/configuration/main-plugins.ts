import {
  type ConfigurationSchema,
  conflict,
  FLAG,
  integer,
  list,
  MAC,
  MTU,
  object,
  oneOf,
  plugin,
  TEXT,
  VLAN_ID,
} from "./schema.ts"

/** The plugins of containernetworking/plugins that create an interface, up to v1.9 (the NetConf of plugins/main/*). */
export const MAIN_PLUGINS: Record<string, ConfigurationSchema> = {
  bridge: plugin(
    {
      bridge: TEXT,
      isGateway: FLAG,
      isDefaultGateway: FLAG,
      forceAddress: FLAG,
      ipMasq: FLAG,
      ipMasqBackend: oneOf("iptables", "nftables"),
      mtu: MTU,
      hairpinMode: FLAG,
      promiscMode: FLAG,
      vlan: VLAN_ID,
      vlanTrunk: list(object({ minID: integer(1, 4094), maxID: integer(1, 4094), id: integer(1, 4094) })),
      preserveDefaultVlan: FLAG,
      macspoofchk: FLAG,
      enabledad: FLAG,
      disableContainerInterface: FLAG,
      portIsolation: FLAG,
    },
    {
      allOf: [
        {
          not: {
            properties: { hairpinMode: { const: true }, promiscMode: { const: true } },
            required: ["hairpinMode", "promiscMode"],
          },
          description: "hairpinMode and promiscMode cannot both be true",
        },
        {
          not: { properties: { vlan: integer(1) }, required: ["vlan", "vlanTrunk"] },
          description: "vlan and vlanTrunk cannot be set together",
        },
      ],
    },
  ),
  dummy: plugin({ mac: MAC }, { required: ["ipam"] }),
  "host-device": plugin({
    device: TEXT,
    hwaddr: MAC,
    DPDKMode: FLAG,
    kernelpath: TEXT,
    // A PCI address, or the name of a device on the auxiliary bus.
    pciBusID: TEXT,
    auxDevice: TEXT,
    // Multus adds it, from the device plugin.
    deviceID: TEXT,
  }),
  ipvlan: plugin({ master: TEXT, mode: oneOf("l2", "l3", "l3s"), mtu: MTU, linkInContainer: FLAG }),
  loopback: plugin({}),
  macvlan: plugin({
    master: TEXT,
    mode: oneOf("bridge", "private", "vepa", "passthru"),
    mtu: MTU,
    mac: MAC,
    linkInContainer: FLAG,
    bcqueuelen: integer(0),
  }),
  ptp: plugin({ ipMasq: FLAG, ipMasqBackend: oneOf("iptables", "nftables"), mtu: MTU }, { required: ["ipam"] }),
  tap: plugin({
    multiQueue: FLAG,
    mtu: MTU,
    mac: MAC,
    owner: integer(0),
    group: integer(0),
    selinuxContext: TEXT,
    bridge: TEXT,
  }),
  vlan: plugin({ master: TEXT, vlanId: VLAN_ID, mtu: MTU, linkInContainer: FLAG }, { required: ["master"] }),
}

/** Plugins that follow another one in a list (plugins/meta/*). */
export const META_PLUGINS: Record<string, ConfigurationSchema> = {
  bandwidth: plugin(
    {
      ingressRate: integer(0),
      ingressBurst: integer(0),
      egressRate: integer(0),
      egressBurst: integer(0),
      unshapedSubnets: list({ type: "string", format: "cidr" }),
      shapedSubnets: list({ type: "string", format: "cidr" }),
    },
    { allOf: [conflict("unshapedSubnets", "shapedSubnets")] },
  ),
  firewall: plugin({
    backend: oneOf("iptables", "firewalld", "nftables"),
    iptablesAdminChainName: TEXT,
    firewalldZone: TEXT,
    ingressPolicy: oneOf("open", "same-bridge", "isolated"),
  }),
  portmap: plugin(
    {
      backend: oneOf("iptables", "nftables"),
      snat: FLAG,
      conditionsV4: list(TEXT),
      conditionsV6: list(TEXT),
      masqAll: FLAG,
      markMasqBit: integer(0, 31),
      externalSetMarkChain: TEXT,
    },
    { allOf: [conflict("markMasqBit", "externalSetMarkChain")] },
  ),
  sbr: plugin({ table: integer(0), gateways: list({ type: "string", format: "ip" }), addSourceHints: FLAG }),
  tuning: plugin({
    dataDir: TEXT,
    // The plugin decodes it into map[string]string: a number is an error.
    sysctl: { type: "object", additionalProperties: TEXT },
    mac: MAC,
    promisc: FLAG,
    mtu: MTU,
    txQLen: integer(0),
    allmulti: FLAG,
  }),
  vrf: plugin({ vrfname: TEXT, table: integer(0) }, { required: ["vrfname"] }),
}
