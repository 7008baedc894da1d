import { mkdirSync } from "node:fs";
import { join } from "node:path";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { debianProgram } from "../servers/debian.ts";

const found = debianProgram("chromium");
/** Why tests in a browser are skipped; `null`: they are not. */
export const skipReason = found.skipReason;

const outputFolder = join(import.meta.dirname, "..", "..", "test-output", "console");

export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: found.path ?? "", args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export const desktop = { width: 1280, height: 820 };
export const phone = { width: 360, height: 740 };

export type Opened = { readonly page: Page /** What the page complained of. */; readonly complaints: string[] };

/** A page of its own session; light unless said otherwise. */
export async function openPage(
  browser: Browser,
  options: { readonly viewport?: typeof desktop; readonly colorScheme?: "light" | "dark" } = {},
): Promise<Opened> {
  const context = await browser.newContext({ viewport: desktop, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // The browser logs every answer that is no 2xx; the page shows those itself.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) complaints.push(message.text());
  });
  return { page, complaints };
}

export async function signIn(page: Page, url: string, name: string, password: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .getByRole("navigation", { name: "Menu" })
    .or(page.getByRole("button", { name: "Menu" }))
    .first()
    .waitFor();
}

export async function screenshot(page: Page, name: string): Promise<void> {
  mkdirSync(outputFolder, { recursive: true });
  await page.screenshot({ path: join(outputFolder, `${name}.png`) });
}

type Finding = {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
};

/** No serious finding of axe on the page as it is, by the rules of WCAG 2.2 AA. */
export async function expectAccessible(page: Page): Promise<void> {
  // The page's own Content-Security-Policy lets no script in; what the test evaluates is not under it.
  await page.evaluate(axe.source);
  const findings = await page.evaluate(async () => {
    const { axe: tool } = globalThis as unknown as {
      axe: { run(options: unknown): Promise<{ violations: Finding[] }> };
    };
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    return (await tool.run({ runOnly: tags, resultTypes: ["violations"] })).violations;
  });
  const serious = findings.filter(({ impact }) => impact === "serious" || impact === "critical");
  expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" | ")}`)).toEqual(
    [],
  );
}
