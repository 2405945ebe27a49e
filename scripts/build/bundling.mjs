/** What both bundles of the command line, dist/cnitap.js and the node executable, have in common. */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"

/** The command line only needs the version from our package.json; the rest of it would make every bundle differ. */
export function onlyTheVersion(bundler) {
  const { version } = JSON.parse(readFileSync("package.json", "utf8"))
  bundler.onLoad({ filter: /\/package\.json$/ }, ({ path }) =>
    path === `${process.cwd()}/package.json` ? { contents: JSON.stringify({ version }), loader: "json" } : undefined,
  )
}

/** What `src/model/lint/rule-set.ts` says: findings that were kept are those of these sources. */
export function hashOfRules(bundler) {
  bundler.onLoad({ filter: /\/src\/model\/lint\/rule-set\.ts$/ }, () => {
    const hash = createHash("sha256")
    for (const directory of ["src/cni", "src/model"])
      for (const name of readdirSync(directory, { recursive: true }).sort())
        if (name.endsWith(".ts")) hash.update(`${name}\n`).update(readFileSync(join(directory, name)))
    return { contents: `export const RULE_SET = "${hash.digest("hex").slice(0, 16)}"`, loader: "ts" }
  })
}

/** Modules of cnitap have no side effects when they are imported. */
export function withoutSideEffects(bundler) {
  bundler.onResolve({ filter: /^\..*\.ts$/ }, ({ path, resolveDir, kind }) =>
    kind === "entry-point" ? undefined : { path: join(resolveDir, path), sideEffects: false },
  )
}

/** commander can run subcommands that are programs of their own. cnitap has none, and child_process loads the network. */
export function withoutExecutableSubcommands(bundler) {
  bundler.onResolve({ filter: /^node:child_process$/ }, ({ path, importer }) =>
    importer.includes("/commander/") ? { path, namespace: "unused" } : undefined,
  )
  bundler.onLoad({ filter: /./, namespace: "unused" }, () => ({ contents: "module.exports = {}" }))
}

/**
 * yaml has one build of ECMAScript modules, meant for browsers. Of the other one, in CommonJS, an `import()` in a bundle has
 * the default export only, and everything is loaded for one function.
 */
export function yamlAsModules(bundler) {
  bundler.onResolve({ filter: /^yaml$/ }, () => ({ path: join(process.cwd(), "node_modules/yaml/browser/index.js") }))
}
