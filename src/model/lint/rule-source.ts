import type { RuleSource } from "./finding.ts"

const SPEC = "https://github.com/containernetworking/cni/blob/spec-v1.1.0/SPEC.md"
const LIBCNI = "https://github.com/containernetworking/cni/blob/v1.3.0"

const SECTIONS = {
  "1, Configuration format": "section-1-network-configuration-format",
  "2, Parameters": "parameters",
  "2, Errors": "errors",
  "2, ADD": "add-add-container-to-network-or-apply-modifications",
  "2, DEL": "del-remove-container-from-network-or-un-apply-modifications",
  "2, CHECK": "check-check-containers-networking-is-as-expected",
  "2, STATUS": "status-check-plugin-status",
  "2, VERSION": "version-probe-plugin-version-support",
  "2, GC": "gc-clean-up-any-stale-resources",
  "3, Lifecycle and ordering": "lifecycle--ordering",
  "3, Attachment parameters": "attachment-parameters",
  "3, Deriving request configuration": "deriving-request-configuration-from-plugin-configuration",
  "4, Plugin delegation": "section-4-plugin-delegation",
  "5, ADD success": "add-success",
  "5, Delegated plugins": "delegated-plugins-ipam",
  "5, VERSION success": "version-success",
  "5, Error": "error",
} as const

/** A section of the CNI specification, version 1.1.0. */
export function spec(section: keyof typeof SECTIONS): RuleSource {
  return { text: `CNI spec, section ${section}`, link: `${SPEC}#${SECTIONS[section]}` }
}

/** A source file of libcni, which most runtimes use. */
export function libcni(file: string): RuleSource {
  return { text: `libcni, ${file}`, link: `${LIBCNI}/${file}` }
}

/** `owner/repository#number` on GitHub. */
export function issue(name: string): RuleSource {
  return { text: name, link: `https://github.com/${name.replace("#", "/issues/")}` }
}
