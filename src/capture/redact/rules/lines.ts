import type { CommandRule, LineRule } from "./rule.ts"

const HEX32 = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"

/** Keys that tools print after the name of an algorithm: ip-xfrm(8), ip-macsec(8), the key file of Cilium. */
export const LINE_RULES: readonly LineRule[] = [
  {
    marks: [
      "auth-trunc",
      "hmac(",
      "cmac(",
      "xcbc(",
      "cbc(",
      "ctr(",
      "gcm(",
      "rfc4106(",
      "rfc4309(",
      "rfc4543(",
      "rfc7539",
      "cipher_null",
      "digest_null",
    ],
    min: 16,
    finds: [
      `\tauth-trunc hmac(sha256) 0x«${HEX32}» 128\n\tenc cbc(aes) 0x«${HEX32}»\n\taead rfc4106(gcm(aes)) 0x«${HEX32}» 128`,
      `3+ rfc4106(gcm(aes)) «${HEX32}» 128`,
      `auth 'hmac(sha1)' 0x«${HEX32}» enc 'cbc(aes)' 0x«${HEX32}»`,
    ],
    keeps: ["enc cbc(aes) is not supported", "hmac(sha256) 128 bits"],
  },
  {
    marks: ["ip macsec", "macsec0 ", "ip xfrm state", "tx sa ", "rx sa "],
    min: 32,
    finds: [`ip macsec add macsec0 tx sa 0 pn 1 on key 01 «${HEX32}»`],
    keeps: ["macsec0: protect on validate strict", "ip xfrm state list"],
  },
]

/** Passwords in command lines. */
export const COMMAND_RULES: readonly CommandRule[] = [
  {
    commands: [
      "sshpass",
      "mysql",
      "mysqldump",
      "mysqladmin",
      "mariadb",
      "docker login",
      "podman login",
      "helm registry login",
      "buildah login",
      "skopeo login",
    ],
    switches: "-p",
    finds: ["sshpass -p «a1» ssh a@b", "mysql -u root -p«a1» app", "docker login -u a -p «a1» registry"],
    keeps: ["mysql -u root -p", "docker run -p 8080:80", "mkdir -p /opt", "-A INPUT -p tcp"],
  },
  { commands: ["redis-cli", "valkey-cli"], switches: "-a", finds: ["redis-cli -h r -a «a1» ping"], keeps: ["ls -a x"] },
  {
    commands: ["ldapsearch", "ldapadd", "ldapmodify", "ldapwhoami", "ldapdelete"],
    switches: "-w",
    finds: ["ldapsearch -x -w «a1» -b dc=x"],
    keeps: ["grep -w x"],
  },
  {
    commands: ["snmpget", "snmpwalk", "snmpset", "snmpbulkwalk", "snmptrap", "snmpgetnext"],
    switches: "-c",
    finds: ["snmpget -v2c -c «a1» 10.0.0.1"],
    keeps: ["sh -c x"],
  },
  { commands: ["ipmitool"], switches: "-P", finds: ["ipmitool -U a -P «a1» power"], keeps: ["ps -P x"] },
  {
    commands: ["curl", "wget", "smbclient"],
    switches: "-u --user -U --proxy-user",
    part: true,
    finds: ["curl -s -u admin:«a1» https://a/", "curl --user a:«b1» x"],
    keeps: ["curl -u admin https://a/", "docker run -u 1000:1000 x"],
  },
]
