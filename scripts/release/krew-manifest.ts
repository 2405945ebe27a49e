import { stringify } from "yaml"

/** An archive that holds the plugin. `platforms`: as Go names them. `bin`: the executable in it. */
export type PluginArchive = { platforms: { os: string; arch: string }[]; bin: string; file: string; sha256: string }

/** krew prints these texts as they are; lines of its index have at most 80 characters. */
const DESCRIPTION = `Records each call of a CNI plugin on the nodes of a cluster: environment,
stdin, stdout, stderr, exit status and time. Explains why a pod has no network,
which plugin hangs and which addresses leak.
`
const CAVEATS = `\`kubectl cnitap install\` starts a pod on each node, which puts a recorder in
front of the node's CNI plugins. It ends after --for, 2 hours by default.
On macOS the plugin needs Node.js.
`

/** The manifest of the krew index: https://krew.sigs.k8s.io/docs/developer-guide/plugin-manifest */
export function krewManifest({
  version,
  baseUrl,
  archives,
}: {
  version: string
  baseUrl: string
  archives: readonly PluginArchive[]
}): string {
  return stringify({
    apiVersion: "krew.googlecontainertools.github.com/v1alpha2",
    kind: "Plugin",
    metadata: { name: "cnitap" },
    spec: {
      version: `v${version}`,
      shortDescription: "Show what every CNI plugin was given and gave back",
      description: DESCRIPTION,
      caveats: CAVEATS,
      platforms: archives.flatMap(({ platforms, bin, file, sha256 }) =>
        platforms.map((matchLabels) => ({ selector: { matchLabels }, uri: `${baseUrl}/${file}`, sha256, bin })),
      ),
    },
  })
}
