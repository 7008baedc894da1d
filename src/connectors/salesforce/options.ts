import type { SystemId } from "../../model/record.ts";
import type { Clock } from "../../ports/clock.ts";

/** What connects Truce to one Salesforce org. */
export type SalesforceOptions = {
  readonly system: SystemId;
  /** The org's own address: https://acme.my.salesforce.com */
  readonly url: string;
  readonly auth: SalesforceAuth;
  readonly clock: Clock;
  /** The unique external id field that holds the create key, on each object where Truce creates records. Default "Truce_ID__c". */
  readonly keyField?: string;
  /** auto, the default: objects that the org has selected for Change Data Capture are streamed, the others polled. */
  readonly capture?: "auto" | "poll";
  /** Address of the Pub/Sub API. Default api.pubsub.salesforce.com:7443. */
  readonly pubsub?: string;
  /** How often changes are asked for, where they are not streamed. Default 30 s. */
  readonly pollMs?: number;
  /** How far each poll looks back behind the last one, for transactions that commit late. Default 2 min. */
  readonly lookbackMs?: number;
  /** Share of the org's daily API calls, by all of its clients, after which Truce stops by itself, 0 to 1. Default 0.9. */
  readonly allocationShare?: number;
  /** Objects with as many records are first read by a job of Bulk API 2.0. Default 100,000. */
  readonly bulkFrom?: number;
  /** Longest wait for an answer. Default 30 s. */
  readonly timeoutMs?: number;
};

/** A session, or one of the OAuth flows that need no person. */
export type SalesforceAuth =
  | { readonly kind: "session"; readonly accessToken: string }
  | { readonly kind: "client-credentials"; readonly clientId: string; readonly clientSecret: string }
  | {
      readonly kind: "refresh-token";
      readonly clientId: string;
      /** `null` where the app asks for none. */
      readonly clientSecret: string | null;
      readonly refreshToken: string;
    }
  | {
      readonly kind: "jwt";
      readonly clientId: string;
      readonly username: string;
      /** PEM. */
      readonly privateKey: string;
    };

export const keyFieldDefault = "Truce_ID__c";
