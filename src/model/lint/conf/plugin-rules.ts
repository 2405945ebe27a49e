import { isObject } from "../../../cni/json.ts"
import { kindOfPlugin } from "../../../cni/plugin-kind.ts"
import { text } from "../call-facts.ts"
import { issue, libcni, spec } from "../rule-source.ts"
import { type FileRule, ipamSections, isFilled } from "./conf-file.ts"
import { keyDetail, keyPath } from "./missing-key.ts"

/** The plugins of a file and their IPAM sections. */
export const PLUGIN_RULES: FileRule[] = [
  {
    id: "conf-without-type",
    severity: "error",
    title: "plugin without a type",
    source: spec("1, Configuration format"),
    remedy: "Set `type` to the name of the plugin's executable.",
    check: ({ plugins }) =>
      plugins.flatMap(({ config, path }) =>
        isFilled(config.type) ? [] : [{ detail: keyDetail(config, "type"), at: [...path, ...keyPath(config, "type")] }],
      ),
  },
  {
    id: "conf-type-path",
    severity: "error",
    title: "`type` with a slash",
    source: libcni("pkg/invoke/find.go"),
    remedy: "Set `type` to the bare name and put the executable into a directory of the plugin path.",
    check: ({ plugins }) =>
      [...plugins, ...ipamSections(plugins)].flatMap(({ config, path }) =>
        /[/\\]/.test(text(config.type ?? "")) ? [{ detail: text(config.type), at: [...path, "type"] }] : [],
      ),
  },
  {
    id: "conf-plugin-twice",
    severity: "warning",
    title: "same plugin twice in the list",
    source: issue("istio/cni#22"),
    remedy: "Remove one of them if an agent appended it again; the second gets the result of the first.",
    check: ({ plugins }) => {
      const types = plugins.map(({ config }) => text(config.type ?? ""))
      return plugins.flatMap(({ config, path }, index) =>
        types[index] && types.indexOf(types[index]) < index
          ? [{ detail: text(config.type), at: [...path, "type"] }]
          : [],
      )
    },
  },
  {
    id: "conf-meta-plugin-first",
    severity: "error",
    title: "list that starts with a plugin that needs another one before it",
    source: spec("3, Deriving request configuration"),
    remedy: "Put the plugin that creates the interface first.",
    check: ({ plugins: [first, ...more] }) =>
      first && kindOfPlugin(first.type) === "meta"
        ? [{ detail: more.length === 0 ? `${first.type} alone` : first.type, at: [...first.path, "type"] }]
        : [],
  },
  {
    id: "conf-plugin-version",
    severity: "note",
    title: "cniVersion of a plugin differs from that of the list",
    source: spec("3, Deriving request configuration"),
    remedy: "Remove it: the version of the list replaces it.",
    check: ({ config, isList, plugins }) =>
      plugins.flatMap((plugin) =>
        isList && "cniVersion" in plugin.config && plugin.config.cniVersion !== config.cniVersion
          ? [{ detail: text(plugin.config.cniVersion), at: [...plugin.path, "cniVersion"] }]
          : [],
      ),
  },
  {
    id: "conf-capabilities",
    severity: "error",
    title: "capabilities that are not booleans",
    source: spec("1, Configuration format"),
    remedy: 'Write an object such as {"portMappings": true}.',
    check: ({ plugins }) =>
      plugins.flatMap(({ config: { capabilities }, path }) => {
        if (capabilities === undefined) return []
        if (!isObject(capabilities)) return [{ detail: text(capabilities), at: [...path, "capabilities"] }]
        return Object.entries(capabilities)
          .filter(([, value]) => typeof value !== "boolean")
          .map(([key, value]) => ({ detail: `${key} is ${text(value)}`, at: [...path, "capabilities", key] }))
      }),
  },
]
