import type { Notice } from "../../model/alert.ts";
import { noticeText } from "./alert-text.ts";
import { post } from "./post.ts";

/** Slack takes its three special characters escaped, and obeys nothing then. */
export function sendSlack({ url }: { readonly url: string }, notice: Notice): Promise<void> {
  const text = noticeText(notice).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return post(url, JSON.stringify({ text }));
}
