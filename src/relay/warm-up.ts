import { clean, cleanVariable } from "../capture/redact/clean.ts"
import type { Host } from "./host.ts"

/** One text of each kind that rules look for. */
const SAMPLE = [
  '{"cniVersion":"1.0.0","name":"net","plugins":[{"type":"calico","policy":{"type":"k8s","k8s_auth_token":"eyJhbGciOiJSUzI1NiJ9.e30.c2ln"},',
  '"kubernetes":{"kubeconfig":"/etc/cni/net.d/calico-kubeconfig"},"runtimeConfig":{"io.kubernetes.cri.pod-annotations":{"a":"b","c":"d"}},',
  '"etcd_endpoints":"https://user:password@host:2379,https://10.0.0.1:2379","etcd_key_file":"/etc/key.pem","log":"level=error token=abcdef ',
  'msg=\\"error getting token: context deadline exceeded\\" Authorization: Bearer abcdef0123456789\\n"}]}',
].join("")

/**
 * What the engine makes when something is used for the first time (functions of its own objects, shapes, atoms) is then in
 * the image that the build writes, and no call has to make it.
 */
export function warmUp(host: Host): void {
  clean(host, SAMPLE, false)
  clean(host, `level=info msg=${SAMPLE}`, true)
  cleanVariable(host, "CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAME=web;API_TOKEN=abcdef")
}
