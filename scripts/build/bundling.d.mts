import type { PluginBuild } from "esbuild"

export function hashOfRules(bundler: PluginBuild): void
export function onlyTheVersion(bundler: PluginBuild): void
export function withoutSideEffects(bundler: PluginBuild): void
export function withoutExecutableSubcommands(bundler: PluginBuild): void
export function yamlAsModules(bundler: PluginBuild): void
