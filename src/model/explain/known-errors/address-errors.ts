import type { KnownError } from "./known-error.ts"

/** Errors of IPAM plugins and of the agents that assign addresses. */
export const ADDRESS_ERRORS: readonly KnownError[] = [
  {
    pattern: /requested (?:IP|ip) address '?([\da-f.:]+)\S* is not available/,
    step: (_, [, ip = ""]) => `cnitap who-owns ${ip.replace(/[.:]$/, "")}`,
  },
  {
    pattern: /\b([\da-f.:]+[\da-f]) has been allocated to .*duplicate allocation is not allowed/,
    step: (_, [, ip = ""]) =>
      `cnitap who-owns ${ip} (this container has an address already: an earlier ADD without a DEL, or two networks with one name)`,
  },
  {
    // Calico's IPAM is a store of the whole cluster: github.com/projectcalico/calico, libcalico-go/lib/ipam.
    pattern: /no more free affine blocks|assigned 0 out of \d+ requested/i,
    step: () => "calicoctl ipam show --show-blocks; kubectl get ippools.crd.projectcalico.org (the pools are used up)",
  },
  {
    // So is that of whereabouts: pkg/allocate of k8snetworkplumbingwg/whereabouts.
    pattern: /could not allocate ip in range.* range: ([\da-f.:/]+)/i,
    step: (_, [, range = ""]) =>
      `kubectl get ippools.whereabouts.cni.cncf.io -A -o yaml (which pods of the cluster hold addresses of ${range})`,
  },
  {
    // The AWS plugin gets addresses from ipamd: github.com/aws/amazon-vpc-cni-k8s/blob/master/docs/troubleshooting.md
    pattern: /add cmd: failed to assign an ip address to container/i,
    step: () =>
      "tail -n 100 /var/log/aws-routed-eni/ipamd.log (ipamd has no free address: the limit of the instance type, or the subnet is used up)",
  },
  {
    pattern:
      /no ip addresses available|no available addresses|no free (?:ip|address)|failed to (?:assign|allocate)\b.*\b(?:ip|address|range)\b|exhausted/i,
    step: () => "cnitap ledger (who holds the addresses)",
  },
  {
    pattern: /IPAM plugin returned missing IP config/,
    step: ({ id }) => `cnitap show ${id} (the IPAM plugin that it called exited with 0 and listed no address)`,
  },
  {
    pattern: /dial(?:ing)? .*?(\/\S*dhcp\.sock): connect: /,
    step: (_, [, socket = ""]) => `start the daemon that listens on ${socket}: /opt/cni/bin/dhcp daemon`,
  },
  {
    // plugins/ipam/dhcp/lease.go, after its last try.
    pattern: /^no more tries/,
    step: () => "tcpdump -ni MASTER port 67 or port 68 (no DHCP server answered on the master interface)",
  },
]
