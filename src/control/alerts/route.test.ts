import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Alert, Notice } from "../../model/alert.ts";
import { send } from "./route.ts";

const now = 1_700_000_000_000;

const alert: Alert = {
  key: "down/crm",
  severity: "critical",
  title: "crm can't be reached",
  happened: "reading changes has failed for 5 min: <no answer>",
  records: [{ system: "crm", object: "contacts", id: "7" }],
  did: "It is left alone.",
  todo: "See whether it is well.",
  system: "crm",
  openedAt: now - 300_000,
  metAt: now,
  resolvedAt: null,
  acknowledged: null,
  told: null,
  escalatedAt: null,
};
const notice: Notice = { alert, why: "opened", severity: "critical" };
const resolved: Notice = { alert: { ...alert, resolvedAt: now }, why: "resolved", severity: "critical" };

/** Takes requests until `work` is done, and answers all with `status`. */
async function receiving(status: number, work: (url: string) => Promise<void>) {
  const requests: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    requests.push({ headers: incoming.headers, body: Buffer.concat(parts).toString() });
    response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {}).end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
  } finally {
    server.close();
  }
  return requests;
}

test("Slack gets a text that says what happened, which records, what Truce did and what to do", async () => {
  const [request] = await receiving(200, (url) => send({ to: "slack", url }, notice, now));
  const { text } = JSON.parse(request!.body);
  expect(text.split("\n")).toEqual([
    "[CRITICAL] crm can't be reached",
    "reading changes has failed for 5 min: &lt;no answer&gt;",
    "Records: crm contacts 7",
    "What Truce did: It is left alone.",
    "What to do: See whether it is well.",
    "Since 2023-11-14T22:08:20.000Z. Acknowledge it: truce alerts ack down/crm",
  ]);
});

test("a webhook's signature covers time and body", async () => {
  const [request] = await receiving(200, (url) => send({ to: "webhook", url, secret: "s3cret" }, notice, now));
  const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(request!.headers["truce-signature"]))!;
  expect(hex).toBe(createHmac("sha256", "s3cret").update(`${seconds}.${request!.body}`).digest("hex"));
  expect(JSON.parse(request!.body)).toMatchObject({ why: "opened", alert: { key: "down/crm" } });
});

test("PagerDuty gets one incident an alert, which is resolved with it", async () => {
  const requests = await receiving(202, async (url) => {
    for (const one of [notice, resolved]) await send({ to: "pagerduty", routingKey: "key", url }, one, now);
  });
  const [trigger, resolve] = requests.map(({ body }) => JSON.parse(body));
  expect(trigger).toMatchObject({ event_action: "trigger", payload: { severity: "critical", source: "crm" } });
  expect(resolve).toEqual({ routing_key: "key", event_action: "resolve", dedup_key: trigger.dedup_key });
});

test("a program gets the notice as JSON; what it says when it fails is passed on", async () => {
  const folder = mkdtempSync(join(tmpdir(), "truce-alert-"));
  const file = join(folder, "notice.json");
  const save = `process.stdin.pipe(require("node:fs").createWriteStream(${JSON.stringify(file)}))`;
  await send({ to: "command", command: [process.execPath, "-e", save] }, notice, now);
  expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ headline: "[CRITICAL] crm can't be reached" });
  rmSync(folder, { recursive: true });
  const fail = 'process.stdin.resume(); console.error("nobody is there"); process.exitCode = 3';
  const failing = send({ to: "command", command: [process.execPath, "-e", fail] }, notice, now);
  await expect(failing).rejects.toThrow("ended with 3: nobody is there");
  await expect(send({ to: "command", command: ["/no/such/program"] }, notice, now)).rejects.toThrow("can't be run");
});

/** As much of SMTP as one mail needs. */
async function mailbox(work: (smtp: string) => Promise<void>): Promise<string> {
  let heard = "";
  const server = createTcpServer((socket) => {
    let isData = false;
    socket.write("220 here\r\n");
    socket.on("data", (part) => {
      heard += part.toString();
      for (const line of part.toString().split("\r\n")) {
        if (isData && line === ".") {
          isData = false;
          socket.write("250 taken\r\n");
        } else if (!isData && /^(EHLO|HELO|MAIL|RCPT|RSET)/.test(line)) socket.write("250 fine\r\n");
        else if (!isData && line === "DATA") {
          isData = true;
          socket.write("354 go on\r\n");
        } else if (!isData && line === "QUIT") socket.end("221 bye\r\n");
      }
    });
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await work(`smtp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  server.close();
  return heard;
}

test("a mail has the headline as its subject, on one line whatever is in it", async () => {
  const evil = { ...notice, alert: { ...alert, title: "crm\r\nBcc: all@example.org" } };
  const mail = await mailbox((smtp) =>
    send({ to: "email", smtp, from: "truce@example.org", recipients: ["ops@example.org"] }, evil, now),
  );
  expect(mail).toContain("RCPT TO:<ops@example.org>");
  expect(mail).toContain("Subject: Truce: [CRITICAL] crm Bcc: all@example.org");
  expect(mail).not.toContain("RCPT TO:<all@example.org>");
  expect(mail).toContain("What to do: See whether it is well.");
});

test("a refusal, a redirect, a missing host and the address of a cloud's secrets are told in words", async () => {
  await receiving(500, (url) => expect(send({ to: "slack", url }, notice, now)).rejects.toThrow("answered 500"));
  await receiving(302, (url) => expect(send({ to: "slack", url }, notice, now)).rejects.toThrow("does not answer"));
  const to = (url: string) => send({ to: "slack", url }, notice, now);
  await expect(to("http://no-such-host.invalid/")).rejects.toThrow("there is no host no-such-host.invalid");
  for (const url of ["http://169.254.169.254/latest", "http://[fe80::1]/", "http://[::ffff:169.254.169.254]/"])
    await expect(to(url)).rejects.toThrow("link-local");
});
