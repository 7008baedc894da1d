// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadConfig } from "./load-config.ts";
import { secretsOf } from "./secrets-of.ts";

const yaml = `
systems:
  crm: { connector: hubspot, token: "\${CRM_TOKEN}" }
  db: { connector: postgres, url: "\${DB_URL}" }
entities:
  contact:
    fields: { email: email }
    identity: [email]
    systems:
      crm: { object: contacts, fields: { email: email } }
      db: { object: people, fields: { email: email } }
settings:
  listen: "\${LISTEN}"
  alerts: { routes: { ops: { to: slack, url: "\${SLACK_URL}" } } }
`;

test("what systems and alert routes are given by reference is secret, with the passwords in addresses; other settings are not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "truce-secrets-"));
  try {
    writeFileSync(join(folder, "truce.yaml"), yaml);
    const env = {
      CRM_TOKEN: "canary-crm",
      DB_URL: "postgres://truce:canary%20db@db.example.com/x",
      SLACK_URL: "https://hooks.example.com/canary",
      LISTEN: "127.0.0.1:4400",
      HOME: "/home/ada",
    };
    const { config } = await loadConfig(join(folder, "truce.yaml"), { env, references: true });
    expect(config === null ? null : new Set(secretsOf(config))).toEqual(
      new Set([env.CRM_TOKEN, env.DB_URL, "canary%20db", "canary db", env.SLACK_URL]),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
