import { byFirstLetter } from "./words.ts"

/** Settings that engineers need to see, under names such as `auth` and in messages. */
export const MODES = byFirstLetter(
  "none basic bearer digest token x509 tls mtls ntlm negotiate kerberos oidc oauth oauth2 plain cert certificate kubeconfig " +
    "enabled disabled required optional yes no on off true false ok fail failed failure error through accepted anonymous " +
    "node rbac webhook serviceaccount in out ipsec psk internal external local ldap iam cookie null nil is are was the",
)
/** What a message says about a secret, after a colon or a verb. */
export const REMARKS = byFirstLetter(
  "a about absent accepted access already an and anonymous are at authentication bad but by cannot can't code connect " +
    "connection context could couldn't count create decode decoding delete denied dial different does do empty eof error exec " +
    "expected expired failed failure file for forbidden found from get getting has http https i/o illegal in incorrect " +
    "internal invalid io is json key length lookup malformed mandatory mismatch missing must nil no none not nonexistent null " +
    "of ok on only open operation optional or our parse parsing part patch permission post present put read reading refused " +
    "rejected rejecting remote request required resource rpc secret secrets see server service signature still stat the their " +
    "this timeout timed to too token tokens true unable unauthenticated unauthorized unexpected unique unknown unset " +
    "unmarshal until unsupported up used using validation value was when while will with write wrong x509 you your",
)
export const REMARK_ENDS = ["able", "ed", "ent", "ible", "id", "ing", "less", "tion"]
/** The type of a value in a usage message, and its name in capitals. */
export const TYPES = byFirstLetter(
  "string strings int file path value token password secret key name stringArray duration <nil> STRING TOKEN PASSWORD FILE VALUE KEY SECRET",
)
export const LITERALS = byFirstLetter(
  "true false null nil none undefined unset hidden redacted REDACTED masked sensitive [redacted]",
)
export const ROOTS = byFirstLetter("etc var run root home opt usr proc tmp srv mnt host dev")
export const FILE_ENDS = [".crt", ".key", ".pem", ".json", ".yaml", ".yml", ".conf", ".txt", ".csr", ".sock"]
