import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Company, openCompany, type StoreKind } from "./company.ts";
import type { HarmReport } from "./harms.ts";
import { resumed } from "./kills.ts";
import type { Truce } from "./truce.ts";
import { judge } from "./verdict.ts";

/** HubSpot sends at most so many events in a request. */
const eventsPerRequest = 100;
const requestsAtOnce = 10;

/**
 * So many webhook events as fast as they are taken, each signed and about a record that is there; meanwhile a person edits. What is answered 200 is
 * counted as taken, whatever else is sent again.
 */
export async function burst(seed: number, store: StoreKind, events: number): Promise<HarmReport> {
  const company = await openCompany({ seed, store });
  try {
    const truce = company.start();
    await resumed(company, truce);
    const peak = watchMemory(truce);
    const startedAt = Date.now();
    const sending = sendAll(company, events);
    const resumeMs = [await resumed(company, truce)];
    await company.play(10);
    const refused = await sending;
    const takenS = (Date.now() - startedAt) / 1_000;
    resumeMs.push(await resumed(company, truce));
    const memoryMb = peak();
    await truce.stop();
    const verdict = await judge(company);
    const more = { events, refused, eventsPerS: Math.round(events / takenS), memoryMb };
    return { harm: "burst of webhooks", store, times: 1, resumeMs, more, verdict };
  } finally {
    await company.close();
  }
}

/** Resolves, when all are taken, with the number of requests that had to be sent again. */
async function sendAll(company: Company, events: number): Promise<number> {
  const contacts = (await company.world.records()).filter((one) => one.system === "crm" && one.entity === "contact");
  const { LISTEN, PUBLIC_URL } = company.truce().env;
  const url = `${PUBLIC_URL}/webhooks/crm`;
  let next = 0;
  let refused = 0;
  const send = async () => {
    while (next < events) {
      const from = next;
      next = Math.min(events, next + eventsPerRequest);
      const body = JSON.stringify(Array.from({ length: next - from }, (_, i) => eventOf(contacts, from + i)));
      while (!(await post(`http://${LISTEN}/webhooks/crm`, url, company.about.crm.secret, body))) refused++;
    }
  };
  await Promise.all(Array.from({ length: requestsAtOnce }, send));
  return refused;
}

function eventOf(contacts: readonly { readonly id: string; readonly values: object }[], n: number): object {
  return {
    eventId: 1_000_000_000 + n,
    subscriptionId: 4_711,
    portalId: 44_237_313,
    appId: 19_083_857,
    occurredAt: Date.now(),
    subscriptionType: "contact.propertyChange",
    attemptNumber: 0,
    objectId: Number(contacts[n % contacts.length]!.id),
    propertyName: "jobtitle",
    propertyValue: "as it is",
    changeSource: "CRM_UI",
    sourceId: "userId:101",
  };
}

async function post(address: string, url: string, secret: string, body: string): Promise<boolean> {
  const timestamp = String(Date.now());
  const signature = createHmac("sha256", secret).update(`POST${url}${body}${timestamp}`).digest("base64");
  const headers = {
    "content-type": "application/json",
    "x-hubspot-request-timestamp": timestamp,
    "x-hubspot-signature-v3": signature,
  };
  const response = await fetch(address, { method: "POST", headers, body }).catch(() => null);
  await response?.body?.cancel();
  if (response?.status === 401) throw new Error("The burst's signature was refused.");
  return response?.status === 200;
}

/** Looks at the process's memory until it is asked for the most, in MB; where there is no /proc the answer is 0. */
function watchMemory({ pid }: Truce): () => number {
  let peak = 0;
  const timer = setInterval(() => {
    const text = /^VmRSS:\s+(\d+) kB/mu.exec(readStatus(pid))?.[1] ?? "0";
    peak = Math.max(peak, Math.round(Number(text) / 1_024));
  }, 200);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
}
