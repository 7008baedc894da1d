import type { Accounts } from "../server/access/accounts.ts";

/** Where the first admin is made, by who reads this process's output; `null` once there are users. Good once. */
export async function welcomeLink(accounts: Accounts, url: string): Promise<string | null> {
  if (await accounts.hasUsers()) return null;
  const secret = await accounts.invite({ name: null, role: "admin", isPass: false });
  return linkOf(url, secret);
}

/** The secret stands behind "#": it is sent to no server, and in no log. */
export function linkOf(url: string, secret: string): string {
  return `${url}/welcome#${secret}`;
}
