import { createHmac } from "node:crypto";
import { Agent, request } from "node:http";
import { quantile } from "../sync/workload.ts";

/** Sends signed webhooks, each sender the next one when the last was answered, and prints one line of JSON about the answers. The argument is JSON. */
const { url, secret, eventsPerRequest, seconds, senders } = JSON.parse(process.argv[2] ?? "{}") as Record<
  string,
  string
>;
const target = new URL("/webhooks/crm", url);
const agent = new Agent({ keepAlive: true, maxSockets: Number(senders) });
const tookMs: number[] = [];
let refused = 0;
let sent = 0;
const startedAt = performance.now();
const until = startedAt + 1_000 * Number(seconds);
await Promise.all(Array.from({ length: Number(senders) }, sender));
agent.destroy();
const round = (ms: number) => Math.round(ms * 10) / 10;
const [p50Ms, p99Ms] = [round(quantile(tookMs, 0.5)), round(quantile(tookMs, 0.99))];
console.log(JSON.stringify({ requests: tookMs.length, refused, p50Ms, p99Ms, tookMs: performance.now() - startedAt }));

async function sender(): Promise<void> {
  while (performance.now() < until) {
    const from = performance.now();
    if ((await post()) === 200) tookMs.push(performance.now() - from);
    else refused++;
  }
}

function post(): Promise<number> {
  const body = JSON.stringify(Array.from({ length: Number(eventsPerRequest) }, event));
  const timestamp = String(Date.now());
  const signature = createHmac("sha256", secret ?? "")
    .update(`POST${target.href}${body}${timestamp}`)
    .digest("base64");
  const headers = {
    "content-type": "application/json",
    "x-hubspot-signature-v3": signature,
    "x-hubspot-request-timestamp": timestamp,
  };
  return new Promise((resolve, reject) => {
    const call = request(target, { method: "POST", agent, headers }, (answer) => {
      answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
    });
    call.on("error", reject);
    call.end(body);
  });
}

function event() {
  const n = ++sent;
  return {
    eventId: n,
    subscriptionType: "contact.propertyChange",
    objectTypeId: "0-1",
    objectId: n % 10_000,
    propertyName: "phone",
    propertyValue: String(n),
    occurredAt: Date.now(),
  };
}
