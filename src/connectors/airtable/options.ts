import type { SystemId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";

/** What connects Truce to one Airtable base. */
export type AirtableOptions = {
  readonly system: SystemId;
  /** A personal access token; best of a user of its own, as all tokens of one user look alike in Airtable. */
  readonly token: string;
  /** `app…`. */
  readonly baseId: string;
  readonly clock: Clock;
  /** The text field, by name or id, that holds the create key in each table where Truce creates records. Default "Truce ID". */
  readonly keyField?: string;
  /** Public address of Truce's webhook route for this system; without it changes are found by polling alone. */
  readonly notificationUrl?: string;
  /** How often changes are asked for. Default: 60 s, and 300 s with a notification URL, for the sake of monthly quotas. */
  readonly pollMs?: number;
  /** Default https://api.airtable.com. */
  readonly endpointUrl?: string;
  /** Airtable's 5 a second less some slack; shared by every client of the base. Default 4. */
  readonly requestsPerSecond?: number;
  /** How long nothing succeeds after a 429. Default 30 s. */
  readonly penaltyMs?: number;
  /** Longest wait for an answer. Default 30 s. */
  readonly timeoutMs?: number;
};

export const keyFieldDefault = "Truce ID";
