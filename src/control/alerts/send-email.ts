import { createTransport } from "nodemailer";
import type { Notice } from "../../model/alert.ts";
import { headline, noticeText } from "./alert-text.ts";

const timeoutMs = 20_000;

/** `smtp`: smtp://user:password@host:587, or smtps://. */
export async function sendEmail(
  { smtp, from, recipients }: { readonly smtp: string; readonly from: string; readonly recipients: readonly string[] },
  notice: Notice,
): Promise<void> {
  const { protocol, hostname, port, username, password } = new URL(smtp);
  const isSecure = protocol === "smtps:";
  const transport = createTransport({
    host: hostname,
    port: port === "" ? (isSecure ? 465 : 587) : Number(port),
    secure: isSecure,
    ...(username === "" ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
  });
  try {
    // A line break in a subject would begin another header.
    const subject = `Truce: ${headline(notice)}`.replaceAll(/\s+/gu, " ");
    await transport.sendMail({ from, to: [...recipients], subject, text: noticeText(notice) });
  } finally {
    transport.close();
  }
}
