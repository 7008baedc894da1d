import { z } from "zod";
import type { Clock } from "../../ports/clock.ts";
import type { Accounts, User } from "../access/accounts.ts";
import { permissions, permissionsOf, roles } from "../access/identity.ts";
import { Problem } from "../problem.ts";
import type { Handlers, Routes } from "../route.ts";
import { nameSchema } from "./sessions.ts";
import { instant, pageFrom, pageOf, paging } from "./shapes.ts";

const tag = "Access";
const role = z.enum(roles);
const dayMs = 24 * 3_600_000;

const user = z.object({
  name: z.string(),
  role,
  createdAt: instant,
  hasPassword: z.boolean().describe("False: has not taken the invitation yet, or signs in at a provider."),
  isFromProvider: z.boolean().describe("Signs in at the OpenID Connect provider."),
});

const token = z.object({
  id: z.string(),
  name: z.string(),
  owner: z.string(),
  scopes: z.array(z.enum(permissions)),
  createdAt: instant,
  expiresAt: instant.nullable(),
});

export const userRoutes = {
  listUsers: {
    tag,
    summary: "All users",
    access: "admin",
    input: z.object({}),
    answer: z.object({ items: z.array(user) }),
  },
  inviteUser: {
    tag,
    summary: "Make a user; answers the secret of a one-time invitation, good for a week",
    access: "admin",
    input: z.object({ name: nameSchema, role }),
    answer: z.object({ secret: z.string().describe("For the link CONSOLE/#/invitation/SECRET.") }),
    secret: true,
  },
  changeUser: {
    tag,
    summary: "Change a user's role",
    access: "admin",
    input: z.object({ user: nameSchema, role }),
    answer: user,
  },
  removeUser: {
    tag,
    summary: "Remove a user with their sessions and tokens",
    access: "admin",
    input: z.object({ user: nameSchema }),
    answer: null,
  },
  listReviewers: {
    tag,
    summary: "Who may decide, by name: those that a hold can be assigned to",
    access: "review",
    input: z.object({}),
    answer: z.object({ items: z.array(z.object({ name: z.string() })) }),
  },
  listTokens: {
    tag,
    summary: "API tokens: one's own; of all users for admins",
    access: "session",
    input: z.object({}),
    answer: z.object({ items: z.array(token) }),
  },
  createToken: {
    tag,
    summary: "Make an API token with some of one's own permissions; its text is told this once",
    access: "session",
    input: z.object({
      name: nameSchema,
      scopes: z.array(z.enum(permissions)).min(1),
      days: z
        .number()
        .int()
        .min(1)
        .max(730)
        .nullable()
        .default(90)
        .describe("How long it is good; null: until revoked."),
    }),
    answer: z.object({ id: z.string(), token: z.string().describe("Sent as `Authorization: Bearer`.") }),
    secret: true,
  },
  revokeToken: {
    tag,
    summary: "Revoke an API token: one's own, or as an admin anyone's",
    access: "session",
    input: z.object({ token: z.string() }),
    answer: null,
  },
  listAudit: {
    tag,
    summary: "What people and tokens did, newest first",
    access: "admin",
    input: z.object({ ...paging }),
    answer: pageOf(
      z.object({
        id: z.string(),
        at: instant,
        who: z.string().nullable(),
        via: z.enum(["session", "token"]).nullable(),
        what: z.string().describe("The operation's name."),
        target: z.record(z.string(), z.string()),
        status: z.number(),
        address: z.string(),
      }),
    ),
  },
} as const satisfies Routes;

export function userHandlers(accounts: Accounts, clock: Clock): Handlers<typeof userRoutes> {
  return {
    async listUsers() {
      return { items: (await accounts.users()).map(({ value }) => shown(value)) };
    },
    async inviteUser({ input }) {
      await accounts.addUser(input.name, input.role, null);
      return { secret: await accounts.invite({ ...input, isPass: false }) };
    },
    changeUser: async ({ input }) => shown(await accounts.changeRole(input.user, input.role)),
    async removeUser({ input }) {
      await accounts.removeUser(input.user);
      return null;
    },
    async listReviewers() {
      const users = await accounts.users();
      const able = users.filter(({ value }) => permissionsOf[value.role].includes("review"));
      return { items: able.map(({ value }) => ({ name: value.name })).sort((a, b) => a.name.localeCompare(b.name)) };
    },
    async listTokens({ who }) {
      const all = await accounts.tokens();
      const seen = who.permissions.has("admin") ? all : all.filter(({ value }) => value.owner === who.name);
      return { items: seen.map(({ key, value }) => ({ id: key, ...value })) };
    },
    async createToken({ input, who }) {
      const allowed = who.role === null ? [] : permissionsOf[who.role];
      const tooMuch = input.scopes.filter((scope) => !allowed.includes(scope));
      if (tooMuch.length > 0) throw new Problem(422, `You don't have the permission ${tooMuch.join(", ")} yourself.`);
      const expiresAt = input.days === null ? null : clock.now() + input.days * dayMs;
      return accounts.addToken(who.name ?? "", input.name, input.scopes, expiresAt);
    },
    async revokeToken({ input, who }) {
      const found = await accounts.token(input.token);
      const isTheirs = found?.value.owner === who.name || who.permissions.has("admin");
      if (found === null || !isTheirs) throw new Problem(404, "There is no such token.");
      await accounts.removeToken(input.token);
      return null;
    },
    async listAudit({ input }) {
      const found = await accounts.auditLog(input.after, input.limit + 1);
      const { items, next } = pageFrom(found, input.limit, ({ key }) => key);
      return { items: items.map(({ key, value }) => ({ id: key, ...value })), next };
    },
  };
}

function shown({ name, role: has, createdAt, password, subject }: User) {
  return { name, role: has, createdAt, hasPassword: password !== null, isFromProvider: subject !== undefined };
}
