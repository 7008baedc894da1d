import { castOf, threeSystems } from "../demo/cast.ts";
import { demoConfig } from "../demo/config.ts";
import { tellStory } from "../demo/story.ts";
import { openWorld } from "../demo/world.ts";
import type { Call, Reply, WorldOffer, WorldOrder } from "./world.ts";

/** The demo's three systems, in a process of their own. Orders come as messages, and so do the answers. */
const order = JSON.parse(process.argv[2]!) as WorldOrder;
const story = tellStory(order.story, castOf(threeSystems));
const databases = { postgres: order.databaseUrl, mariaDb: null };
const world = await openWorld({ story, databases, speed: order.speed });

/** What the parent may ask for. */
const offer: { readonly [Name in keyof WorldOffer]: (...args: Parameters<WorldOffer[Name]>) => unknown } = {
  about: () => ({ ...accounts(), config: demoConfig(world.systems, story.entities), seeded: world.seeded }),
  apply: (edit) => world.apply(edit),
  records: () => world.records(),
  writes: () => world.writes(),
  listen: (url) => world.system("crm").listen(url),
  async webhooksSettled(ms) {
    const late = new Promise((resolve) => setTimeout(resolve, ms));
    await Promise.race([world.system("crm").settled(), late]);
    world.system("crm").showAll();
  },
  async seen(system, field, value, ms) {
    for (const until = Date.now() + ms; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 20)))
      if ((await world.system(system).records()).some((one) => one.values[field] === value)) return true;
    return false;
  },
};

process.on("message", async ({ id, name, args }: Call) => {
  const method = offer[name] as (...args: unknown[]) => unknown;
  const reply: Reply = await Promise.resolve()
    .then(() => method(...args))
    .then(
      (result) => ({ id, result }),
      (error: unknown) => ({ id, error: error instanceof Error ? error.message : String(error) }),
    );
  process.send!(reply);
});
process.once("disconnect", () => process.exit(0));
process.send!({ id: 0 } satisfies Reply);

/** How Truce comes into the vendors' accounts. */
function accounts(): Pick<ReturnType<WorldOffer["about"]>, "crm" | "marketing"> {
  const [crm, marketing] = [world.system("crm").connection, world.system("marketing").connection];
  if (crm.kind !== "hubspot" || !("token" in crm.options.auth)) throw new Error("The demo's crm is no HubSpot.");
  if (marketing.kind !== "airtable") throw new Error("The demo's marketing is no Airtable.");
  const { auth, baseUrl = "", webhookSecrets = [] } = crm.options;
  const { token, baseId, endpointUrl = "" } = marketing.options;
  return {
    crm: { port: Number(new URL(baseUrl).port), token: auth.token, secret: webhookSecrets[0]! },
    marketing: { port: Number(new URL(endpointUrl).port), token, base: baseId },
  };
}
