import { join } from "node:path"
import { type ClientUnaryCall, credentials, loadPackageDefinition, type ServiceError } from "@grpc/grpc-js"
import { loadSync } from "@grpc/proto-loader"

/** A pod as the kubelet describes it to a runtime. Capabilities such as bandwidth come from `annotations`. */
export type PodConfig = {
  namespace: string
  name: string
  uid: string
  attempt?: number
  portMappings?: { hostPort: number; containerPort: number; protocol?: "TCP" | "UDP" | "SCTP" }[]
  annotations?: Record<string, string>
  labels?: Record<string, string>
  /** parent of the sandbox's cgroup */
  cgroupParent?: string
}

export type PodStatus = {
  id: string
  namespace: string
  name: string
  isReady: boolean
  /** all addresses of the pod, the first one first */
  ips: string[]
}

export type Condition = { type: string; status: boolean; reason: string; message: string }

/** An error of the runtime; `code` is the gRPC status (4: deadline exceeded). */
export class CriError extends Error {
  readonly code: number

  constructor(method: string, code: number, details: string) {
    super(`${method}: ${details}`)
    this.code = code
  }
}

const [CANCELLED, UNKNOWN] = [1, 2]
export const DEADLINE_EXCEEDED = 4

const DEFAULT_TIMEOUT_MS = 30_000

type Raw = Record<string, unknown>
type Method = (
  this: Service,
  request: Raw,
  options: { deadline: Date },
  done: (error: ServiceError | null, reply: Raw) => void,
) => ClientUnaryCall

type Service = Record<string, Method> & { close(): void }
type ServiceClass = new (address: string, credentials: unknown) => Service

/**
 * A CRI v1 client, as the kubelet is. Methods reject with a CriError. After `timeoutMs` the runtime cancels the
 * operation, as it does for the kubelet.
 */
export class CriClient {
  readonly #runtime: Service
  readonly #images: Service

  constructor(socket: string) {
    const definition = loadSync(join(import.meta.dirname, "cri.proto"), {
      longs: Number,
      enums: String,
      defaults: true,
    })
    const { v1 } = (loadPackageDefinition(definition) as unknown as { runtime: { v1: Record<string, ServiceClass> } })
      .runtime
    const connect = (name: string): Service => {
      const service = v1[name]
      if (!service) throw new RangeError(`cri.proto has no service ${name}`)
      return new service(`unix://${socket}`, credentials.createInsecure())
    }
    this.#runtime = connect("RuntimeService")
    this.#images = connect("ImageService")
  }

  async version(timeoutMs?: number): Promise<{ name: string; version: string }> {
    const reply = await this.#call("Version", {}, timeoutMs)
    return { name: String(reply.runtimeName), version: String(reply.runtimeVersion) }
  }

  /** RuntimeReady and NetworkReady; the latter is false while no CNI configuration is loaded. */
  async status(timeoutMs?: number): Promise<Condition[]> {
    const reply = await this.#call("Status", {}, timeoutMs)
    return (reply.status as { conditions: Condition[] }).conditions
  }

  /** Returns the sandbox's ID, which plugins get as the container ID. */
  async runPodSandbox(pod: PodConfig, timeoutMs?: number): Promise<string> {
    const { namespace, name, uid, attempt = 0, portMappings = [], annotations = {}, labels = {}, cgroupParent } = pod
    const config = {
      metadata: { namespace, name, uid, attempt },
      hostname: name,
      // Without it the runtime copies /etc/resolv.conf, which may be a symlink into a /run that it does not see.
      dnsConfig: { servers: ["127.0.0.1"] },
      portMappings,
      annotations,
      labels,
      linux: cgroupParent ? { cgroupParent } : {},
    }
    const reply = await this.#call("RunPodSandbox", { config }, timeoutMs)
    return String(reply.podSandboxId)
  }

  async podSandboxStatus(id: string, timeoutMs?: number): Promise<PodStatus> {
    const reply = await this.#call("PodSandboxStatus", { podSandboxId: id }, timeoutMs)
    const { metadata, state, network } = reply.status as {
      metadata: { namespace: string; name: string }
      state: string
      network: { ip: string; additionalIps: { ip: string }[] } | null
    }
    const ips = network ? [network.ip, ...network.additionalIps.map(({ ip }) => ip)].filter(Boolean) : []
    return { id, namespace: metadata.namespace, name: metadata.name, isReady: state === "SANDBOX_READY", ips }
  }

  async listPodSandbox(timeoutMs?: number): Promise<string[]> {
    const reply = await this.#call("ListPodSandbox", {}, timeoutMs)
    return (reply.items as { id: string }[]).map(({ id }) => id)
  }

  async stopPodSandbox(id: string, timeoutMs?: number): Promise<void> {
    await this.#call("StopPodSandbox", { podSandboxId: id }, timeoutMs)
  }

  async removePodSandbox(id: string, timeoutMs?: number): Promise<void> {
    await this.#call("RemovePodSandbox", { podSandboxId: id }, timeoutMs)
  }

  async hasImage(image: string, timeoutMs?: number): Promise<boolean> {
    const reply = await call(this.#images, "ImageStatus", { image: { image } }, timeoutMs)
    return reply.image !== null
  }

  close(): void {
    this.#runtime.close()
    this.#images.close()
  }

  #call(method: string, request: Raw, timeoutMs: number | undefined): Promise<Raw> {
    return call(this.#runtime, method, request, timeoutMs)
  }
}

function call(service: Service, name: string, request: Raw, timeoutMs = DEFAULT_TIMEOUT_MS): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const deadline = new Date(Date.now() + timeoutMs)
    service[name]?.(request, { deadline }, (error, reply) => {
      if (!error) return resolve(reply)
      // At the deadline a newer gRPC server resets the stream, and any may answer that it has killed the plugin. That may
      // arrive before this process's own timer fires.
      const isDeadline = [CANCELLED, UNKNOWN].includes(error.code) && Date.now() >= deadline.getTime()
      reject(new CriError(name, isDeadline ? DEADLINE_EXCEEDED : error.code, error.details))
    })
  })
}
