import type { SystemId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";

/** What connects Truce to one ActiveCampaign account. */
export type ActiveCampaignOptions = {
  readonly system: SystemId;
  /** The account's own address, from Settings, Developer: `https://acme.api-us1.com`. */
  readonly url: string;
  /** The API key of a user. */
  readonly token: string;
  readonly clock: Clock;
  /** The personalization tag of the text field that holds the create key. Default "TRUCE_ID". */
  readonly keyField?: string;
  /** Public address of Truce's webhook route for this system. With `webhookSecret`, webhooks are set up. */
  readonly notificationUrl?: string;
  /** Part of the webhooks' address that nobody else knows: ActiveCampaign signs nothing. */
  readonly webhookSecret?: string;
  /** How often changes are asked for. Default: 60 s. */
  readonly pollMs?: number;
  /** ActiveCampaign's 5 a second, for the account with all its tools, less some slack. Default 4. */
  readonly requestsPerSecond?: number;
  /** Longest wait for an answer. Default 30 s. */
  readonly timeoutMs?: number;
};

export const keyFieldDefault = "TRUCE_ID";
