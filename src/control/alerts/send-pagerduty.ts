import type { Notice } from "../../model/alert.ts";
import { headline, noticeText } from "./alert-text.ts";
import { post } from "./post.ts";

const summaryMax = 1_024;

/** One incident an alert: it is triggered again while it lasts, and resolved when the alert is. */
export function sendPagerDuty(
  { routingKey, url }: { readonly routingKey: string; readonly url: string },
  notice: Notice,
): Promise<void> {
  const { alert, why, severity } = notice;
  const event = { routing_key: routingKey, dedup_key: `truce/${alert.key}/${alert.openedAt}` };
  const body =
    why === "resolved"
      ? { ...event, event_action: "resolve" }
      : {
          ...event,
          event_action: "trigger",
          payload: {
            summary: headline(notice).slice(0, summaryMax),
            source: alert.system ?? "truce",
            severity,
            timestamp: new Date(alert.openedAt).toISOString(),
            custom_details: { text: noticeText(notice) },
          },
        };
  return post(url, JSON.stringify(body));
}
