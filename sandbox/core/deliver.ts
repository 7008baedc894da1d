import type { Fault, FaultBoard } from "./fault.ts";
import type { SeededRandom } from "./random.ts";

/** One webhook request before it is signed. Vendors that send a bare ping give one event. */
export type Delivery<Event> = { readonly url: string; readonly events: readonly Event[]; readonly attempt: number };

export type DelivererOptions<Event> = {
  readonly faults: FaultBoard;
  readonly random: SeededRandom;
  /** Headers and body of a delivery, signed at the moment of sending. */
  sign(delivery: Delivery<Event>): { readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** Wait before attempt 1, 2 ... (ms); as many retries as entries. Already divided by the sandbox's speed. */
  readonly retryDelaysMs: readonly number[];
  /** A receiver that takes longer has failed. */
  readonly timeoutMs: number;
  /** Told of each attempt's end, for vendors that show the state of their deliveries. `status: null` is no answer at all. */
  report?(delivery: Delivery<Event>, result: { readonly status: number | null; readonly durationMs: number }): void;
};

export type Deliverer<Event> = {
  send(url: string, events: readonly Event[]): void;
  /** Resolves when every delivery has arrived or been given up. */
  settled(): Promise<void>;
  /** Gives up what is waiting. */
  close(): void;
  /** Deliveries that were answered 2xx, and those given up. */
  readonly counts: { delivered: number; failed: number };
};

/** Posts webhooks with retries; duplicates, reorders, drops, thins out and delays them as the fault board says. */
export function createDeliverer<Event>(options: DelivererOptions<Event>): Deliverer<Event> {
  const { faults, random } = options;
  const timers = new Set<NodeJS.Timeout>();
  const counts = { delivered: 0, failed: 0 };
  let open = 0;
  let closed = false;
  let wake: (() => void)[] = [];

  const finished = () => {
    open--;
    if (open > 0) return;
    for (const resolve of wake) resolve();
    wake = [];
  };
  const later = (ms: number, delivery: Delivery<Event>) => {
    open++;
    const timer = setTimeout(async () => {
      timers.delete(timer);
      const arrived = await post(options, delivery);
      const retryMs = options.retryDelaysMs[delivery.attempt];
      if (arrived) counts.delivered++;
      else if (retryMs === undefined) counts.failed++;
      else if (!closed) later(retryMs, { ...delivery, attempt: delivery.attempt + 1 });
      finished();
    }, ms);
    timer.unref();
    timers.add(timer);
  };
  return {
    counts,
    send: (url, events) => {
      const struck = faults.strike(webhookFaults);
      const kinds = new Set(struck.map(({ kind }) => kind));
      if (closed || kinds.has("webhook-drop")) return;
      const kept = kinds.has("webhook-partial") ? events.filter(() => random.chance(0.5)) : events;
      if (kept.length === 0) return;
      const ordered = kinds.has("webhook-reorder") ? random.shuffle(kept) : kept;
      // Enough to let later deliveries pass this one.
      const delayMs = delayOf(struck) + (kinds.has("webhook-reorder") ? random.below(200) : 0);
      for (let copy = 0; copy < (kinds.has("webhook-duplicate") ? 2 : 1); copy++) {
        later(delayMs, { url, events: ordered, attempt: 0 });
      }
    },
    settled: () => (open === 0 ? Promise.resolve() : new Promise((resolve) => wake.push(resolve))),
    close: () => {
      closed = true;
      for (const timer of timers) {
        clearTimeout(timer);
        finished();
      }
      timers.clear();
    },
  };
}

const webhookFaults = [
  "webhook-duplicate",
  "webhook-reorder",
  "webhook-drop",
  "webhook-partial",
  "webhook-delay",
] as const;

function delayOf(struck: readonly Fault[]): number {
  return struck.reduce((sum, fault) => sum + (fault.kind === "webhook-delay" ? fault.ms : 0), 0);
}

async function post<Event>(options: DelivererOptions<Event>, delivery: Delivery<Event>): Promise<boolean> {
  const startedAt = performance.now();
  const status = await statusOf(options, delivery);
  options.report?.(delivery, { status, durationMs: performance.now() - startedAt });
  return status !== null && status >= 200 && status < 300;
}

async function statusOf<Event>(options: DelivererOptions<Event>, delivery: Delivery<Event>): Promise<number | null> {
  try {
    const { headers, body } = options.sign(delivery);
    const signal = AbortSignal.timeout(options.timeoutMs);
    const response = await fetch(delivery.url, { method: "POST", headers, body, signal, redirect: "manual" });
    await response.body?.cancel();
    return response.status;
  } catch {
    return null;
  }
}
