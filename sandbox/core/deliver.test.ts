import { afterEach, expect, test } from "vitest";
import { createDeliverer } from "./deliver.ts";
import { createFaultBoard, type Fault } from "./fault.ts";
import { createRandom } from "./random.ts";
import { type RunningServer, serve } from "./serve.ts";

let receiver: RunningServer;
afterEach(() => receiver.close());

/** Sends one delivery of three events to a receiver that fails its first `failures` requests. */
async function delivered(failures: number, ...initial: Fault[]) {
  const got: { attempt: number; events: number[] }[] = [];
  let left = failures;
  receiver = await serve({
    port: 0,
    faults: createFaultBoard(createRandom(1)),
    handle: ({ body }) => {
      got.push(JSON.parse(body.toString()));
      return { status: left-- > 0 ? 500 : 204, body: null };
    },
    admin: () => ({ status: 404, body: null }),
    rateLimited: () => ({ status: 429, body: null }),
    serverError: (status) => ({ status, body: null }),
  });
  const deliverer = createDeliverer<number>({
    faults: createFaultBoard(createRandom(7), initial),
    random: createRandom(7),
    sign: ({ events, attempt }) => ({ headers: {}, body: JSON.stringify({ attempt, events }) }),
    retryDelaysMs: [1, 1],
    timeoutMs: 1000,
  });
  deliverer.send(receiver.url, [1, 2, 3]);
  await deliverer.settled();
  return { got, counts: deliverer.counts };
}

test("a delivery that failed is sent again until it is taken", async () => {
  const { got, counts } = await delivered(2);
  expect(got.map(({ attempt }) => attempt)).toEqual([0, 1, 2]);
  expect(counts).toEqual({ delivered: 1, failed: 0 });
});

test("after the last retry a delivery is given up", async () => {
  const { got, counts } = await delivered(99);
  expect(got).toHaveLength(3);
  expect(counts).toEqual({ delivered: 0, failed: 1 });
});

test("faults send it twice, thin it out, change its order or lose it", async () => {
  expect((await delivered(0, { kind: "webhook-duplicate" })).got).toHaveLength(2);
  await receiver.close();
  expect((await delivered(0, { kind: "webhook-partial" })).got[0]!.events.length).toBeLessThan(3);
  await receiver.close();
  const reordered = (await delivered(0, { kind: "webhook-reorder" })).got[0]!.events;
  expect(reordered).not.toEqual([1, 2, 3]);
  expect(reordered.toSorted()).toEqual([1, 2, 3]);
  await receiver.close();
  expect((await delivered(0, { kind: "webhook-drop" })).got).toEqual([]);
});
