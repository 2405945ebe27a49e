import assert from "node:assert/strict"
import { execFileSync, spawnSync } from "node:child_process"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { parse } from "smol-toml"
import { NodeFiles } from "../../../../src/install/detect/node-files.ts"
import { readContainerdConfig } from "../../../../src/install/detect/runtimes/containerd-config.ts"
import { tableAt } from "../../../../src/install/detect/runtimes/toml.ts"
import { runProgram } from "../../../../src/install/disk/run-program.ts"
import { plant } from "../../plant.ts"

const V2 = 'plugins."io.containerd.grpc.v1.cri".cni'

/** The directories that this machine's containerd uses with a configuration, or that it does not start. */
function asContainerd(path: string): object {
  const { status, stdout } = spawnSync("containerd", ["--config", path, "config", "dump"], {
    encoding: "utf8",
    cwd: "/",
  })
  if (status !== 0) return { starts: false }
  const { bin_dir, conf_dir, max_conf_num } = tableAt(parse(stdout), "plugins", "io.containerd.grpc.v1.cri", "cni")
  return { bin_dir, conf_dir, max_conf_num }
}

/** The same as detect reads it; missing keys have containerd's defaults. */
function asDetect(path: string, version: string): object {
  const { cni, broken } = readContainerdConfig(new NodeFiles("/", runProgram), path, version)
  if (broken !== undefined) return { starts: false }
  const { bin_dir = "/opt/cni/bin", conf_dir = "/etc/cni/net.d", max_conf_num = 1 } = cni
  return { bin_dir, conf_dir, max_conf_num }
}

const version = execFileSync("containerd", ["--version"], { encoding: "utf8" }).split(" ")[2] ?? ""

/** `@` stands for the directory of the files. */
const cases: [string, Record<string, string>][] = [
  ["no key at all", { "/config.toml": "version = 2\n" }],
  ["every key", { "/config.toml": `version = 2\n[${V2}]\nbin_dir = "/b"\nconf_dir = "/c"\nmax_conf_num = 0\n` }],
  ["version 1", { "/config.toml": '[plugins.cri.cni]\nbin_dir = "/one"\n' }],
  ["version 1 with a full name", { "/config.toml": `[${V2}]\nbin_dir = "/full"\n` }],
  [
    "imports, each of which replaces the whole section",
    {
      "/config.toml": `version = 2\nimports = ["@/d/*.toml"]\n[${V2}]\nbin_dir = "/b"\nconf_dir = "/c"\n`,
      "/d/10.toml": `version = 2\n[${V2}]\nbin_dir = "/ten"\n`,
      "/d/20.toml": `version = 2\n[${V2}]\nmax_conf_num = 5\n`,
    },
  ],
  [
    "an import with another table of the same plugin",
    {
      "/config.toml": `version = 2\nimports = ["@/d.toml"]\n[${V2}]\nbin_dir = "/b"\n`,
      "/d.toml": 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\nsandbox_image = "pause"\n',
    },
  ],
  [
    "imports of imports, one of them of itself",
    {
      "/config.toml": 'version = 2\nimports = ["@/a.toml"]\n',
      "/a.toml": `version = 2\nimports = ["b.toml", "@/config.toml"]\n[${V2}]\nbin_dir = "/a"\n`,
      "/b.toml": `version = 2\n[${V2}]\nbin_dir = "/b"\n`,
    },
  ],
  ["an import that is missing", { "/config.toml": 'version = 2\nimports = ["@/none.toml"]\n' }],
  ["no TOML", { "/config.toml": "version = 2\n[plugins\n" }],
]

for (const [name, tree] of cases) {
  test(`${name}: read as containerd ${version} reads it`, (t) => {
    const root = plant(t, {})
    for (const [file, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(root, file)), { recursive: true })
      writeFileSync(join(root, file), text.replaceAll("@", root))
    }
    const path = join(root, "config.toml")
    assert.deepEqual(asDetect(path, version), asContainerd(path))
  })
}
