// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { errorAt, type Finding, type Path } from "./problem.ts";

/** How Truce logs in to an org: by one of the three flows, and no more. */
export function checkSalesforce(
  path: Path,
  system: { readonly [Key in "clientSecret" | "refreshToken" | "username" | "privateKey"]?: string | undefined },
  isHurt: boolean,
): Finding[] {
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
