import { BlockList, isIP } from "node:net";

/** Link-local addresses, and those at which clouds answer with a machine's credentials. */
const forbidden = new BlockList();
forbidden.addSubnet("169.254.0.0", 16, "ipv4");
forbidden.addSubnet("0.0.0.0", 8, "ipv4");
forbidden.addAddress("100.100.100.200", "ipv4");
forbidden.addAddress("168.63.129.16", "ipv4");
forbidden.addSubnet("fe80::", 10, "ipv6");
forbidden.addAddress("fd00:ec2::254", "ipv6");
forbidden.addAddress("::", "ipv6");

/** True for an IP address that no request may go to unless the config allows it. Names are judged when they are resolved. */
export function isForbiddenAddress(address: string): boolean {
  const plain = address.replace(/^\[|\]$/gu, "");
  const family = isIP(plain);
  return family !== 0 && forbidden.check(plain, family === 4 ? "ipv4" : "ipv6");
}

/** For messages. */
export const forbiddenMessage =
  "is a link-local or cloud metadata address, which Truce does not ask; linkLocal: true allows it";
