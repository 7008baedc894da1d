import { z } from "zod";
import type { Accounts } from "../access/accounts.ts";
import { permissions, roles } from "../access/identity.ts";
import { passwordLengthMax, passwordLengthMin } from "../access/password.ts";
import { Problem } from "../problem.ts";
import type { Call, Handlers, Routes } from "../route.ts";
import { instant } from "./shapes.ts";

const tag = "Access";
export const nameSchema = z.string().trim().min(1).max(80);
const newPassword = z
  .string()
  .min(passwordLengthMin, `A password has at least ${passwordLengthMin} characters.`)
  .max(passwordLengthMax);

const me = z.object({
  name: z.string().nullable().describe("null: nobody is signed in."),
  role: z.enum(roles).nullable(),
  permissions: z.array(z.enum(permissions)),
  hasUsers: z.boolean().describe("False: this Truce still waits for its first admin."),
  provider: z.string().nullable().describe("Where people may sign in as well, by way of /auth/oidc; null: nowhere."),
});

export const sessionRoutes = {
  getSession: {
    tag,
    summary: "Who is signed in",
    access: "anyone",
    input: z.object({}),
    answer: me,
  },
  signIn: {
    tag,
    summary: "Sign in with name and password",
    access: "anyone",
    input: z.object({ name: nameSchema, password: z.string().max(passwordLengthMax) }),
    answer: null,
    secret: true,
  },
  signOut: { tag, summary: "End this session", access: "session", input: z.object({}), answer: null },
  acceptInvitation: {
    tag,
    summary: "Take an invitation: choose a password, and be signed in",
    access: "anyone",
    input: z.object({
      secret: z.string().max(200),
      name: nameSchema.optional(),
      password: newPassword.optional(),
    }),
    answer: null,
    secret: true,
  },
  changePassword: {
    tag,
    summary: "Change one's own password; ends one's other sessions",
    access: "session",
    input: z.object({ current: z.string().max(passwordLengthMax), next: newPassword }),
    answer: null,
    secret: true,
  },
  listSessions: {
    tag,
    summary: "Sessions: one's own; of all users for admins",
    access: "session",
    input: z.object({}),
    answer: z.object({
      items: z.array(
        z.object({
          id: z.string(),
          user: z.string(),
          createdAt: instant,
          agent: z.string(),
          address: z.string(),
          isThis: z.boolean(),
        }),
      ),
    }),
  },
  revokeSession: {
    tag,
    summary: "End a session: one's own, or as an admin anyone's",
    access: "session",
    input: z.object({ session: z.string() }),
    answer: null,
  },
} as const satisfies Routes;

/** `provider`: what the OpenID Connect provider is called, if there is one. */
export function sessionHandlers(accounts: Accounts, provider: string | null): Handlers<typeof sessionRoutes> {
  const sessionId = ({ who }: Call<unknown>) => who.via?.id ?? "";
  return {
    async getSession({ who }) {
      const { name, role, permissions: granted } = who;
      return { name, role, permissions: [...granted], hasUsers: await accounts.hasUsers(), provider };
    },
    async signIn({ input, agent, address, setSession }) {
      setSession(await accounts.signIn(input.name, input.password, agent, address));
      return null;
    },
    async signOut(call) {
      await accounts.endSession(sessionId(call));
      call.setSession(null);
      return null;
    },
    async acceptInvitation({ input, agent, address, setSession }) {
      const { secret, name = null, password = null } = input;
      setSession(await accounts.accept(secret, name, password, agent, address));
      return null;
    },
    async changePassword(call) {
      const { current, next } = call.input;
      await accounts.changePassword(call.who.name ?? "", current, next, sessionId(call));
      return null;
    },
    async listSessions(call) {
      const { who } = call;
      const all = await accounts.sessions();
      const seen = who.permissions.has("admin") ? all : all.filter(({ value }) => value.user === who.name);
      return { items: seen.map(({ key, value }) => ({ id: key, ...value, isThis: key === sessionId(call) })) };
    },
    async revokeSession({ input, who }) {
      const session = await accounts.session(input.session);
      const isTheirs = session?.value.user === who.name || who.permissions.has("admin");
      if (session === null || !isTheirs) throw new Problem(404, "There is no such session.");
      await accounts.endSession(input.session);
      return null;
    },
  };
}
