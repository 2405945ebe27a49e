import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type BundledPackage, bundledPackages } from "../build/bundled-package.ts"

type Component = Pick<BundledPackage, "name" | "version" | "license"> & { locator: string }

/** What the files of a release contain, as SPDX 2.3 in JSON. The same source gives the same document. */
export function spdxDocument(root: string, version: string): string {
  const components = [...npmPackages(root), ...lockedSources(root)]
  const own: Component = { name: "cnitap", version, license: "Apache-2.0", locator: `pkg:npm/cnitap@${version}` }
  const packages = [own, ...components].map(spdxPackage)
  const digest = createHash("sha256").update(JSON.stringify(packages)).digest("hex")
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: `cnitap-${version}`,
    documentNamespace: `urn:cnitap:sbom:${version}:${digest}`,
    // Required by the format; a time of day would make every build another one.
    creationInfo: { created: "1970-01-01T00:00:00Z", creators: [`Tool: cnitap-release-${version}`] },
    packages,
    relationships: packages.map(({ SPDXID }, at) => ({
      spdxElementId: at === 0 ? "SPDXRef-DOCUMENT" : packages[0]?.SPDXID,
      relationshipType: at === 0 ? "DESCRIBES" : "CONTAINS",
      relatedSpdxElement: SPDXID,
    })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}

/** The npm packages in the bundles of the script, the page and the executables. */
function npmPackages(root: string): Component[] {
  const bundled = ["cli", "page", "node"].flatMap((bundle) =>
    bundledPackages(JSON.parse(readFileSync(join(root, `build/${bundle}.meta.json`), "utf8")), root),
  )
  const distinct = new Map(
    bundled.map(({ name, version, license }) => [
      `${name}@${version}`,
      { name, version, license, locator: `pkg:npm/${name.replace("@", "%40")}@${version}` },
    ]),
  )
  return [...distinct.values()].sort((a, b) => (a.locator < b.locator ? -1 : 1))
}

const LICENSES: Readonly<Record<string, string>> = { "qjs-src": "MIT", "musl-dev": "MIT", zlib: "Zlib" }

/** The sources that the executables are compiled from, as the lock file pins them. */
function lockedSources(root: string): Component[] {
  return readFileSync(join(root, "scripts/fetch/engine.lock"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [name = "", , , file = ""] = line.split(" ")
      const version = /_([^_]+?)(?:\.orig\.tar\.gz|_[a-z0-9]+\.deb)$/.exec(file)?.[1] ?? ""
      const license = LICENSES[name]
      if (license === undefined) throw new Error(`the licence of ${name} is not known`)
      return { name, version, license, locator: `pkg:deb/debian/${name}@${encodeURIComponent(version)}` }
    })
}

function spdxPackage({ name, version, license, locator }: Component) {
  return {
    SPDXID: `SPDXRef-${`${name}-${version}`.replace(/[^A-Za-z0-9.-]+/g, "-").replace(/^-/, "")}`,
    name,
    versionInfo: version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: license,
    licenseDeclared: license,
    copyrightText: "NOASSERTION",
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: locator }],
  }
}
