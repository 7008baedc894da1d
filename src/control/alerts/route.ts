import type { Notice } from "../../model/alert.ts";
import type { Instant } from "../../model/time.ts";
import { runCommand } from "./send-command.ts";
import { sendEmail } from "./send-email.ts";
import { sendPagerDuty } from "./send-pagerduty.ts";
import { sendSlack } from "./send-slack.ts";
import { sendWebhook } from "./send-webhook.ts";

/** How people are told, with its secrets put in. */
export type Route =
  /** An incoming webhook of Slack, or of what understands its messages (Mattermost, Rocket.Chat, Discord with /slack). */
  | { readonly to: "slack"; readonly url: string }
  /** JSON to any address; signed with the secret where there is one. */
  | { readonly to: "webhook"; readonly url: string; readonly secret: string | null }
  | { readonly to: "email"; readonly smtp: string; readonly from: string; readonly recipients: readonly string[] }
  /** An Events API v2 integration. */
  | { readonly to: "pagerduty"; readonly routingKey: string; readonly url: string }
  /** A program, given the notice as JSON on standard input. */
  | { readonly to: "command"; readonly command: readonly string[] };

/** Tells by one route. Rejects, in words, when the notice was not taken. */
export function send(route: Route, notice: Notice, now: Instant): Promise<void> {
  switch (route.to) {
    case "slack":
      return sendSlack(route, notice);
    case "webhook":
      return sendWebhook(route, notice, now);
    case "email":
      return sendEmail(route, notice);
    case "pagerduty":
      return sendPagerDuty(route, notice);
    case "command":
      return runCommand(route, notice);
  }
}
