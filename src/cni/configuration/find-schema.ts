import { AGENT_PLUGINS } from "./agent-plugins.ts"
import { IPAM_PLUGINS } from "./ipam-plugins.ts"
import { MAIN_PLUGINS, META_PLUGINS } from "./main-plugins.ts"
import { type ConfigurationSchema, object } from "./schema.ts"

/** The schema of a plugin's object in a list; undefined for a plugin that is not known. */
export function pluginSchema(type: string): ConfigurationSchema | undefined {
  return PLUGINS.get(type)
}

/** The schema of the `ipam` section for an IPAM plugin; undefined for a plugin that is not known. */
export function ipamSchema(type: string): ConfigurationSchema | undefined {
  return IPAM.get(type)
}

/** The keys of a list, which libcni matches exactly (libcni/conf.go). */
export const LIST_SCHEMA: ConfigurationSchema = object({
  cniVersion: {},
  cniVersions: {},
  name: {},
  disableCheck: {},
  disableGC: {},
  loadOnlyInlinedPlugins: {},
  plugins: {},
})

/** Maps instead of objects, because names come from files: a plugin named `constructor` must not be found. */
const PLUGINS = new Map(Object.entries({ ...MAIN_PLUGINS, ...META_PLUGINS, ...AGENT_PLUGINS }))
const IPAM = new Map(Object.entries(IPAM_PLUGINS))
