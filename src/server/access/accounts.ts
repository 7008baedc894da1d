import type { Instant } from "../../model/time.ts";
import type { Clock, Random } from "../../ports/clock.ts";
import type { Document, DocumentChange, Store } from "../../ports/store.ts";
import { Problem } from "../problem.ts";
import { type Identity, nobody, type Permission, permissionsOf, type Role } from "./identity.ts";
import type { OidcPerson, OidcTrip } from "./oidc.ts";
import { hashPassword, isPassword } from "./password.ts";
import { digestOf, newSecret, sameDigest } from "./secret.ts";
import { newThrottle } from "./throttle.ts";

export type User = {
  /** As they write it; users are told apart without regard to case. */
  readonly name: string;
  readonly role: Role;
  /** `null`: has not set one yet, or signs in at a provider. */
  readonly password: string | null;
  /** The digest of who they are at the provider; absent: they sign in with a password. */
  readonly subject?: string;
  readonly createdAt: Instant;
};

export type Session = {
  readonly user: string;
  readonly createdAt: Instant;
  readonly agent: string;
  readonly address: string;
};

export type Token = {
  readonly name: string;
  readonly owner: string;
  readonly scopes: readonly Permission[];
  readonly digest: string;
  readonly createdAt: Instant;
  readonly expiresAt: Instant | null;
};

/** A one-time right to become a user. */
export type Invitation = {
  /** `null`: whoever takes it chooses. */
  readonly name: string | null;
  readonly role: Role;
  /** It lets in at once, without a password, and again until it expires: for demonstrations on one machine. */
  readonly isPass: boolean;
};

/** A session that is not used ends after a day, and any after a week. */
const idleMs = 24 * 3_600_000;
const sessionMs = 7 * idleMs;
/** A session's end is moved at most this often: reading should not write. */
const touchMs = 10 * 60_000;
const invitationMs = 7 * idleMs;
const auditMs = 400 * idleMs;
const listMax = 1_000;

export type AuditEntry = {
  readonly at: Instant;
  readonly who: string | null;
  readonly via: "session" | "token" | null;
  /** The operation's name. */
  readonly what: string;
  /** The parameters of its path. */
  readonly target: Readonly<Record<string, string>>;
  readonly status: number;
  readonly address: string;
};

export type Accounts = ReturnType<typeof openAccounts>;

type Deps = { readonly store: Store; readonly clock: Clock; readonly random: Random };

/** Users, their sessions and tokens, and the audit, kept as documents of the store. Secrets are stored as digests only. */
export function openAccounts({ store, clock, random }: Deps) {
  // A person mistypes now and then. Many people may share an address, and nobody shall be able to lock another one out for long from elsewhere.
  const throttles = { pair: newThrottle(5), name: newThrottle(25), address: newThrottle(50) };
  const put = (changes: readonly DocumentChange[]) => store.putDocuments(changes, clock.now());
  const read = async <T>(kind: string, key: string) => (await store.document(kind, key, clock.now())) as Kept<T> | null;
  const list = async <T>(kind: string) =>
    (await store.documents({ kind, limit: listMax }, clock.now())) as readonly Kept<T>[];
  const userOf = async (name: string) => (await read<User>("user", keyOf(name)))?.value ?? null;

  async function startSession(name: string, agent: string, address: string): Promise<string> {
    const token = newSecret();
    const now = clock.now();
    const value: Session = { user: name, createdAt: now, agent: agent.slice(0, 200), address };
    await put([{ kind: "session", key: digestOf(token), value, expiresAt: now + idleMs }]);
    return token;
  }

  async function endSessions(name: string, except: string | null): Promise<void> {
    const own = (await list<Session>("session")).filter(
      (one) => keyOf(one.value.user) === keyOf(name) && one.key !== except,
    );
    await put(own.map(({ key }) => ({ kind: "session", key, value: null, expiresAt: null })));
  }

  /** Of the last admin, refused: nobody could let anybody in any more. */
  async function keepAnAdmin({ name, role }: User): Promise<void> {
    if (role !== "admin") return;
    const users = await list<User>("user");
    const others = users.some(({ value }) => value.role === "admin" && keyOf(value.name) !== keyOf(name));
    if (!others) throw new Problem(422, "This is the only admin. Make another one first.");
  }

  return {
    async hasUsers(): Promise<boolean> {
      return (await store.documents({ kind: "user", limit: 1 }, clock.now())).length > 0;
    },

    /** Who holds this session's token, or nobody. */
    async bySession(token: string): Promise<Identity> {
      const key = digestOf(token);
      const session = await read<Session>("session", key);
      const user = session === null ? null : await userOf(session.value.user);
      if (session === null || user === null) return nobody;
      const now = clock.now();
      const expiresAt = Math.min(now + idleMs, session.value.createdAt + sessionMs);
      if (expiresAt - (session.expiresAt ?? 0) > touchMs) {
        await put([{ kind: "session", key, value: session.value, expiresAt, expected: session.revision }]);
      }
      return identityOf(user, { kind: "session", id: key }, permissionsOf[user.role]);
    },

    /** Who holds this API token: what its scopes and its owner's role both allow. */
    async byToken(text: string): Promise<Identity> {
      const { id = "", secret = "" } = /^truce_(?<id>[^_]+)_(?<secret>.+)$/u.exec(text)?.groups ?? {};
      const token = id === "" ? null : await read<Token>("token", id);
      if (token === null || !sameDigest(digestOf(secret), token.value.digest)) return nobody;
      const owner = await userOf(token.value.owner);
      if (owner === null) return nobody;
      const scopes = token.value.scopes.filter((scope) => permissionsOf[owner.role].includes(scope));
      return identityOf(owner, { kind: "token", id }, scopes);
    },

    /** The new session's token. Rejects with 401 when name and password don't fit, with 429 after too many tries. */
    async signIn(name: string, password: string, agent: string, address: string): Promise<string> {
      const keys = { pair: `${keyOf(name)}/${address}`, name: keyOf(name), address };
      const kinds = Object.keys(keys) as (keyof typeof keys)[];
      const waitMs = Math.max(...kinds.map((kind) => throttles[kind].waitMs(keys[kind], clock.now())));
      if (waitMs > 0) {
        const seconds = Math.ceil(waitMs / 1_000);
        throw new Problem(429, `Too many failed tries. Try again in ${seconds} s.`, { retryAfter: seconds });
      }
      // Counted before it is known, so that many at once gain nothing.
      for (const kind of kinds) throttles[kind].failed(keys[kind], clock.now());
      const user = await userOf(name);
      // Somebody unknown takes as long to be refused.
      const fits = await isPassword(password, user?.password ?? unknownPassword);
      if (user === null || user.password === null || !fits) throw new Problem(401, "Name and password don't fit.");
      for (const kind of kinds) throttles[kind].passed(keys[kind]);
      return startSession(user.name, agent, address);
    },

    startSession,
    async endSession(id: string): Promise<boolean> {
      const known = await read<Session>("session", id);
      await put([{ kind: "session", key: id, value: null, expiresAt: null }]);
      return known !== null;
    },
    sessions: () => list<Session>("session"),
    session: (id: string) => read<Session>("session", id),

    async changePassword(name: string, current: string, next: string, session: string): Promise<void> {
      const user = await userOf(name);
      if (user?.password == null || !(await isPassword(current, user.password)))
        throw new Problem(422, "That is not the present password.");
      await put([{ ...userChange(user), value: { ...user, password: await hashPassword(next) } }]);
      await endSessions(name, session);
    },

    /** The secret of a new invitation, for a link. */
    async invite(invitation: Invitation): Promise<string> {
      const secret = newSecret();
      const expiresAt = clock.now() + invitationMs;
      await put([{ kind: "invitation", key: digestOf(secret), value: invitation, expiresAt }]);
      return secret;
    },

    /** Makes the user that an invitation is for, or sets their password, and signs them in. */
    async accept(secret: string, name: string | null, password: string | null, agent: string, address: string) {
      const invitation = await read<Invitation>("invitation", digestOf(secret));
      if (invitation === null) throw tooOld();
      const { isPass, role } = invitation.value;
      const chosen = invitation.value.name ?? name;
      if (chosen === null || (password === null && !isPass))
        throw new Problem(422, "Choose a name and a password.", { name: invitation.value.name });
      const known = await read<User>("user", keyOf(chosen));
      // The user has been removed since.
      if (known === null && invitation.value.name !== null && !isPass) throw tooOld();
      if (known !== null && invitation.value.name === null && !isPass)
        throw new Problem(422, `There is a user ${chosen} already. Choose another name.`);
      const hash = password === null ? null : await hashPassword(password);
      const user: User = known?.value ?? { name: chosen, role, password: null, createdAt: clock.now() };
      const change = { ...userChange(user), value: { ...user, password: hash ?? user.password } };
      const used: DocumentChange[] = isPass
        ? []
        : [{ kind: "invitation", key: digestOf(secret), value: null, expiresAt: null, expected: invitation.revision }];
      // Of two who take one link at once, one gets it.
      if (!(await put([...used, { ...change, expected: known?.revision ?? 0 }])))
        throw new Problem(409, "Someone was quicker with this link.");
      return startSession(user.name, agent, address);
    },

    /** What a browser that goes to the provider leaves with, found by a secret that only it has. */
    async keepTrip(secret: string, trip: OidcTrip, ms: number): Promise<void> {
      await put([{ kind: "oidc-trip", key: digestOf(secret), value: trip, expiresAt: clock.now() + ms }]);
    },
    /** It is good once. */
    async takeTrip(secret: string): Promise<OidcTrip | null> {
      const key = digestOf(secret);
      const trip = await read<OidcTrip>("oidc-trip", key);
      if (trip === null) return null;
      const isFirst = await put([{ kind: "oidc-trip", key, value: null, expiresAt: null, expected: trip.revision }]);
      return isFirst ? trip.value : null;
    },

    /**
     * The new session's token of who has signed in at the provider; a user is made for whoever comes the first time. Known by the provider's own
     * id of them: a name can be given to somebody else. Rejects with 403 when the provider gives them no role, with 409 when their name is a
     * user's of another way to sign in.
     */
    async signInFromProvider({ issuer, subject: id, name, role }: OidcPerson, agent: string, address: string) {
      if (role === null) throw new Problem(403, `${name} has no role here.`);
      const subject = digestOf(JSON.stringify([issuer, id]));
      const known = await read<{ readonly user: string }>("oidc-subject", subject);
      const before = await userOf(known?.value.user ?? name);
      if (before !== null && before.subject !== subject)
        throw new Problem(409, `There is a user ${name} already, who signs in another way.`);
      const user: User = before ?? { name, role: role ?? "viewer", password: null, subject, createdAt: clock.now() };
      const now: User = { ...user, role: role ?? user.role };
      const link = { kind: "oidc-subject", key: subject, value: { user: user.name }, expiresAt: null };
      if (before === null || before.role !== now.role) {
        const isMade = await put([{ ...userChange(now), ...(before === null ? { expected: 0 } : {}) }, link]);
        if (!isMade) throw new Problem(409, `There is a user ${name} already, who signs in another way.`);
      }
      return startSession(now.name, agent, address);
    },

    users: () => list<User>("user"),
    user: userOf,
    async addUser(name: string, role: Role, password: string | null): Promise<User> {
      const hash = password === null ? null : await hashPassword(password);
      const user: User = { name, role, password: hash, createdAt: clock.now() };
      if (!(await put([{ ...userChange(user), expected: 0 }])))
        throw new Problem(422, `There is a user ${name} already.`);
      return user;
    },
    async changeRole(name: string, role: Role): Promise<User> {
      const user = await userOf(name);
      if (user === null) throw new Problem(404, `There is no user ${name}.`);
      if (role !== "admin") await keepAnAdmin(user);
      await put([{ ...userChange(user), value: { ...user, role } }]);
      return { ...user, role };
    },
    async removeUser(name: string): Promise<void> {
      const user = await userOf(name);
      if (user === null) throw new Problem(404, `There is no user ${name}.`);
      await keepAnAdmin(user);
      const tokens = (await list<Token>("token")).filter(({ value }) => keyOf(value.owner) === keyOf(name));
      const gone = tokens.map(({ key }) => ({ kind: "token", key, value: null, expiresAt: null }));
      const link =
        user.subject === undefined ? [] : [{ kind: "oidc-subject", key: user.subject, value: null, expiresAt: null }];
      await put([{ ...userChange(user), value: null }, ...gone, ...link]);
      await endSessions(name, null);
    },

    tokens: () => list<Token>("token"),
    token: (id: string) => read<Token>("token", id),
    /** The token's text is told once: only its digest is kept. */
    async addToken(owner: string, name: string, scopes: readonly Permission[], expiresAt: Instant | null) {
      const [id, secret] = [random.id(), newSecret()];
      const value: Token = { name, owner, scopes, digest: digestOf(secret), createdAt: clock.now(), expiresAt };
      await put([{ kind: "token", key: id, value, expiresAt }]);
      return { id, token: `truce_${id}_${secret}` };
    },
    async removeToken(id: string): Promise<void> {
      await put([{ kind: "token", key: id, value: null, expiresAt: null }]);
    },

    async audit(entry: Omit<AuditEntry, "at">): Promise<void> {
      const at = clock.now();
      await put([{ kind: "audit", key: random.id(), value: { at, ...entry }, expiresAt: at + auditMs }]);
    },
    async auditLog(after: string | undefined, limit: number) {
      const filter = { kind: "audit", newestFirst: true, limit, ...(after === undefined ? {} : { after }) };
      return (await store.documents(filter, clock.now())) as readonly Kept<AuditEntry>[];
    },
  };
}

type Kept<T> = Document & { readonly value: T };

/** Checked against when there is no such user; nothing fits it. */
const unknownPassword = `scrypt$${2 ** 15}$8$3$AAAAAAAAAAAAAAAAAAAAAA==$${Buffer.alloc(32).toString("base64")}`;

function tooOld(): Problem {
  return new Problem(404, "This link is used up or too old. Ask for a new one.");
}

function keyOf(name: string): string {
  return name.normalize("NFKC").trim().toLowerCase();
}

function userChange(user: User) {
  return { kind: "user", key: keyOf(user.name), value: user as User | null, expiresAt: null };
}

function identityOf(user: User, via: Identity["via"], granted: readonly Permission[]): Identity {
  return { name: user.name, role: user.role, permissions: new Set(granted), via };
}
