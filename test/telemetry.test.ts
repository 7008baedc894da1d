// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createAirtableSandbox } from "../sandbox/airtable/sandbox.ts";
import { createHubSpotSandbox } from "../sandbox/hubspot/sandbox.ts";
import { openOtlpReceiver } from "./servers/otlp-receiver.ts";

const timeout = 60_000;
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

test("one trace follows an edit in HubSpot through the stages into the call to Airtable, and holds no value of it", {
  timeout,
}, async () => {
  const receiver = await openOtlpReceiver();
  const crm = await createHubSpotSandbox({ indexLagMsMax: 0 });
  const fields = [
    { name: "Email", type: "email" },
    { name: "Title", type: "singleLineText" },
    { name: "Truce ID", type: "singleLineText" },
  ] as const;
  const base = await createAirtableSandbox({ schema: [{ name: "People", fields: [...fields] }], seed: 2 });
  crm.admin.seed("contacts", [{ properties: { email: "ada@example.org", jobtitle: "analyst" } }]);
  base.admin.seed("People", [{ Email: "ada@example.org", Title: "analyst" }]);
  const folder = mkdtempSync(join(tmpdir(), "truce-telemetry-"));
  writeFileSync(join(folder, "truce.yaml"), configFor(crm.url, base));
  const truce = startTruce(folder, {
    ...{ HUBSPOT_TOKEN: crm.token, AIRTABLE_TOKEN: base.token },
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: "http/json" },
    ...{ OTEL_BSP_SCHEDULE_DELAY: "100", OTEL_METRIC_EXPORT_INTERVAL: "500", OTEL_METRIC_EXPORT_TIMEOUT: "500" },
  });
  try {
    await expect.poll(truce.said, { timeout: 20_000 }).toContain("read all 1 People");
    const [contact] = crm.admin.records("contacts");
    crm.admin.edit(101, "contacts", contact?.id ?? "", { jobtitle: "canary of analysts" });
    const title = () => base.admin.records("People")[0]?.fields["Title"];
    await expect.poll(title, { timeout: 20_000 }).toBe("canary of analysts");
    const inTrace = () => {
      const write = receiver.spans.find(({ name }) => name === "write marketing People");
      return receiver.spans.filter(({ traceId }) => traceId === write?.traceId);
    };
    await expect.poll(() => inTrace().map(({ name }) => name), { timeout: 20_000 }).toContain("PATCH");
    const trace = inTrace();
    const one = (name: string) => trace.find((span) => span.name === name);
    const root = one("receive crm contacts");
    expect(root?.attributes).toMatchObject({ "truce.record": contact?.id });
    expect(one("decide contact")).toMatchObject({ parentSpanId: root?.spanId });
    expect(one("decide contact")?.attributes).toMatchObject({ "truce.outcome": "applied" });
    expect(one("write marketing People")).toMatchObject({ parentSpanId: root?.spanId });
    expect(one("write marketing People")?.attributes).toMatchObject({ "truce.result": "written" });
    expect(one("PATCH")).toMatchObject({ parentSpanId: one("write marketing People")?.spanId });
    expect(one("PATCH")?.attributes["http.response.status_code"]).toEqual(200);
    await expect
      .poll(() => [...receiver.metrics], { timeout: 20_000 })
      .toEqual(expect.arrayContaining(["truce_writes_total", "truce_sync_latency_seconds", "truce_links_behind"]));
    expect(receiver.services).toEqual(new Set(["truce"]));
    for (const secret of ["canary", "ada@example.org", crm.token, base.token])
      expect(receiver.text()).not.toContain(secret);
  } finally {
    await truce.stop();
    await Promise.all([receiver.close(), crm.close(), base.close()]);
    rmSync(folder, { recursive: true });
  }
});

function startTruce(cwd: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [main, "run"], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (part: Buffer) => {
    said += part.toString();
  });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return {
    said: () => said,
    stop: () => {
      child.kill("SIGTERM");
      return ended;
    },
  };
}

function configFor(crmUrl: string, base: { readonly url: string; readonly baseId: string }): string {
  return `\
systems:
  crm: { connector: hubspot, token: "\${HUBSPOT_TOKEN}", url: ${crmUrl}, pollEvery: 200ms }
  marketing: { connector: airtable, token: "\${AIRTABLE_TOKEN}", base: ${base.baseId}, url: ${base.url}, pollEvery: 1s }
entities:
  contact:
    fields: { email: email, title: { type: text, rule: newest } }
    identity: [email]
    systems:
      crm: { object: contacts, fields: { email: email, title: jobtitle } }
      marketing: { object: People, fields: { email: Email, title: Title } }
settings: { listen: "127.0.0.1:0" }
`;
}
