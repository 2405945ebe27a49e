import type { Call } from "../call.ts"

/**
 * Makes keys of attachments. Calls come operation by operation, and all calls of one have the same key: it is made, and
 * hashed by the Maps that use it, once for all of them.
 */
export class AttachmentKeys {
  #node: string | undefined
  #network: string | undefined
  #containerId: string | undefined
  #ifname: string | undefined
  #key = "\n\n\n"

  /** `NODE\nNETWORK\nCONTAINER\nIFNAME`, each empty if there is none. */
  of(
    { node, containerId, ifname }: Pick<Call, "node" | "containerId" | "ifname">,
    network: string | undefined,
  ): string {
    const isSame =
      containerId === this.#containerId && network === this.#network && ifname === this.#ifname && node === this.#node
    if (isSame) return this.#key
    this.#node = node
    this.#network = network
    this.#containerId = containerId
    this.#ifname = ifname
    this.#key = [node, network, containerId, ifname].join("\n")
    return this.#key
  }
}
