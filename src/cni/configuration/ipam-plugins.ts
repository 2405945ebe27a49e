import {
  CIDR,
  type ConfigurationSchema,
  DNS,
  FLAG,
  IP,
  integer,
  ipamSection,
  KUBERNETES,
  list,
  object,
  oneOf,
  ROUTES,
  TEXT,
  TEXTS,
} from "./schema.ts"

/** Addresses of host-local are compared with their subnet, which a schema cannot express. */
const HOST_LOCAL_RANGE = { subnet: {}, rangeStart: {}, rangeEnd: {}, gateway: {} }

/** An option of DHCP: its name in dhcp-options(5), or its number. */
const DHCP_OPTION: ConfigurationSchema = { type: ["string", "integer"] }

const WHEREABOUTS_RANGE = { range: TEXT, range_start: IP, range_end: IP, exclude: TEXTS, gateway: TEXT }

/** The `ipam` section of a plugin, by its `type`. */
export const IPAM_PLUGINS: Record<string, ConfigurationSchema> = {
  // plugins/ipam/host-local/backend/allocator/config.go
  "host-local": ipamSection({
    ...HOST_LOCAL_RANGE,
    ranges: list(list(object(HOST_LOCAL_RANGE))),
    routes: ROUTES,
    dataDir: TEXT,
    resolvConf: TEXT,
  }),
  // plugins/ipam/dhcp/main.go
  dhcp: ipamSection({
    daemonSocketPath: TEXT,
    provide: list(object({ option: DHCP_OPTION, value: TEXT, fromArg: TEXT, fromCNIArg: TEXT })),
    request: list(object({ skipDefault: FLAG, option: DHCP_OPTION })),
    priority: integer(),
  }),
  // plugins/ipam/static/main.go
  static: ipamSection({
    addresses: list(object({ address: CIDR, gateway: IP }, { required: ["address"] })),
    routes: ROUTES,
    dns: DNS,
  }),
  // k8snetworkplumbingwg/whereabouts, pkg/types/types.go
  whereabouts: ipamSection({
    ...WHEREABOUTS_RANGE,
    ipRanges: list(object(WHEREABOUTS_RANGE)),
    routes: ROUTES,
    datastore: oneOf("etcd", "kubernetes"),
    addresses: list(object({ address: CIDR, gateway: IP })),
    dns: DNS,
    etcd_host: TEXT,
    etcd_username: TEXT,
    etcd_password: TEXT,
    etcd_key_file: TEXT,
    etcd_cert_file: TEXT,
    etcd_ca_cert_file: TEXT,
    leader_lease_duration: integer(0),
    leader_renew_deadline: integer(0),
    leader_retry_period: integer(0),
    log_file: TEXT,
    log_level: TEXT,
    reconciler_cron_expression: TEXT,
    enable_overlapping_ranges: FLAG,
    sleep_for_race: integer(0),
    kubernetes: KUBERNETES,
    configuration_path: TEXT,
    network_name: TEXT,
    node_slice_size: TEXT,
    enable_l3: FLAG,
    optimistic_ipam: FLAG,
  }),
  // projectcalico/calico, cni-plugin/pkg/types/types.go: the switches are text.
  "calico-ipam": ipamSection({
    subnet: TEXT,
    assign_ipv4: oneOf("true", "false"),
    assign_ipv6: oneOf("true", "false"),
    ipv4_pools: TEXTS,
    ipv6_pools: TEXTS,
    upgrade: FLAG,
  }),
  // Azure/azure-container-networking, cni/netconfig.go
  "azure-vnet-ipam": ipamSection({
    mode: TEXT,
    environment: TEXT,
    addressSpace: TEXT,
    subnet: TEXT,
    ipAddress: TEXT,
    queryInterval: TEXT,
  }),
}
