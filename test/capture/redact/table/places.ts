/** The places of a call in which a text may reach the record, each as the whole text that is searched there. */
export const PLACES: Record<string, (text: string) => string> = {
  "JSON value on stdin": (text) =>
    JSON.stringify({ cniVersion: "1.0.0", name: "net", type: "x", note: text, mtu: 1450 }),
  "JSON in a string": (text) =>
    JSON.stringify({ name: "net", config: JSON.stringify({ type: "x", note: text, mtu: 1450 }) }),
  "environment variable": (text) => text,
  CNI_ARGS: (text) => `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;NOTE=${text};K8S_POD_NAME=web-0`,
  "log line on stderr": (text) =>
    `time="2026-09-01T10:00:00Z" level=error msg="cannot set up pod" pod=web-0\n${text}\n`,
  "error message on stdout": (text) =>
    JSON.stringify({ cniVersion: "1.0.0", code: 999, msg: `failed to set up network: ${text}`, details: "" }),
  YAML: (text) => `apiVersion: v1\nkind: ConfigMap\ndata:\n  note: |\n${text.replaceAll(/^/gm, "    ")}\n`,
  argument: (text) => text,
}
