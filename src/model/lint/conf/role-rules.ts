import { canAssignAddresses, kindOfPlugin } from "../../../cni/plugin-kind.ts"
import { text } from "../call-facts.ts"
import { issue, spec } from "../rule-source.ts"
import { type FileRule, ipamSections, isFilled } from "./conf-file.ts"
import { keyDetail } from "./missing-key.ts"

/** Plugins in the place of another kind of plugin. */
export const ROLE_RULES: FileRule[] = [
  {
    id: "conf-ipam-as-main",
    severity: "error",
    title: "IPAM plugin used as a main plugin",
    source: issue("k8snetworkplumbingwg/multus-cni#576"),
    remedy: "Set `type` to the plugin that creates the interface, and move this one into its `ipam` section.",
    check: ({ plugins, delegates }) =>
      [...plugins, ...delegates].flatMap(({ type, path }) =>
        kindOfPlugin(type) === "ipam"
          ? [{ detail: `${type} is an IPAM plugin: it makes no interface`, at: [...path, "type"] }]
          : [],
      ),
  },
  {
    id: "conf-main-as-ipam",
    severity: "error",
    title: "`ipam.type` is not an IPAM plugin",
    source: spec("4, Plugin delegation"),
    remedy: "Set it to an IPAM plugin, such as host-local, dhcp, static or whereabouts.",
    check: ({ plugins, delegates }) =>
      ipamSections([...plugins, ...delegates]).flatMap(({ config, path }) =>
        isFilled(config.type) && !canAssignAddresses(config.type)
          ? [{ detail: `${text(config.type)} assigns no addresses`, at: [...path, "type"] }]
          : [],
      ),
  },
  {
    id: "conf-ipam-without-type",
    severity: "error",
    title: "ipam section without a type",
    source: spec("4, Plugin delegation"),
    remedy: "Set `type` to the name of the IPAM plugin, or remove the section.",
    check: ({ plugins, delegates }) =>
      ipamSections([...plugins, ...delegates].filter(({ type }) => !ASSIGNS_ITSELF.includes(type))).flatMap(
        ({ config, path }) =>
          Object.keys(config).length > 0 && !isFilled(config.type)
            ? [{ detail: keyDetail(config, "type"), at: path }]
            : [],
      ),
  },
]

/** Plugins whose agent assigns the addresses: their `ipam` section has settings for it. */
const ASSIGNS_ITSELF: readonly string[] = ["cilium-cni"]
