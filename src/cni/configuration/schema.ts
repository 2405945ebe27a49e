/**
 * A configuration object as a JSON Schema (draft 7). `additionalProperties: false` lists the keys that a plugin reads:
 * plugins ignore others, so a reader should report an unknown key only if it is probably a mistake. Formats besides the
 * standard ones: `ip`, `cidr`, `mac` and `pci-address`.
 */
export type ConfigurationSchema = {
  readonly type?: SchemaType | readonly SchemaType[]
  /** what a value must be, in words, for `pattern`, `anyOf` and `not` */
  readonly description?: string
  readonly properties?: Readonly<Record<string, ConfigurationSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | ConfigurationSchema
  readonly items?: ConfigurationSchema
  readonly enum?: readonly (string | number | boolean)[]
  readonly const?: string | number | boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly pattern?: string
  readonly format?: "ip" | "cidr" | "mac" | "pci-address"
  readonly anyOf?: readonly ConfigurationSchema[]
  readonly allOf?: readonly ConfigurationSchema[]
  readonly not?: ConfigurationSchema
}

export type SchemaType = "string" | "integer" | "number" | "boolean" | "object" | "array"

type Properties = Readonly<Record<string, ConfigurationSchema>>
type More = Omit<ConfigurationSchema, "type" | "properties" | "additionalProperties">

/** An object with these keys only. */
export function object(properties: Properties, more: More = {}): ConfigurationSchema {
  return { type: "object", properties, additionalProperties: false, ...more }
}

/** The configuration of a plugin: its own keys beside those of libcni's types.PluginConf, which every plugin embeds. */
export function plugin(own: Properties, more: More = {}): ConfigurationSchema {
  return object({ ...PLUGIN_CONF, ...own }, more)
}

/** The `ipam` section for an IPAM plugin. */
export function ipamSection(own: Properties, more: More = {}): ConfigurationSchema {
  return object({ type: TEXT, name: TEXT, ...own }, more)
}

/** Two keys that may not be set together. */
export function conflict(a: string, b: string): ConfigurationSchema {
  return { not: { required: [a, b] }, description: `${a} and ${b} cannot be set together` }
}

export function list(items: ConfigurationSchema): ConfigurationSchema {
  return { type: "array", items }
}

export function map(values: ConfigurationSchema): ConfigurationSchema {
  return { type: "object", additionalProperties: values }
}

export function integer(minimum?: number, maximum?: number): ConfigurationSchema {
  return {
    type: "integer",
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
  }
}

/** An empty string means the default, because Go cannot distinguish it from a missing key. */
export function oneOf(...values: string[]): ConfigurationSchema {
  return { type: "string", enum: ["", ...values] }
}

export const TEXT: ConfigurationSchema = { type: "string" }
export const FLAG: ConfigurationSchema = { type: "boolean" }
export const TEXTS = list(TEXT)
/** Any object; its content is checked elsewhere or is the plugin's own business. */
export const OBJECT: ConfigurationSchema = { type: "object" }
export const IP: ConfigurationSchema = { type: "string", format: "ip" }
export const CIDR: ConfigurationSchema = { type: "string", format: "cidr" }
export const MAC: ConfigurationSchema = { type: "string", format: "mac" }
export const PCI_ADDRESS: ConfigurationSchema = { type: "string", format: "pci-address" }
/** 0 means the default. 65536 is the loopback interface's, the largest that Linux uses. */
export const MTU = integer(0, 65536)
export const VLAN_ID = integer(0, 4094)
export const PORT = integer(0, 65535)

/** types.DNS of libcni */
export const DNS = object({ nameservers: TEXTS, domain: TEXT, search: TEXTS, options: TEXTS })

/** types.Route of libcni; the keys after `gw` are those of version 1.1.0. */
export const ROUTES = list(
  object(
    { dst: CIDR, gw: IP, mtu: MTU, advmss: integer(0), priority: integer(), table: integer(0), scope: integer(0) },
    { required: ["dst"] },
  ),
)

/** Kubernetes and Calico agents write these sections. */
export const KUBERNETES = object({ kubeconfig: TEXT, k8s_api_root: TEXT, node_name: TEXT })
export const POLICY = object({
  type: TEXT,
  k8s_api_root: TEXT,
  k8s_auth_token: TEXT,
  k8s_client_certificate: TEXT,
  k8s_client_key: TEXT,
  k8s_certificate_authority: TEXT,
})

/** Runtimes read the first five as well: without a valid value, no plugin is called. */
const PLUGIN_CONF: Properties = {
  cniVersion: {},
  cniVersions: {},
  name: {},
  type: {},
  capabilities: {},
  ipam: OBJECT,
  dns: DNS,
  args: OBJECT,
  prevResult: OBJECT,
  runtimeConfig: OBJECT,
  "cni.dev/attachments": {},
  "cni.dev/valid-attachments": {},
}
