import type { SandboxAnswer, SandboxRequest } from "./serve.ts";

type Functions = Readonly<Record<string, (...args: never[]) => unknown>>;

/** The same functions, from another process: each answers by a promise. Arguments and results travel as JSON. */
export type Remote<Admin> = {
  readonly [Name in keyof Admin]: Admin[Name] extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

/** Serves `admin` under `/_sandbox/`: `POST /_sandbox/<function>` with a JSON array of arguments; the answer is `{"result": …}`. */
export async function answerAdmin(admin: Functions, request: SandboxRequest): Promise<SandboxAnswer> {
  const name = request.path.slice("/_sandbox/".length);
  if (!Object.hasOwn(admin, name)) return { status: 404, body: { error: `No admin function "${name}".` } };
  try {
    const args = request.body.length === 0 ? [] : (JSON.parse(request.body.toString()) as never[]);
    return { status: 200, body: { result: (await admin[name]!(...args)) ?? null } };
  } catch (error) {
    return { status: 400, body: { error: (error as Error).message } };
  }
}

/** The admin functions of a sandbox that runs at `url`. Rejects with the sandbox's message when a call fails. */
export function remoteAdmin<Admin extends Functions>(url: string): Remote<Admin> {
  const call =
    (name: string) =>
    async (...args: unknown[]) => {
      const response = await fetch(`${url}/_sandbox/${name}`, { method: "POST", body: JSON.stringify(args) });
      const answer = (await response.json()) as { result?: unknown; error?: string };
      if (!response.ok) throw new Error(`sandbox ${name}: ${answer.error}`);
      return answer.result;
    };
  // `then` would make an awaited client call itself.
  return new Proxy({}, { get: (_, name) => (name === "then" ? undefined : call(String(name))) }) as Remote<Admin>;
}
