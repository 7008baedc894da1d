import type { LoadedConfig } from "../config/load-config.ts";
import { resolveReference } from "../config/reference.ts";
import type { OidcOptions } from "../server/access/oidc.ts";

/** How people sign in at a provider, with its secret put in; `null`: they don't. */
export function oidcOptions({ settings, source }: LoadedConfig): OidcOptions | null {
  const { oidc } = settings;
  if (oidc == null) return null;
  const { issuer, clientId, clientSecret, label, scope, name, roles } = oidc;
  const value = (reference: string) => resolveReference(reference, source);
  return {
    issuer: value(issuer),
    clientId: value(clientId),
    clientSecret: clientSecret === undefined ? null : value(clientSecret),
    label,
    scope,
    nameClaim: name,
    roles: roles === undefined ? null : rolesOf(roles),
  };
}

type Configured = NonNullable<NonNullable<LoadedConfig["settings"]["oidc"]>["roles"]>;

function rolesOf({ claim, others, ...values }: Configured): OidcOptions["roles"] {
  return { claim, values, others: others === "nobody" ? null : others };
}
