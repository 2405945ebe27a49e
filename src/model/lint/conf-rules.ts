import { isSecret } from "../../capture/redact/secret-name.ts"
import { isObject } from "../../cni/json.ts"
import { kindOfPlugin } from "../../cni/plugin-kind.ts"
import { SPEC_VERSIONS } from "../../cni/version.ts"
import { isAtLeast, isReleased, type JsonObject, text } from "./call-facts.ts"
import { type ConfPath, type FileHit, type FileRule, ipams, list } from "./conf-file.ts"
import { RANGE_RULES } from "./conf-range-rules.ts"
import { duplicateKeys } from "./duplicate-key.ts"
import { issue, libcni, spec } from "./rule-source.ts"
import { isNetworkName } from "./valid-name.ts"

/** Rules about a network configuration file that can be parsed. */
export const FILE_RULES: FileRule[] = [
  ...RANGE_RULES,
  {
    id: "conf-without-name",
    severity: "error",
    title: "a network without a name",
    source: spec("1, Configuration format"),
    remedy: "Give it a `name` of its own: caches and address stores are keyed by it.",
    check: ({ config }) =>
      isFilled(config.name) ? [] : [{ detail: detailOf(config, "name"), at: at(config, "name") }],
  },
  {
    id: "conf-name-invalid",
    severity: "error",
    title: "a network name with characters that it may not have",
    source: spec("1, Configuration format"),
    remedy: "Use letters, digits, `_`, `.` and `-`: the name becomes a part of file names.",
    check: ({ config }) =>
      isFilled(config.name) && !isNetworkName(config.name) ? [{ detail: config.name, at: ["name"] }] : [],
  },
  {
    id: "conf-without-version",
    severity: "warning",
    title: "a network without cniVersion",
    source: spec("1, Configuration format"),
    remedy: "Write the `cniVersion`: without it runtimes read 0.1.0, which has neither CHECK nor prevResult.",
    check: ({ config }) =>
      isFilled(config.cniVersion) || "cniVersions" in config
        ? []
        : [{ detail: detailOf(config, "cniVersion"), at: at(config, "cniVersion") }],
  },
  {
    id: "conf-version-unknown",
    severity: "error",
    title: "a version that was never released",
    source: spec("1, Configuration format"),
    remedy: `Use one of ${SPEC_VERSIONS.join(", ")}.`,
    check: ({ config }) => [
      ...(isFilled(config.cniVersion) && !isReleased(config.cniVersion)
        ? [{ detail: config.cniVersion, at: ["cniVersion"] }]
        : []),
      ...list(config.cniVersions).flatMap((version, index) =>
        isReleased(text(version)) ? [] : [{ detail: text(version), at: ["cniVersions", index] }],
      ),
    ],
  },
  {
    id: "conf-single-plugin",
    severity: "warning",
    title: "a single plugin instead of a list, in version 1.0.0 or later",
    source: spec("1, Configuration format"),
    remedy: "Put the plugin into `plugins` and name the file .conflist.",
    check: ({ isList, version }) =>
      !isList && isAtLeast(version, "1.0.0") ? [{ detail: `version ${version}`, at: ["cniVersion"] }] : [],
  },
  {
    id: "conf-plugins-empty",
    severity: "error",
    title: "a list without plugins",
    source: libcni("libcni/conf.go"),
    remedy: "List at least one plugin.",
    check: ({ config, isList, plugins }) =>
      isList && plugins.length === 0 && !("loadOnlyInlinedPlugins" in config)
        ? [{ detail: detailOf(config, "plugins"), at: ["plugins"] }]
        : [],
  },
  {
    id: "conf-plugin-not-object",
    severity: "error",
    title: "a plugin that is no object",
    source: libcni("libcni/conf.go"),
    remedy: "Write every plugin as an object with its `type`.",
    check: ({ config }) =>
      list(config.plugins).flatMap((plugin, index) =>
        isObject(plugin) ? [] : [{ detail: text(plugin), at: ["plugins", index] }],
      ),
  },
  {
    id: "conf-extension",
    severity: "error",
    title: "a file whose extension says the other form",
    source: libcni("libcni/conf.go"),
    remedy: "Name lists .conflist, and single plugins .conf or .json: runtimes choose the parser by it.",
    check: ({ name, isList }) => {
      const isListName = name.endsWith(".conflist")
      if (!/\.(conflist|conf|json)$/.test(name) || isListName === isList) return []
      return [{ detail: isList ? `a list in ${name}` : `a single plugin in ${name}`, at: isList ? ["plugins"] : [] }]
    },
  },
  {
    id: "conf-extension-unread",
    severity: "note",
    title: "a file that no runtime reads",
    source: libcni("libcni/conf.go"),
    remedy: "Name it .conflist.",
    check: ({ name }) => (/\.(conflist|conf|json)$/.test(name) ? [] : [{ detail: name, at: [] }]),
  },
  {
    id: "conf-without-type",
    severity: "error",
    title: "a plugin without a type",
    source: spec("1, Configuration format"),
    remedy: "Write the name of its executable as `type`.",
    check: ({ plugins }) =>
      plugins.flatMap((plugin) =>
        isFilled(plugin.config.type)
          ? []
          : [{ detail: detailOf(plugin.config, "type"), at: [...plugin.path, ...at(plugin.config, "type")] }],
      ),
  },
  {
    id: "conf-type-path",
    severity: "error",
    title: "a type with a slash",
    source: libcni("pkg/invoke/find.go"),
    remedy: "Write the bare name and put the executable into a directory of the plugin path.",
    check: ({ plugins }) => [
      ...plugins.flatMap((plugin) =>
        /[/\\]/.test(text(plugin.config.type ?? ""))
          ? [{ detail: text(plugin.config.type), at: [...plugin.path, "type"] }]
          : [],
      ),
      ...ipams(plugins).flatMap((ipam) =>
        /[/\\]/.test(text(ipam.config.type ?? ""))
          ? [{ detail: text(ipam.config.type), at: [...ipam.path, "type"] }]
          : [],
      ),
    ],
  },
  {
    id: "conf-reserved-key",
    severity: "warning",
    title: "a key that only runtimes may write",
    source: spec("3, Deriving request configuration"),
    remedy: "Take it out: the runtime overwrites it or a plugin takes it for the runtime's.",
    check: ({ config, isList, plugins }) =>
      [...(isList ? [{ config, path: [] as ConfPath }] : []), ...plugins].flatMap((place) =>
        Object.keys(place.config)
          .filter((key) => key === "prevResult" || key === "runtimeConfig" || key.startsWith("cni.dev/"))
          .map((key) => ({ detail: key, at: [...place.path, key] })),
      ),
  },
  {
    id: "conf-switch-type",
    severity: "error",
    title: "a switch that is neither true nor false",
    source: libcni("libcni/conf.go"),
    remedy: 'Write true or false (or "true", "false").',
    check: ({ config }) =>
      ["disableCheck", "disableGC", "loadOnlyInlinedPlugins"]
        .filter((key) => key in config && !["true", "false"].includes(String(config[key]).toLowerCase()))
        .map((key) => ({ detail: `${key} is ${text(config[key])}`, at: [key] })),
  },
  {
    id: "conf-plugin-twice",
    severity: "warning",
    title: "one plugin twice in a list",
    source: issue("istio/cni#22"),
    remedy: "Take one out, if an agent appended it again; the second sees the first one's result.",
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
    title: "a list that begins with a plugin that needs one before it",
    source: spec("3, Deriving request configuration"),
    remedy: "Put the plugin that makes the interface first.",
    check: ({ plugins: [first] }) =>
      first && kindOfPlugin(text(first.config.type)) === "meta"
        ? [{ detail: text(first.config.type), at: [...first.path, "type"] }]
        : [],
  },
  {
    id: "conf-plugin-version",
    severity: "note",
    title: "a plugin with a cniVersion that is not the list's",
    source: spec("3, Deriving request configuration"),
    remedy: "Take it out: the list's version replaces it.",
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
    title: "capabilities that are not switches",
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
  {
    id: "conf-ipam-without-type",
    severity: "error",
    title: "an ipam section without a type",
    source: spec("4, Plugin delegation"),
    remedy: "Write the name of the IPAM plugin as `type`, or take the section out.",
    check: ({ plugins }) =>
      ipams(plugins).flatMap((ipam) =>
        Object.keys(ipam.config).length > 0 && !isFilled(ipam.config.type)
          ? [{ detail: detailOf(ipam.config, "type"), at: ipam.path }]
          : [],
      ),
  },
  {
    id: "conf-duplicate-key",
    severity: "warning",
    title: "a key comes twice in one object",
    source: spec("1, Configuration format"),
    remedy: "Write each key once: the last one counts for libcni, another for other parsers.",
    check: ({ text }) => duplicateKeys(text).map(({ pointer, at }) => ({ detail: pointer, at })),
  },
  {
    id: "conf-secret",
    severity: "warning",
    title: "a secret in the file",
    source: issue("projectcalico/cni-plugin#360"),
    remedy: "Refer to a kubeconfig or a file instead: every plugin of the list's log may show it.",
    check: ({ config }) => secrets(config, []),
  },
]

/**
 * The names that the recorder redacts. Strings only, and not switches. A path is not a secret, whatever its key: Calico's
 * `k8s_client_key` names a file.
 */
function secrets(value: unknown, at: ConfPath): FileHit[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => secrets(item, [...at, index]))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, content]) =>
    isFilled(content) && isSecret(key, content) && !content.startsWith("/")
      ? [{ detail: key, at: [...at, key] }]
      : secrets(content, [...at, key]),
  )
}

function detailOf(config: JsonObject, key: string): string {
  return key in config ? `${key} is ${text(config[key])}` : `${key} is missing`
}

function at(config: JsonObject, key: string): string[] {
  return key in config ? [key] : []
}

function isFilled(value: unknown): value is string {
  return typeof value === "string" && value !== ""
}
