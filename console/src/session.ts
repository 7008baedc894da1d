import type { Permission, Role } from "../../src/server/access/identity.ts";
import { useApi } from "./api.ts";

export type Me = { readonly name: string; readonly role: Role; may(permission: Permission): boolean };

/** Who is signed in; `null`: nobody, `undefined`: not known yet. */
export function useMe(): Me | null | undefined {
  const { data } = useApi("getSession", {});
  if (data === undefined) return undefined;
  const { name, role, permissions } = data;
  if (name === null || role === null) return null;
  return { name, role, may: (permission) => permissions.includes(permission) };
}
