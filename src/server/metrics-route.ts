import type { FastifyInstance } from "fastify";
import type { Metrics } from "../control/metrics.ts";
import type { Deps } from "../engine/deps.ts";
import type { Accounts } from "./access/accounts.ts";
import { identify, sessionCookie } from "./access/identify.ts";
import { may } from "./access/identity.ts";
import { Problem } from "./problem.ts";

type Parts = { readonly accounts: Accounts; readonly publicUrl: string | null; readonly metrics: Metrics | null };

/** Figures in Prometheus' text format, for a token that may read. */
export function registerMetrics(
  app: FastifyInstance,
  deps: Deps,
  { accounts, publicUrl, metrics }: Parts,
  port: () => number,
): void {
  app.get("/metrics", async (request, reply) => {
    const who = await identify(accounts, request.headers, sessionCookie(publicUrl, port()));
    if (who.name === null) throw new Problem(401, "Send an API token that may read, as a bearer token.");
    if (!may(who, "read")) throw new Problem(403, "This needs the permission read.");
    if (metrics === null) throw new Problem(404, "No figures are kept here.");
    return reply
      .header("cache-control", "no-store")
      .type(metrics.contentType)
      .send(await metrics.text(deps));
  });
}
