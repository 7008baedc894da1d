import { discardDead } from "../../src/control/dead-letters.ts";
import { decideFlow } from "../../src/engine/mass-guard.ts";
import { decideHold } from "../../src/engine/review.ts";
import type { RawUpsert } from "../../src/model/observation.ts";
import { type InboxItem, laneLive } from "../../src/ports/store.ts";
import type { Company } from "./company.ts";

/** One thing that goes wrong for a while. */
export type Trial = {
  readonly name: string;
  /** The key of the alert that must open, once; `null`: nobody need be told. */
  readonly alert: string | null;
  begin(company: Company): void | Promise<void>;
  /** What happens every ten seconds meanwhile. */
  during?(company: Company, turn: number): void;
  end(company: Company): void | Promise<void>;
};

type CrmFaults = Parameters<Company["crm"]["admin"]["setFaults"]>[0];

const broken = (name: string, alert: string | null, faults: CrmFaults): Trial => ({
  name,
  alert,
  begin: ({ crm }) => crm.admin.setFaults(faults),
  end: ({ crm }) => crm.admin.setFaults([]),
});

const crmId = ({ crm, emails }: Company, n: number): string =>
  crm.admin.records("contacts").find(({ properties, archived }) => properties["email"] === emails[n] && !archived)
    ?.id ?? "";

const marketingId = ({ marketing, emails }: Company, n: number): string =>
  marketing.admin.records("People").find(({ fields }) => fields["Email"] === emails[n])?.id ?? "";

const discardAll: Trial["end"] = async ({ deps }) => {
  await discardDead(deps, {}, "ann", "looked at");
};

/** As a connector with a bug would tell it: an upsert without cells. */
function poison(id: string, now: number): InboxItem {
  const said = { kind: "upsert", complete: true, changedAt: null, author: null, observedAt: now, revision: null };
  const observation = { ...said, ref: { system: "crm", object: "contacts", id }, cells: null } as unknown as RawUpsert;
  return { id, dedupeKey: null, observation, lane: laneLive, receivedAt: now, dueAt: now, tries: 0 };
}

export const trials: readonly Trial[] = [
  broken("429 to every call, Retry-After missing", "behind/crm", [{ kind: "rate-limit", retryAfter: "missing" }]),
  broken("429 to every call, Retry-After absurd", "behind/crm", [{ kind: "rate-limit", retryAfter: "absurd" }]),
  broken("503 to every call", "down/crm", [{ kind: "error-before", status: 503 }]),
  broken("one call in three does its work and answers 500", null, [{ kind: "error-after", status: 500, chance: 0.3 }]),
  broken("every answer takes 3 s", null, [{ kind: "latency", ms: 300 }]),
  broken("half-open sockets: no answer ever comes", "down/crm", [{ kind: "hang-before" }]),
  broken("JSON that ends in its midst", "down/crm", [{ kind: "truncated" }]),
  broken("the vendor is down", "down/crm", [{ kind: "outage" }]),
  {
    name: "events that Truce can make nothing of (poison)",
    alert: "dead-letters",
    async begin({ deps, clock }) {
      const items = ["a", "b", "c"].map((id) => poison(`poison ${id}`, clock.now()));
      await deps.store.receive(items, []);
    },
    end: discardAll,
  },
  {
    name: "a rule of the config fails on some records (a person is asked)",
    alert: null,
    begin(company) {
      for (const n of [190, 191, 192]) {
        company.marketing.admin.edit("Rita", "People", marketingId(company, n), { City: "poison" });
        company.crm.admin.edit(101, "contacts", crmId(company, n), { city: `city ${n}` });
      }
    },
    end: () => undefined,
  },
  {
    name: "a picklist option that HubSpot does not have",
    alert: "dead-letters",
    begin(company) {
      for (const n of [1, 2, 3])
        company.marketing.admin.edit("Rita", "People", marketingId(company, n), { Stage: "vip" });
    },
    end: discardAll,
  },
  {
    name: "sixty contacts are deleted at once",
    alert: "mass-change/crm/contacts/deletes",
    begin(company) {
      for (let n = 100; n < 160; n++) company.crm.admin.archiveAs(101, "contacts", crmId(company, n));
    },
    async end({ deps }) {
      await decideFlow(deps, "crm/contacts/deletes", { kind: "hold", by: "ann", left: null });
    },
  },
  {
    name: "a workflow that undoes an edit again and again",
    alert: "fights",
    begin: () => undefined,
    during(company, turn) {
      const id = crmId(company, 7);
      if (turn % 2 === 0) company.crm.admin.edit({ workflow: "Tidy titles" }, "contacts", id, { jobtitle: "TITLE 7" });
      else company.crm.admin.edit(102, "contacts", id, { jobtitle: "Title seven" });
    },
    async end({ deps }) {
      const holds = await deps.store.holds({ status: "open", kind: "conflict", limit: 500 });
      for (const { id, revision, fight } of holds) {
        const choice = { kind: "take", candidate: 0 } as const;
        if (fight === true) await decideHold(deps, { holdId: id, revision, by: "ann", choice });
      }
    },
  },
  {
    name: "the vendor's clock is a day ahead",
    alert: "clock/crm",
    begin({ skew }) {
      skew.ms = 24 * 60 * 60_000;
    },
    end({ skew }) {
      skew.ms = 0;
    },
  },
  {
    name: "a mapped column is renamed",
    alert: "paused/marketing/People",
    begin: ({ marketing }) => marketing.admin.renameField("People", "Title", "Role"),
    end: ({ marketing }) => marketing.admin.renameField("People", "Role", "Title"),
  },
];
