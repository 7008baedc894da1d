// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { errorAt, type Finding, type Path } from "./problem.ts";

type Flow = {
  readonly [Key in "clientSecret" | "refreshToken" | "username" | "privateKey"]?: string | undefined;
};

/** How Truce logs in to an org: by one of the three flows, and no more. */
export function checkSalesforce(path: Path, system: Flow & { readonly url: string }, isHurt: boolean): Finding[] {
  return [...checkUrl(path, system.url), ...checkFlow(path, system, isHurt)];
}

/** The secret travels to this address. */
function checkUrl(path: Path, url: string): Finding[] {
  if (/^https:|\$\{|^http:\/\/(?:127\.|localhost[:/]|\[::1\])/u.test(url)) return [];
  const remedy = "Write the org's address as https://acme.my.salesforce.com.";
  return [errorAt([...path, "url"], `"${url}" does not begin with https://`, remedy)];
}

function checkFlow(path: Path, system: Flow, isHurt: boolean): Finding[] {
  const { clientSecret, refreshToken, username, privateKey } = system;
  if (privateKey !== undefined && (refreshToken !== undefined || clientSecret !== undefined)) {
    const other = refreshToken === undefined ? "clientSecret" : "refreshToken";
    return [
      errorAt([...path, "privateKey"], `privateKey and ${other} exclude each other`, "Remove one of them.", "key"),
    ];
  }
  if ((privateKey === undefined) !== (username === undefined) && !isHurt) {
    const missing = privateKey === undefined ? "privateKey" : "username";
    return [errorAt(path, `${missing} is missing`, "The JWT flow takes username and privateKey.", "key")];
  }
  if (clientSecret !== undefined || refreshToken !== undefined || privateKey !== undefined || isHurt) return [];
  const remedy = "Add clientSecret: ${SALESFORCE_CLIENT_SECRET}, or refreshToken, or username and privateKey.";
  return [errorAt(path, "there is no way to log in", remedy, "key")];
}
