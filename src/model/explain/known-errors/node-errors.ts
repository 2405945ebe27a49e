import type { Call } from "../../call.ts"
import { shellWord } from "../../shell-word.ts"
import type { KnownError } from "./known-error.ts"

/** Errors of the kernel and of programs on the node. */
export const NODE_ERRORS: readonly KnownError[] = [
  {
    pattern: /"?([\w.-]+)"? already has an IP address different from/,
    step: (_, [, link = ""]) => `ip addr show ${link}; if nothing uses its address: ip addr del ADDRESS dev ${link}`,
  },
  {
    pattern: /exec: "([^"]+)": executable file not found in \$?PATH/,
    step: ({ plugin }, [, program = ""]) =>
      `install ${program} where the runtime's PATH finds it: ${plugin} runs with that`,
  },
  {
    pattern: /invalid character '\\x00'/,
    step: ({ plugin }) =>
      `look for NUL bytes in the state file of ${plugin}, which a crash leaves: it is not stdin (hexdump -C)`,
  },
  {
    pattern: /holding the xtables lock/,
    step: () => "lsof /run/xtables.lock (another program changes iptables for a long time)",
  },
  {
    // iptables of the other kind (legacy or nft) than the node uses, or a kernel without the table.
    pattern: /Table does not exist \(do you need to insmod\?\)/,
    step: () => "iptables --version; lsmod | grep -E 'iptable_nat|nf_tables' (the kernel has no such table)",
  },
  {
    pattern: /running \[([^\]]+)\]: exit status/,
    step: (_, [, command = ""]) => `run the command by hand: ${command.replaceAll('\\"', '"')}`,
  },
  {
    pattern: /fail\w* to statfs "([^"]+)": no such file/i,
    step: (_, [, netns = ""]) =>
      `check the runtime's log: the network namespace ${netns} did not exist any more when the plugin ran`,
  },
  {
    pattern: /(?:lookup|find|get|host device|master)\b.*?"([\w.-]+)".*?(?:link not found|no such device|no device)/i,
    step: ({ plugin }, [, link = ""]) =>
      `ip link show ${shellWord(link)} (the configuration of ${plugin} names it; the node has no such interface)`,
  },
  {
    pattern: /no device found for "([\w.-]+)"/,
    step: ({ plugin }, [, link = ""]) =>
      `ip link show ${shellWord(link)} (the configuration of ${plugin} names it; the node has no such interface)`,
  },
  {
    pattern: /failed to find bridge ([\w.-]+)/,
    step: (_, [, bridge = ""]) =>
      `ip link show ${shellWord(bridge)}; ovs-vsctl br-exists ${shellWord(bridge)} (the node has no such bridge)`,
  },
  {
    pattern: /(\/proc\/sys\/\S+?): no such file or directory/,
    step: (_, [, file = ""]) =>
      `ls ${shellWord(file)} (this kernel, or the pod's network namespace, does not have this setting)`,
  },
  {
    pattern: /operation not supported|unknown device type/i,
    step: (call) => `${moduleOf(call)} (the kernel of this node does not support what ${call.plugin} creates)`,
  },
  {
    pattern: /device or resource busy/i,
    step: () =>
      "ip -d link (the interface is in use: it is a port of a bridge or bond, or has macvlan or ipvlan interfaces of the other kind)",
  },
  {
    pattern: /\balready exists\b|file exists/i,
    step: ({ netns }) =>
      `${netns ? `nsenter --net=${shellWord(netns)} ip addr; nsenter --net=${shellWord(netns)} ip route` : "ip addr; ip route"} (an interface, address or route of this name is there: another network of the pod, or an earlier ADD)`,
  },
  {
    pattern: /(?:open|mkdir|create|write|rename|unlink|remove|link)\w* (\/[^\s:]+).*?: no space left on device/i,
    step: (_, [, path = ""]) => `df -h ${shellWord(path)}; df -i ${shellWord(path)} (no space, or no inode, is left)`,
  },
  {
    pattern: /no space left on device/i,
    step: () => "df -h; df -i; sysctl fs.inotify.max_user_watches (one of these is used up)",
  },
  {
    pattern: /(\/[^\s:"]+)"?: read-only file system/i,
    step: (_, [, path = ""]) => `findmnt -T ${shellWord(path)} (it is mounted read-only)`,
  },
  {
    pattern: /too many open files/i,
    step: () =>
      "sysctl fs.inotify.max_user_instances fs.file-nr; ulimit -n of the runtime (one of these limits is reached)",
  },
  {
    // The kernel refuses an IPv6 address with EACCES if IPv6 is disabled: net/ipv6/addrconf.c, ipv6_add_dev.
    pattern: /\badd(?:ing)? (?:ip )?addr\w*\b.*: permission denied/i,
    step: () =>
      "sysctl net.ipv6.conf.all.disable_ipv6 net.ipv6.conf.default.disable_ipv6 (1 refuses every IPv6 address)",
  },
  {
    pattern: /(\/[^\s:"]+)"?: permission denied/i,
    step: (_, [, path = ""]) =>
      `ls -ldZ ${shellWord(path)}; journalctl -k | grep -i denied (file mode, SELinux or AppArmor)`,
  },
  {
    pattern: /operation not permitted|permission denied/i,
    step: ({ plugin }) =>
      `journalctl -k | grep -i denied; check the capabilities of the runtime: ${plugin} has those, and needs CAP_NET_ADMIN`,
  },
  {
    pattern: /\block(?:ed)?\b|resource temporarily unavailable/i,
    step: () => "cnitap ls killed (a killed call may have left its lock behind)",
  },
]

/** The kernel modules behind the interfaces that the plugins of containernetworking create. */
function moduleOf({ plugin }: Call): string {
  const modules = MODULES.get(plugin)
  return modules ? `modprobe ${modules}` : "journalctl -k"
}

const MODULES: ReadonlyMap<string, string> = new Map([
  ["bandwidth", "-a ifb sch_tbf"],
  ["bridge", "-a bridge veth"],
  ["dummy", "dummy"],
  ["ipvlan", "ipvlan"],
  ["macvlan", "macvlan"],
  ["ptp", "veth"],
  ["tap", "tun"],
  ["vlan", "8021q"],
  ["vrf", "vrf"],
])
