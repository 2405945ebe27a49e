import {
  CONTAINER,
  type Component,
  HOST_ROOT,
  labelsOf,
  modeArgument,
  NAMESPACE,
  PROGRAM,
  podName,
  type RecorderMode,
  UNTIL_ANNOTATION,
} from "./names.ts"
import type { PodObject } from "./pod-object.ts"

/** An object for the API server. */
export type ClusterObject = { apiVersion: string; kind: string; metadata: Metadata; spec?: object }

type Metadata = {
  name: string
  namespace?: string
  labels: Record<string, string>
  annotations?: Record<string, string>
}

/** What a recorder needs to know of its node; see `PlanNode`. */
export type RecorderNode = {
  node: string
  mode: RecorderMode
  /** the plugin directories that it changes, without symlinks in their paths */
  changedDirs: readonly string[]
  isSelinuxEnforcing: boolean
}

export type RecorderOptions = {
  image: string
  version: string
  /** `auto`: each node's plan chooses */
  mode: RecorderMode | "auto"
  plugins?: readonly string[]
  /** of --for, and when that will be over; since 1970 */
  duration: { text: string; ms: number; untilMs: number }
}

/** Pods that mount the node's directories are allowed in it and nowhere else. */
export function namespaceObject(version: string): ClusterObject {
  return {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: {
      name: NAMESPACE,
      labels: {
        "app.kubernetes.io/name": "cnitap",
        "app.kubernetes.io/version": version,
        "pod-security.kubernetes.io/enforce": "privileged",
        "pod-security.kubernetes.io/audit": "privileged",
        "pod-security.kubernetes.io/warn": "privileged",
      },
    },
  }
}

const LOOK_SECONDS = 120

/** Plans an install on a node that it mounts read-only, prints the plan, and ends. */
export function lookPod(node: string, options: RecorderOptions, isPrivileged: boolean): ClusterObject {
  const { image, version } = options
  const args = ["plan", "--root", HOST_ROOT, "-o", "json", ...planArguments(options.mode, options)]
  // To choose, it has to try what the kernel allows.
  const trying = isPrivileged ? PRIVILEGED : loading([...READING, ...LOADING])
  const context = options.mode === "auto" ? trying : securityContext(READING)
  return pod("look", node, version, {
    activeDeadlineSeconds: LOOK_SECONDS,
    restartPolicy: "Never",
    containers: [{ ...container(image, args), securityContext: context, volumeMounts: [HOST_MOUNT] }],
    volumes: [HOST_VOLUME],
  })
}

/** How long a pod may take to uninstall once its time is over or it is deleted; then Kubernetes kills it. */
const LATE_SECONDS = 60

/** Installs, stays, and uninstalls when its time is over or when it is deleted; what it recorded goes with it. */
export function recorderPod(
  { node, mode, changedDirs, isSelinuxEnforcing }: RecorderNode,
  options: RecorderOptions,
): ClusterObject {
  const { image, version, duration } = options
  const isObserver = mode === "observe"
  const args = ["install", "--root", HOST_ROOT, "--stay", "--purge", "--for", duration.text]
  const status = { exec: { command: [PROGRAM, "status", "--root", HOST_ROOT] }, timeoutSeconds: 30 }
  const recorder = {
    ...container(image, [...args, ...planArguments(mode, options)]),
    env: [{ name: "CNITAP_CAPTURE", value: isObserver ? OBSERVER_CAPTURE : captureIn(changedDirs) }],
    // Where SELinux enforces, capabilities do not suffice to write to the directories of the host, or to load BPF programs.
    securityContext: isSelinuxEnforcing ? PRIVILEGED : isObserver ? loading(OBSERVING) : securityContext(INSTALLING),
    startupProbe: { ...status, periodSeconds: 2, failureThreshold: 60 },
    readinessProbe: { ...status, periodSeconds: 60 },
    volumeMounts: [
      HOST_MOUNT,
      TEMPORARY_MOUNT,
      ...(isObserver ? [OBSERVER_MOUNT] : []),
      ...changedDirs.map((path, at) => ({ name: `plugins-${at}`, mountPath: `${HOST_ROOT}${path}` })),
    ],
  }
  const object = pod("recorder", node, version, {
    activeDeadlineSeconds: Math.ceil(duration.ms / 1000) + LATE_SECONDS,
    restartPolicy: "OnFailure",
    terminationGracePeriodSeconds: LATE_SECONDS,
    containers: [recorder],
    volumes: [
      HOST_VOLUME,
      TEMPORARY_VOLUME,
      ...changedDirs.map((path, at) => ({ name: `plugins-${at}`, hostPath: { path, type: "Directory" } })),
    ],
  })
  const annotations = { ...object.metadata.annotations, [UNTIL_ANNOTATION]: new Date(duration.untilMs).toISOString() }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function planArguments(mode: RecorderOptions["mode"], { plugins }: RecorderOptions): string[] {
  return [modeArgument(mode), ...(plugins ? [`--plugins=${plugins.join(",")}`] : [])]
}

/** Uninstalls, with the mounts and rights of a recorder that ended without doing so, and ends. */
export function undoPod(node: string, { containers = [], volumes }: PodObject["spec"], version: string): ClusterObject {
  const [recorder] = containers
  const { startupProbe: _startup, readinessProbe: _readiness, ...kept } = { ...recorder } as Record<string, unknown>
  return pod("undo", node, version, {
    activeDeadlineSeconds: LOOK_SECONDS,
    restartPolicy: "Never",
    containers: [{ ...kept, args: ["uninstall", "--root", HOST_ROOT, "--purge", "-o", "json"] }],
    volumes,
  })
}

/** Beside the originals, so that no further directory of the host has to be writable. */
function captureIn([first = ""]: readonly string[]): string {
  return `${first}/.cnitap/capture`
}

/** netns mounts of pods that are created later must be visible. */
const HOST_MOUNT = { name: "host", mountPath: HOST_ROOT, readOnly: true, mountPropagation: "HostToContainer" }
const HOST_VOLUME = { name: "host", hostPath: { path: "/", type: "Directory" } }

/** What a verb cannot hold in memory; the root file system is read-only. */
const TEMPORARY_MOUNT = { name: "temporary", mountPath: "/tmp" }
const TEMPORARY_VOLUME = { name: "temporary", emptyDir: { sizeLimit: "512Mi" } }

/**
 * What an observer writes is in the pod only, over a directory that every node has: a directory for it cannot be created on
 * the node, which is mounted read-only.
 */
const OBSERVER_MOUNT = { name: "temporary", mountPath: `${HOST_ROOT}/tmp` }
const OBSERVER_CAPTURE = "/tmp/cnitap/capture"

/** Other processes' executables and namespaces; files of other users. */
const READING = ["DAC_READ_SEARCH", "SYS_PTRACE", "SYS_CHROOT"]
/** Files keep their owners, modes and attributes; VERSION of each plugin is run in the node's root. */
const INSTALLING = [...READING, "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "SETFCAP", "KILL"]

/** Programs in the kernel that read the memory of plugins. */
const LOADING = ["BPF", "PERFMON"]
/** And a priority at which nothing is lost. */
const OBSERVING = [...READING, ...LOADING, "SYS_NICE"]

const WITHOUT_CAPABILITIES = { runAsUser: 0, runAsGroup: 0, readOnlyRootFilesystem: true }
const PRIVILEGED = { ...WITHOUT_CAPABILITIES, privileged: true }

function securityContext(capabilities: readonly string[]) {
  return {
    ...WITHOUT_CAPABILITIES,
    privileged: false,
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"], add: capabilities },
  }
}

/** The default filter of system calls refuses bpf(2). */
function loading(capabilities: readonly string[]) {
  return { ...securityContext(capabilities), seccompProfile: { type: "Unconfined" } }
}

function container(image: string, args: readonly string[]) {
  return {
    name: CONTAINER,
    image,
    imagePullPolicy: "IfNotPresent",
    command: [PROGRAM],
    args,
    // With a smaller share a busy node lets a verb wait longer than the probes do.
    resources: { requests: { cpu: "100m", memory: "32Mi" }, limits: { memory: "512Mi" } },
  }
}

function pod(component: Component, node: string, version: string, spec: object): ClusterObject {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: podName(component, node),
      namespace: NAMESPACE,
      labels: labelsOf(component, version),
      // Its default profile denies reading what other processes execute.
      annotations: { [`container.apparmor.security.beta.kubernetes.io/${CONTAINER}`]: "unconfined" },
    },
    spec: {
      nodeName: node,
      // It has to start while the network of pods is broken.
      hostNetwork: true,
      dnsPolicy: "Default",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      tolerations: [{ operator: "Exists" }],
      ...spec,
    },
  }
}
