import { isSecret } from "../../../capture/redact/secret-name.ts"
import { isObject } from "../../../cni/json.ts"
import { SPEC_VERSIONS } from "../../../cni/version.ts"
import { shellWord } from "../../shell-word.ts"
import { isAtLeast, isReleased, text } from "../call-facts.ts"
import { duplicateKeys } from "../duplicate-key.ts"
import { issue, libcni, spec } from "../rule-source.ts"
import { isNetworkName } from "../valid-name.ts"
import { type ConfPath, type FileHit, type FileRule, isFilled, list } from "./conf-file.ts"
import { keyDetail, keyPath } from "./missing-key.ts"

/** Files with such a name are found beside those that runtimes read. */
export const UNREAD: FileRule = {
  id: "conf-extension-unread",
  severity: "note",
  title: "file extension that no runtime reads",
  source: libcni("libcni/conf.go"),
  remedy: "Rename it to .conflist if runtimes should read it.",
  check: ({ name }) => (isReadName(name) ? [] : [{ detail: unreadDetail(name), at: [] }]),
}

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
    remedy:
      "Set `cniVersion`: without it, runtimes assume 0.1.0, which has neither CHECK nor prevResult, and plugins may fail at DEL.",
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
    id: "conf-version-without-lists",
    severity: "error",
    title: "list in a version that has no lists",
    source: issue("flannel-io/flannel#1174"),
    remedy: "Write 0.3.1 or newer, as far as every plugin of the list supports it.",
    check: ({ isList, version }) =>
      isList && isReleased(version) && !isAtLeast(version, "0.3.0")
        ? [{ detail: `lists begin with 0.3.0, and cniVersion is ${version}`, at: ["cniVersion"] }]
        : [],
  },
  {
    id: "conf-single-plugin",
    severity: "warning",
    title: "single plugin instead of a list in version 1.0.0 or later",
    source: spec("1, Configuration format"),
    remedy: "Put the plugin into `plugins` and rename the file to .conflist.",
    check: ({ name, isList, version }) =>
      // In a .conflist, its extension is the finding.
      !isList && !name.endsWith(".conflist") && isAtLeast(version, "1.0.0")
        ? [{ detail: `version ${version}`, at: ["cniVersion"] }]
        : [],
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
    check: ({ path, name, isList, version }) => {
      const isListName = name.endsWith(".conflist")
      if (!/\.(conflist|conf|json)$/.test(name) || isListName === isList) return []
      if (!isList) {
        const hasSinglePlugins = !isAtLeast(version, "1.0.0")
        const remedy = hasSinglePlugins
          ? renameRemedy(path, ".conf")
          : `Put the plugin into \`plugins\`: since 1.0.0, there are lists only.`
        return [{ detail: `a single plugin in ${name}`, at: [], remedy }]
      }
      const detail = `a list in ${name}: runtimes look for a plugin in it and report that its type is missing`
      return [{ detail, at: ["plugins"], remedy: renameRemedy(path, ".conflist") }]
    },
  },
  UNREAD,
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
    remedy:
      "Refer to a kubeconfig or another file, and rotate the secret: every plugin of the list may have logged it.",
    check: ({ config }) => secretHits(config, []),
  },
]

/** Whether runtimes read a file of that name in a configuration directory. */
export function isReadName(name: string): boolean {
  return /\.(conflist|conf|json)$/.test(name)
}

/** The programs that leave a file of such a name beside the lists. */
const WRITERS: [RegExp, string][] = [
  [/\.cilium_bak$/, "Cilium renamed it, so that its own list is the only one"],
  [
    /\.conf(?:list)?\.te?mp$/,
    "an agent writes its list under this name and renames it; containerd logs each of these events",
  ],
  [/(?:\.(?:bak|old|orig|save|swp|rpmnew|rpmsave|dpkg-\w+)|~)$/, "a backup"],
]

/** Why a file beside the lists is there, as far as its name indicates. */
export function unreadDetail(name: string): string {
  const writer = WRITERS.find(([pattern]) => pattern.test(name))?.[1]
  return writer === undefined ? name : `${name}: ${writer}`
}

function renameRemedy(path: string, extension: string): string {
  return `Rename it: mv ${shellWord(path)} ${shellWord(path.replace(/\.[^./]+$/, extension))}`
}

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
