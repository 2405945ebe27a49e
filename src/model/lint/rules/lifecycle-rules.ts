import type { Rule } from "../finding.ts"
import { issue, spec } from "../rule-source.ts"

/** Rules that need more than one operation; `LifecycleChecker` applies them. */
export const LIFECYCLE_RULES = {
  addTwice: {
    id: "add-twice",
    severity: "error",
    title: "second ADD without a DEL in between",
    source: spec("3, Lifecycle and ordering"),
    remedy: "Check the runtime: it must DEL an attachment before adding it again, or addresses leak.",
  },
  delNotIdempotent: {
    id: "del-not-idempotent",
    severity: "error",
    title: "DEL fails when there is nothing left to delete",
    source: spec("2, DEL"),
    remedy: "Succeed if a resource is already gone: runtimes call DEL more than once per container.",
  },
  ipOfTwo: {
    id: "ip-of-two-attachments",
    severity: "error",
    title: "same address assigned to two attachments",
    source: spec("5, ADD success"),
    remedy: "Run `cnitap who-owns` for the address and compare the IPAM store with the running pods.",
  },
  subnetOfTwo: {
    id: "subnet-of-two-networks",
    severity: "warning",
    title: "two networks of a node assign the same addresses",
    source: spec("5, Delegated plugins"),
    remedy:
      "Give each network, and each runtime, a subnet of its own, or disjoint `rangeStart` and `rangeEnd`; `cnitap who-owns` names the holders of an address.",
  },
  gcOfOtherRuntime: {
    id: "gc-of-other-runtime",
    severity: "error",
    title: "GC does not list the attachment of another runtime",
    source: issue("containernetworking/cni#1086"),
    remedy:
      "Give each runtime a network of its own name, or set `disableGC` in the list: the plugins free what GC does not list.",
  },
  listWithoutPlugin: {
    id: "list-without-plugin",
    severity: "warning",
    title: "a plugin of the list is no longer called",
    source: issue("antrea-io/antrea#4012"),
    remedy:
      "Check whether an agent rewrote the list, whether the plugin's file exists (`cnitap doctor`) and whether it is recorded (`cnitap status`).",
  },
  versionUnsupported: {
    id: "version-unsupported",
    severity: "error",
    title: "plugin does not support the configuration's version",
    source: spec("2, VERSION"),
    remedy: "Lower `cniVersion` of the list or update the plugin; delegates and IPAM plugins must support it too.",
  },
  pluginReplaced: {
    id: "plugin-replaced",
    severity: "note",
    title: "plugin was replaced by another build",
    source: issue("aws/amazon-vpc-cni-k8s#2293"),
    remedy:
      "Compare the calls of both builds (`cnitap diff`): types of keys, versions and defaults differ between builds.",
  },
} as const satisfies Record<string, Rule>
