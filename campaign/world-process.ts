import { entityNames, shape } from "../demo/shape.ts";
import { tellStory } from "../demo/story.ts";
import { type DemoWorld, openWorld } from "../demo/world.ts";
import type { Call, Reply, WorldOffer, WorldOrder } from "./world.ts";

/** The demo's three systems, in a process of their own. Orders come as messages, and so do the answers. */
const order = JSON.parse(process.argv[2]!) as WorldOrder;
const story = tellStory(order.story);
const world = await openWorld({ story, databaseUrl: order.databaseUrl, speed: order.speed });

/** What the parent may ask for. */
const offer: { readonly [Name in keyof WorldOffer]: (...args: Parameters<WorldOffer[Name]>) => unknown } = {
  about: () => ({
    crm: { port: world.crm.port, token: world.crm.token, secret: world.crm.oauth.clientSecret },
    marketing: { port: world.marketing.port, token: world.marketing.token, base: world.marketing.baseId },
    seeded: world.seeded,
  }),
  apply: (edit) => world.apply(edit),
  records: () => world.records(),
  writes: () => world.writes(),
  subscribe: (url) => subscribe(world, url),
  async webhooksSettled(ms) {
    const late = new Promise((resolve) => setTimeout(resolve, ms));
    await Promise.race([world.crm.admin.webhooksSettled(), late]);
    world.crm.admin.indexNow();
  },
  async seen(system, field, value, ms) {
    for (const until = Date.now() + ms; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 20)))
      if ((await world.records()).some((one) => one.system === system && one.values[field] === value)) return true;
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

/** HubSpot tells of every mapped property, of creations and deletions. */
function subscribe({ crm }: DemoWorld, url: string): void {
  const subscriptions = entityNames.flatMap((entity) => [
    { eventType: `${entity}.creation` },
    { eventType: `${entity}.deletion` },
    ...Object.values(shape.crm[entity].fields).map((propertyName) => ({
      eventType: `${entity}.propertyChange`,
      propertyName,
    })),
  ]);
  crm.admin.subscribe(url, subscriptions);
}
