import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runDemo } from "../../demo/run-demo.ts";
import { expectAccessible, launch, openPage, screenshot, skipReason } from "./browser.ts";

if (skipReason !== null) process.stderr.write(`The demo's test in a browser is skipped: ${skipReason}\n`);

const root = join(import.meta.dirname, "..", "..");

/** A counter of the overview's stages, without what separates thousands. */
async function stage(page: Page, name: string): Promise<number> {
  const text = await page.locator(".stages li", { hasText: name }).locator("strong").textContent();
  return Number((text ?? "").replaceAll(",", ""));
}

describe.skipIf(skipReason !== null)("the demo in a browser", { timeout: 240_000 }, () => {
  let browser: Browser;
  beforeAll(async () => {
    execFileSync(process.execPath, [join(root, "scripts", "build-console.ts")]);
    browser = await launch();
  }, 120_000);
  afterAll(() => browser?.close());

  test("a stranger sees what goes on while it does, and decides what is left", async () => {
    const { page, complaints } = await openPage(browser);
    let url = "";
    let watched: Promise<void> = Promise.resolve();

    async function watch(): Promise<void> {
      await page.goto(url);
      await page.getByRole("heading", { name: "What you see here" }).waitFor();
      await page.getByText("Live").waitFor();
      const seen = new Set<number>();
      // Without a reload: the counts come by themselves.
      await expect.poll(async () => seen.add(await stage(page, "Write")).size, { timeout: 60_000 }).toBeGreaterThan(3);
      await screenshot(page, "demo");
      await expectAccessible(page);
    }

    async function decideWhatIsLeft(): Promise<void> {
      await watched;
      await page.goto(url);
      await page.getByRole("link", { name: /Two people wrote at once/u }).click();
      const heading = page.locator(".review-detail h2");
      await heading.waitFor();
      const first = (await heading.textContent()) ?? "";
      await page.keyboard.press("2");
      await page.getByText(`${first}: `).waitFor();
      await page.keyboard.press("u");
      await page.getByText(`Undone: ${first} is open again.`).waitFor();
      await page.goto(url);
      await page.getByRole("link", { name: /One contact's story/u }).click();
      await page.locator(".record-row").first().click();
      await page
        .getByText(/grace\.moved/u)
        .first()
        .waitFor();
      await page.goto(new URL("/plan", url).href);
      await page.getByRole("button", { name: "Make a plan" }).click();
      await page.getByRole("heading", { name: /would be held for a person/u }).waitFor({ timeout: 60_000 });
      await screenshot(page, "demo-plan");
      expect(complaints).toEqual([]);
    }

    const result = await runDemo({ seed: 7, systems: "three", kills: 0, stay: decideWhatIsLeft }, (news) => {
      if (news.kind === "console") {
        url = news.url;
        watched = watch();
        watched.catch(() => undefined);
      }
      if (news.kind === "engine" && news.word.kind === "up") url = news.word.console;
    });
    expect(result.truce.lostEdits).toBe(0);
  });
});
