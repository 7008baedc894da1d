import { createHmac } from "node:crypto";
import { createDeliverer } from "../core/deliver.ts";
import type { FaultBoard } from "../core/fault.ts";
import type { SeededRandom } from "../core/random.ts";
import type { Hook } from "./webhooks.ts";

export type Pinger = {
  /** Pings soon; news that comes before the ping goes out shares it. */
  news(hook: Hook): void;
  /** Resolves when no ping is waiting or under way. */
  settled(): Promise<void>;
  /** Gives up what is waiting. */
  close(): void;
};

export type PingDeps = {
  readonly faults: FaultBoard;
  readonly random: SeededRandom;
  readonly speed: number;
  baseId(): string;
  now(): number;
  hook(id: string): Hook | undefined;
};

const lagMs = 200;
const timeoutMs = 25_000;
/** However fast the sandbox runs, its receiver runs at the speed of this machine. */
const timeoutMsMin = 2_000;
/** 13 retries from 10 s, doubling: about a day. */
const retryDelaysMs = Array.from({ length: 13 }, (_, retry) => 10_000 * 2 ** retry);

/** Sends signed pings. When the last retry has failed, the hook's notifications go off until they are switched on again. */
export function makePinger({ faults, random, speed, baseId, now, hook }: PingDeps): Pinger {
  const waiting = new Map<string, NodeJS.Timeout>();

  const deliverer = createDeliverer<string>({
    faults,
    random,
    sign: ({ events: [id = ""] }) => {
      const body = JSON.stringify({
        base: { id: baseId() },
        webhook: { id },
        timestamp: new Date(now()).toISOString(),
      });
      const secret = Buffer.from(hook(id)?.macSecretBase64 ?? "", "base64");
      const mac = createHmac("sha256", secret).update(body).digest("hex");
      return { headers: { "content-type": "application/json", "x-airtable-content-mac": `hmac-sha256=${mac}` }, body };
    },
    retryDelaysMs: retryDelaysMs.map((ms) => ms / speed),
    timeoutMs: Math.max(timeoutMsMin, timeoutMs / speed),
    report: ({ events: [id = ""], attempt }, { status, durationMs }) => {
      const told = hook(id);
      if (!told) return;
      const success = status === 200 || status === 204;
      const willBeRetried = attempt < retryDelaysMs.length;
      told.lastNotificationResult = {
        success,
        completionTimestamp: new Date(now()).toISOString(),
        durationMs,
        retryNumber: attempt,
        ...(success ? {} : { error: { message: failureText(status) }, willBeRetried }),
      };
      if (success) told.lastSuccessfulNotificationAt = now();
      else if (!willBeRetried) told.areNotificationsEnabled = false;
    },
  });

  return {
    news({ id, notificationUrl, areNotificationsEnabled }) {
      if (notificationUrl === null || !areNotificationsEnabled || waiting.has(id)) return;
      const timer = setTimeout(() => {
        waiting.delete(id);
        deliverer.send(notificationUrl, [id]);
      }, lagMs / speed);
      waiting.set(id, timer.unref());
    },
    settled: deliverer.settled,
    close() {
      for (const timer of waiting.values()) clearTimeout(timer);
      waiting.clear();
      deliverer.close();
    },
  };
}

function failureText(status: number | null): string {
  return status === null
    ? "The HTTP request could not be completed."
    : `The HTTP request returned a ${status} status code instead of 200 or 204.`;
}
