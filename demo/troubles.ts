import type { Fault } from "../sandbox/core/fault.ts";
import type { RoleName } from "./cast.ts";
import { deliveryOdds } from "./last-write-wins.ts";
import type { DemoWorld } from "./world.ts";

/** Something that goes wrong for a part of the day, from 0 to 1. */
type Trouble = {
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly faults: Readonly<Partial<Record<RoleName, readonly Fault[]>>>;
  /** At its beginning every connection of Truce to these ends. */
  readonly cut?: readonly RoleName[];
};

const few: readonly Trouble[] = [
  { from: 0.08, to: 0.2, text: "HubSpot answers slowly", faults: { crm: [{ kind: "latency", ms: 400 }] } },
  {
    from: 0.22,
    to: 0.3,
    text: "HubSpot refuses with 429, some with an absurd Retry-After",
    faults: { crm: [{ kind: "rate-limit", retryAfter: "missing", chance: 0.5 }] },
  },
  { from: 0.34, to: 0.46, text: "HubSpot is down", faults: { crm: [{ kind: "outage" }] } },
  {
    from: 0.5,
    to: 0.62,
    text: "HubSpot answers 502 after doing what was asked; Airtable cuts answers short",
    faults: {
      crm: [{ kind: "error-after", status: 502, chance: 0.3 }],
      marketing: [{ kind: "truncated", chance: 0.2 }],
    },
  },
  { from: 0.66, to: 0.76, text: "Airtable is down", faults: { marketing: [{ kind: "outage" }] } },
  {
    from: 0.8,
    to: 0.92,
    text: "both lose connections after the write",
    faults: {
      crm: [{ kind: "reset-after", chance: 0.2 }],
      marketing: [{ kind: "reset-after", chance: 0.2 }],
    },
  },
];

const lostAnswers: readonly Fault[] = [{ kind: "reset-after", chance: 0.2 }];

/** Each as its vendor would. */
const many: readonly Trouble[] = [
  {
    from: 0.04,
    to: 0.14,
    text: "HubSpot answers slowly; Salesforce ends its sessions and streams",
    faults: { crm: [{ kind: "latency", ms: 400 }] },
    cut: ["sales"],
  },
  {
    from: 0.16,
    to: 0.24,
    text: "HubSpot and ActiveCampaign refuse with 429",
    faults: {
      crm: [{ kind: "rate-limit", retryAfter: "missing", chance: 0.5 }],
      campaigns: [{ kind: "rate-limit", retryAfter: "honest", chance: 0.1 }],
    },
  },
  { from: 0.27, to: 0.37, text: "Salesforce is down", faults: { sales: [{ kind: "outage" }] } },
  { from: 0.4, to: 0.46, text: "the databases end all connections", faults: {}, cut: ["db", "shop"] },
  {
    from: 0.48,
    to: 0.58,
    text: "HubSpot and the in-house tool answer 502 after doing what was asked; Airtable cuts answers short",
    faults: {
      crm: [{ kind: "error-after", status: 502, chance: 0.3 }],
      tool: [{ kind: "error-after", status: 502, chance: 0.3 }],
      marketing: [{ kind: "truncated", chance: 0.2 }],
    },
  },
  {
    from: 0.6,
    to: 0.68,
    text: "ActiveCampaign shows a maintenance page; HubSpot is down",
    faults: { campaigns: [{ kind: "html", chance: 0.5 }], crm: [{ kind: "outage" }] },
  },
  {
    from: 0.7,
    to: 0.78,
    text: "Airtable and the in-house tool are down",
    faults: { marketing: [{ kind: "outage" }], tool: [{ kind: "outage" }] },
  },
  {
    from: 0.82,
    to: 0.94,
    text: "all lose connections after the write",
    faults: {
      crm: lostAnswers,
      sales: lostAnswers,
      campaigns: lostAnswers,
      marketing: lostAnswers,
      tool: lostAnswers,
    },
    cut: ["db", "shop"],
  },
];

/** Webhooks are bad all day. */
const badWebhooks: readonly Fault[] = [
  { kind: "webhook-duplicate", chance: deliveryOdds.twice },
  { kind: "webhook-partial", chance: deliveryOdds.half },
  { kind: "webhook-delay", ms: deliveryOdds.lateMs, chance: deliveryOdds.late },
  { kind: "webhook-reorder", chance: 0.3 },
  { kind: "webhook-drop", chance: deliveryOdds.lost },
];

/** Switches to the trouble of the moment; resolves to its text when that is a new one. `part`: of the day, from 0 to 1. */
export function createTroubles(world: DemoWorld): (part: number) => Promise<string | null> {
  const troubles = world.systems.length > 3 ? many : few;
  let present: Trouble | undefined | null = null;
  return async (part) => {
    const trouble = troubles.find(({ from, to }) => part >= from && part < to);
    if (trouble === present) return null;
    present = trouble;
    for (const system of world.systems) {
      system.setFaults([...badWebhooks, ...(trouble?.faults[system.name as RoleName] ?? [])]);
      if (trouble?.cut?.includes(system.name as RoleName) === true) await system.cutLines();
    }
    return trouble?.text ?? null;
  };
}

export function mendAll({ systems }: DemoWorld): void {
  for (const { setFaults } of systems) setFaults([]);
}
