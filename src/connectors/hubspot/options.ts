import type { SystemId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";

/** What connects Truce to one HubSpot account. */
export type HubSpotOptions = {
  readonly system: SystemId;
  readonly auth: HubSpotAuth;
  readonly clock: Clock;
  /** The unique property that holds the create key, on each object where Truce creates records. Default "truce_id". */
  readonly keyProperty?: string;
  /** Client secrets that sign webhooks: the present one, and during a rotation the other too. None: no webhook is believed. */
  readonly webhookSecrets?: readonly string[];
  /** How often changes are asked for. Default 15 s. */
  readonly pollMs?: number;
  /** How far each poll looks back behind the last one, for changes that HubSpot's search shows late. Default 60 s. */
  readonly lookbackMs?: number;
  /** Default https://api.hubapi.com. */
  readonly baseUrl?: string;
  /** Share of the account's rolling limit that Truce takes, 0 to 1; the limit itself is read from the answers. Default 0.95. */
  readonly limitShare?: number;
  /** The account's limit is 5, shared by all apps. Default 4. */
  readonly searchesPerSecond?: number;
  /** Longest wait for an answer. Default 20 s. */
  readonly timeoutMs?: number;
};

/** A private app's token, or an OAuth app with the refresh token of one account. */
export type HubSpotAuth =
  | { readonly token: string }
  | { readonly clientId: string; readonly clientSecret: string; readonly refreshToken: string };

export const keyPropertyDefault = "truce_id";
