import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { type DemoNews, runDemo } from "../demo/run-demo.ts";
import { desktop, launch, openPage } from "../test/console/browser.ts";
import "./build-console.ts";

/** The pictures of the README and the docs, taken from the demo while it plays and after its end: node scripts/screenshots.ts */
const folder = join(import.meta.dirname, "..", "docs", "images");
const seed = 7;
/** How far into a trouble of the demo the overview shows it best. */
const intoTroubleMs = 1_500;

mkdirSync(folder, { recursive: true });
const browser = await launch();
const pages: Page[] = [];
let picture: Promise<unknown> = Promise.resolve();

const shoot = (page: Page, name: string) => page.screenshot({ path: join(folder, `${name}.png`) });

async function open(url: string, colorScheme: "light" | "dark"): Promise<void> {
  const { page } = await openPage(browser, { viewport: desktop, colorScheme });
  await page.goto(url);
  await page.locator(".status-line").waitFor();
  // The tour is for whoever sees the demo itself.
  await page.getByRole("button", { name: "Hide" }).click();
  pages.push(page);
}

function hear(news: DemoNews): void {
  if (news.kind === "stage" || news.kind === "fault") process.stderr.write(`${news.text}\n`);
  if (news.kind === "console") picture = open(news.url, "light").then(() => open(news.url, "dark"));
  if (news.kind === "fault" && news.text.includes("502")) {
    picture = picture
      .then(() => new Promise((resolve) => setTimeout(resolve, intoTroubleMs)))
      .then(() => Promise.all(pages.map((page, i) => shoot(page, i === 0 ? "overview" : "overview-dark"))));
  }
}

/** After the end, what is left to decide. */
async function stay(): Promise<void> {
  await picture;
  const [page] = pages;
  if (page === undefined) throw new Error("The console was never opened.");
  const at = (path: string) => page.goto(new URL(path, page.url()).href);
  for (const [name, path] of [
    ["review-conflict", "/review?kind=conflict"],
    ["review-duplicate", "/review?kind=duplicate"],
  ] as const) {
    await at(path);
    await page.locator(".review-detail .actions").waitFor();
    await page.getByText("What each rule would choose").or(page.getByText("Compared field by field")).first().waitFor();
    await shoot(page, name);
  }
  await at("/review?kind=conflict");
  await page.getByRole("button", { name: /Always do so/u }).click();
  await page.locator(".diff").waitFor();
  await shoot(page, "rule-tried");
  await at("/review?kind=conflict");
  await page.getByRole("link", { name: "Open the record" }).click();
  await page.locator(".timeline li").first().waitFor();
  await shoot(page, "record");
}

await runDemo({ seed, systems: "three", kills: 0, stay }, hear);
await browser.close();
