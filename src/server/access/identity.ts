/** What a person or a token may do. `personal`: see personal data unmasked. */
export const permissions = ["read", "personal", "review", "operate", "admin"] as const;
export type Permission = (typeof permissions)[number];

export const roles = ["viewer", "reviewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

export const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ["read"],
  reviewer: ["read", "personal", "review"],
  operator: ["read", "personal", "review", "operate"],
  admin: permissions,
};

/** Who may call an operation. `session`: a person who is signed in, whatever their role; no token. */
export type Access = "anyone" | "session" | Permission;

/** Who calls. */
export type Identity = {
  /** `null`: nobody is signed in. */
  readonly name: string | null;
  readonly role: Role | null;
  readonly permissions: ReadonlySet<Permission>;
  /** The session or token that they came with. */
  readonly via: { readonly kind: "session" | "token"; readonly id: string } | null;
};

export const nobody: Identity = { name: null, role: null, permissions: new Set(), via: null };

export function may(who: Identity, access: Access): boolean {
  if (access === "anyone") return true;
  if (access === "session") return who.via?.kind === "session";
  return who.permissions.has(access);
}
