import { isSecret } from "../../../capture/redact/secret-name.ts"
import { isObject } from "../../../cni/json.ts"
import { SPEC_VERSIONS } from "../../../cni/version.ts"
import { isAtLeast, isReleased, text } from "../call-facts.ts"
import { duplicateKeys } from "../duplicate-key.ts"
import { issue, libcni, spec } from "../rule-source.ts"
import { isNetworkName } from "../valid-name.ts"
import { type ConfPath, type FileHit, type FileRule, isFilled, list } from "./conf-file.ts"
import { keyDetail, keyPath } from "./missing-key.ts"

/** The file as a whole: its name, its top-level keys, its JSON. */
export const NETWORK_RULES: FileRule[] = [
  {
    id: "conf-without-name",
    severity: "error",
    title: "network without a name",
    source: spec("1, Configuration format"),
    remedy: "Set a unique `name`: result caches and address stores are keyed by it.",
    check: ({ config }) =>
      isFilled(config.name) ? [] : [{ detail: keyDetail(config, "name"), at: keyPath(config, "name") }],
  },
  {
    id: "conf-name-invalid",
    severity: "error",
    title: "network name with invalid characters",
    source: spec("1, Configuration format"),
    remedy: "Use letters, digits, `_`, `.` and `-`: the name becomes part of file names.",
    check: ({ config }) =>
      isFilled(config.name) && !isNetworkName(config.name) ? [{ detail: config.name, at: ["name"] }] : [],
  },
  {
    id: "conf-without-version",
    severity: "warning",
    title: "network without cniVersion",
    source: spec("1, Configuration format"),
    remedy: "Set `cniVersion`: without it, runtimes assume 0.1.0, which has neither CHECK nor prevResult.",
    check: ({ config }) =>
      isFilled(config.cniVersion) || "cniVersions" in config
        ? []
        : [{ detail: keyDetail(config, "cniVersion"), at: keyPath(config, "cniVersion") }],
  },
  {
    id: "conf-version-unknown",
    severity: "error",
    title: "version that was never released",
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
    title: "single plugin instead of a list in version 1.0.0 or later",
    source: spec("1, Configuration format"),
    remedy: "Put the plugin into `plugins` and rename the file to .conflist.",
    check: ({ isList, version }) =>
      !isList && isAtLeast(version, "1.0.0") ? [{ detail: `version ${version}`, at: ["cniVersion"] }] : [],
  },
  {
    id: "conf-plugins-empty",
    severity: "error",
    title: "list without plugins",
    source: libcni("libcni/conf.go"),
    remedy: "List at least one plugin.",
    check: ({ config, isList, plugins }) =>
      isList && plugins.length === 0 && !("loadOnlyInlinedPlugins" in config)
        ? [{ detail: keyDetail(config, "plugins"), at: ["plugins"] }]
        : [],
  },
  {
    id: "conf-plugin-not-object",
    severity: "error",
    title: "plugin that is not an object",
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
    title: "file extension does not match the content",
    source: libcni("libcni/conf.go"),
    remedy: "Name lists .conflist, and single plugins .conf or .json: runtimes choose the parser by extension.",
    check: ({ name, isList }) => {
      const isListName = name.endsWith(".conflist")
      if (!/\.(conflist|conf|json)$/.test(name) || isListName === isList) return []
      return [{ detail: isList ? `a list in ${name}` : `a single plugin in ${name}`, at: isList ? ["plugins"] : [] }]
    },
  },
  {
    id: "conf-extension-unread",
    severity: "note",
    title: "file extension that no runtime reads",
    source: libcni("libcni/conf.go"),
    remedy: "Rename it to .conflist.",
    check: ({ name }) => (/\.(conflist|conf|json)$/.test(name) ? [] : [{ detail: name, at: [] }]),
  },
  {
    id: "conf-reserved-key",
    severity: "warning",
    title: "key that is reserved for runtimes",
    source: spec("3, Deriving request configuration"),
    remedy: "Remove it: the runtime overwrites it, or a plugin mistakes it for the runtime's.",
    check: ({ config, isList, plugins }) =>
      [...(isList ? [{ config, path: [] as ConfPath }] : []), ...plugins].flatMap((section) =>
        Object.keys(section.config)
          .filter((key) => key === "prevResult" || key === "runtimeConfig" || key.startsWith("cni.dev/"))
          .map((key) => ({ detail: key, at: [...section.path, key] })),
      ),
  },
  {
    id: "conf-switch-type",
    severity: "error",
    title: "boolean option that is neither true nor false",
    source: libcni("libcni/conf.go"),
    remedy: 'Set it to true or false (or "true", "false").',
    check: ({ config }) =>
      ["disableCheck", "disableGC", "loadOnlyInlinedPlugins"]
        .filter((key) => key in config && !["true", "false"].includes(String(config[key]).toLowerCase()))
        .map((key) => ({ detail: `${key} is ${text(config[key])}`, at: [key] })),
  },
  {
    id: "conf-duplicate-key",
    severity: "warning",
    title: "duplicate key in a JSON object",
    source: spec("1, Configuration format"),
    remedy: "Write each key once: libcni uses the last value, other parsers may use another.",
    check: ({ text }) => duplicateKeys(text).map(({ pointer, at }) => ({ detail: pointer, at })),
  },
  {
    id: "conf-secret",
    severity: "warning",
    title: "secret in the file",
    source: issue("projectcalico/cni-plugin#360"),
    remedy: "Refer to a kubeconfig or another file instead: every plugin of the list may log it.",
    check: ({ config }) => secretHits(config, []),
  },
]

/**
 * Strings whose key is a secret's name, as in the recorder's redaction. A path is not a secret, whatever its key:
 * Calico's `k8s_client_key` names a file.
 */
function secretHits(value: unknown, path: ConfPath): FileHit[] {
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => secretHits(item, [...path, index]))
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([key, content]) =>
    isFilled(content) && isSecret(key, content) && !content.startsWith("/")
      ? [{ detail: key, at: [...path, key] }]
      : secretHits(content, [...path, key]),
  )
}
