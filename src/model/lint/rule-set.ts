/**
 * Identifies the rules about calls, and everything that decides what they find: the build puts a hash of the sources of
 * `src/cni` and `src/model` here. Without a build it is undefined, and no results are kept.
 */
export const RULE_SET: string | undefined = undefined
