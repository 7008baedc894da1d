import { lookup } from "node:dns/promises";
import { BlockList } from "node:net";

const timeoutMs = 10_000;

/** Link-local, and where clouds tell machines their secrets; written as IPv6 too. */
const barred = new BlockList();
barred.addSubnet("169.254.0.0", 16, "ipv4");
barred.addAddress("100.100.100.200", "ipv4");
barred.addSubnet("fe80::", 10, "ipv6");
barred.addAddress("fd00:ec2::254", "ipv6");

/**
 * Posts JSON to an address from the config. Rejects when it is not taken, when it would be redirected, and when the address is one by which
 * machines of a cloud are told their secrets.
 */
export async function post(url: string, body: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  const { hostname, host } = new URL(url);
  const addresses = await lookup(hostname.replace(/^\[|\]$/gu, ""), { all: true }).catch(() => []);
  if (addresses.length === 0) throw new Error(`there is no host ${hostname}`);
  if (addresses.some(({ address, family }) => barred.check(address, family === 6 ? "ipv6" : "ipv4")))
    throw new Error(`${hostname} is a link-local address, where alerts may not go`);
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((error: unknown) => {
    throw new Error(`${host} does not answer (${causeOf(error)})`);
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Error(`${host} answered ${answer.status}`);
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
