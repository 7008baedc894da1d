import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decideHold } from "../../src/engine/review.ts";
import { sampleHold, sampleUnit } from "../../src/ports/testing/store-samples.ts";
import { startTestProvider } from "../../src/server/access/testing/provider.ts";
import { contested, goodPassword, openTestServer, type TestServer } from "../../src/server/testing.ts";
import { desktop, expectAccessible, launch, openPage, phone, screenshot, signIn, skipReason } from "./browser.ts";

if (skipReason !== null) process.stderr.write(`The console's tests in a browser are skipped: ${skipReason}\n`);

const root = join(import.meta.dirname, "..", "..");
const consoleFolder = join(root, "dist", "console");

describe.skipIf(skipReason !== null)("the console in a browser", { timeout: 120_000 }, () => {
  let browser: Browser;
  let server: TestServer;

  beforeAll(async () => {
    execFileSync(process.execPath, [join(root, "scripts", "build-console.ts")]);
    browser = await launch();
    server = await openTestServer({ consoleFolder });
    for (const role of ["viewer", "reviewer", "operator", "admin"] as const)
      await server.accounts.addUser(role, role, goodPassword);
    await server.accounts.addUser("second", "reviewer", goodPassword);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  const enter = async (name: string, path = "/") => {
    const opened = await openPage(browser);
    await signIn(opened.page, server.url, name, goodPassword);
    if (path !== "/") await opened.page.goto(`${server.url}${path}`);
    return opened;
  };
  const detail = (page: Page) => page.locator(".review-detail h2");

  test("the first admin follows the link, chooses a password, and is in", async () => {
    const own = await openTestServer({ consoleFolder });
    const { page, complaints } = await openPage(browser);
    await page.goto(own.url);
    await expect.poll(() => page.getByText("Nobody can sign in yet").isVisible()).toBe(true);
    await expectAccessible(page);
    const secret = await own.accounts.invite({ name: null, role: "admin", isPass: false });
    await page.goto(`${own.url}/welcome#${secret}`);
    await page.getByLabel("Name").fill("ann");
    await page.getByLabel("Password").fill("short");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByLabel("Password").fill(goodPassword);
    await expectAccessible(page);
    await screenshot(page, "welcome");
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByRole("heading", { name: "All is well." }).waitFor();
    await page.getByRole("button", { name: "ann, admin" }).click();
    await page.getByRole("menuitem", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in to Truce" }).waitFor();
    await page.getByLabel("Name").fill("ann");
    await page.getByLabel("Password").fill("wrong password");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("Name and password don't fit.").waitFor();
    expect(complaints).toEqual([]);
    await own.close();
  });

  test("a link that lets in at once does so even where the server is slow to say who is signed in", async () => {
    const secret = await server.accounts.invite({ name: "guest", role: "viewer", isPass: true });
    const { page } = await openPage(browser);
    const { promise: isAccepted, resolve: accepted } = Promise.withResolvers<void>();
    page.on("response", (answer) => {
      if (answer.url().endsWith("/api/v1/invitation")) accepted();
    });
    let isFirst = true;
    await page.route("**/api/v1/session", async (route) => {
      const answer = await route.fetch();
      // What was said before the link was taken arrives after.
      const isLate = isFirst;
      isFirst = false;
      if (isLate) await isAccepted;
      await route.fulfill({ response: answer }).catch(() => undefined);
    });
    await page.goto(`${server.url}/welcome#${secret}`);
    await page.getByRole("button", { name: "guest, viewer" }).waitFor();
    await page.unrouteAll({ behavior: "ignoreErrors" });
  });

  test("twenty conflicts are decided by keyboard, each within a moment, and one is undone", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) ids.push(await contested(server, `key${i}`));
    const { page, complaints } = await enter("reviewer", "/review?kind=conflict");
    await expectAccessible(page);
    const waits: number[] = [];
    for (let i = 0; i < 20; i++) {
      const before = (await detail(page).textContent()) ?? "";
      const key = i % 2 === 0 ? "1" : "2";
      // Measured in the page: from the key to the next hold on the screen.
      const took = await page.evaluate<number>(`new Promise((resolve) => {
        const start = performance.now();
        window.dispatchEvent(new KeyboardEvent("keydown", { key: "${key}", bubbles: true }));
        const look = () => {
          const shown = document.querySelector(".review-detail h2")?.textContent;
          if (shown === ${JSON.stringify(before)}) requestAnimationFrame(look);
          else resolve(performance.now() - start);
        };
        look();
      })`);
      waits.push(took);
    }
    await page.getByText("Nothing waits here.").waitFor();
    await expect
      .poll(async () => (await server.deps.store.holds({ status: "open", kind: "conflict", limit: 99 })).length)
      .toBe(0);
    const chosen = await Promise.all(ids.map(async (id) => (await server.deps.store.hold(id))?.closed?.choice));
    expect(new Set(chosen)).toEqual(new Set(["took candidate 0", "took candidate 1"]));
    const median = waits.toSorted((a, b) => a - b)[10] ?? Number.POSITIVE_INFINITY;
    process.stderr.write(
      `From key to next hold: median ${median.toFixed(0)} ms, longest ${Math.max(...waits).toFixed(0)} ms\n`,
    );
    await page.keyboard.press("u");
    await expect.poll(() => detail(page).textContent()).toBe("Name key19");
    const open = await server.deps.store.holds({ status: "open", kind: "conflict", limit: 99 });
    expect(open.map(({ goldenId, revision }) => [goldenId !== null, revision])).toEqual([[true, 3]]);
    await page.keyboard.press("e");
    await page.getByRole("textbox", { name: "Phone", exact: true }).fill("999");
    await page.keyboard.press("Control+Enter");
    await expect.poll(async () => (await server.deps.store.hold(ids[19] ?? ""))?.closed?.choice).toBe("set phone");
    expect(complaints).toEqual([]);
  });

  test("of two reviewers on one hold one decides, and the other sees it go or is told", async () => {
    const id = await contested(server, "both");
    const path = `/review?hold=${encodeURIComponent(id)}`;
    const [first, second] = [await enter("reviewer", path), await enter("second", path)];
    for (const { page } of [first, second]) await expect.poll(() => detail(page).textContent()).toBe("Name both");
    // The second one's events are held back: the page does not know yet.
    await second.page.route("**/api/v1/holds**", (route) =>
      route.request().method() === "GET" ? route.abort() : route.continue(),
    );
    await first.page.keyboard.press("1");
    await expect.poll(async () => (await server.deps.store.hold(id))?.status).toBe("closed");
    await second.page.keyboard.press("2");
    await second.page.getByText("Decided already: 200, by reviewer.").waitFor();
    expect((await server.deps.store.hold(id))?.closed?.by).toBe("reviewer");
  });

  test("a hold is given to a colleague, who finds it among their own", async () => {
    const id = await contested(server, "given");
    const path = `/review?hold=${encodeURIComponent(id)}`;
    const { page } = await enter("reviewer", path);
    await page.getByRole("button", { name: /^Assign( a)?$/u }).click();
    await page.getByRole("menuitem", { name: "second" }).click();
    await page.getByRole("button", { name: "Assigned to second" }).waitFor();
    const other = await enter("second", "/review?show=mine");
    await other.page.getByRole("button", { name: /Name given/u }).waitFor();
    await other.page.keyboard.press("1");
    await other.page.getByText("Nothing waits here.").waitFor();
    await expect.poll(async () => (await server.deps.store.hold(id))?.closed?.by).toBe("second");
  });

  test("what comes in while the page is open is shown without a reload", async () => {
    const { page } = await enter("reviewer", "/review");
    await page.getByText("Live").waitFor();
    await contested(server, "fresh");
    await page.getByRole("button", { name: /Name fresh/u }).waitFor();
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByRole("heading", { name: /1 thing needs a person/u }).waitFor();
    await page.getByRole("link", { name: /Conflicts/u }).click();
    // A key before the hold is there says nothing.
    await detail(page).waitFor();
    await page.keyboard.press("1");
    await page.getByText("Nothing waits here.").waitFor();
  });

  test("many are decided at once, after what will happen was said", async () => {
    for (let i = 0; i < 5; i++) await contested(server, `bulk${i}`, "note");
    const { page } = await enter("reviewer", "/review?kind=conflict&entity=contact&fields=note");
    await page.getByRole("checkbox", { name: "Select all that are loaded" }).check();
    await page.getByRole("button", { name: "Take from db" }).click();
    await page.getByRole("dialog", { name: "Decide 5 of them?" }).waitFor();
    await expectAccessible(page);
    await page.getByRole("dialog").getByRole("button", { name: "Take from db" }).click();
    await page.getByText("5 decided.").waitFor();
    expect((await server.deps.store.holds({ status: "open", fields: ["note"], limit: 9 })).length).toBe(0);
  });

  test("many records that are there twice are joined at once", async () => {
    for (const name of ["Uma Twin", "Ugo Twin", "Una Twin"]) {
      const cells = { email: `${name.slice(0, 3).toLowerCase()}.twin@example.org`, name, phone: "7" };
      for (const id of ["a", "b"]) await server.says("crm", `${name.slice(0, 3)}${id}`, cells);
    }
    const { page } = await enter("reviewer", "/review?kind=duplicate");
    await page.getByRole("checkbox", { name: "Select all that are loaded" }).check();
    await page.getByRole("button", { name: "Same as their match" }).click();
    const dialog = page.getByRole("dialog", { name: "Decide 3 of them?" });
    await dialog.getByText("Each record is joined").waitFor();
    await dialog.getByRole("button", { name: "Same as their match" }).click();
    await page.getByText("3 decided.").waitFor();
    await page.getByText("Nothing waits here.").waitFor();
    await server.work();
    const [golden, ...others] = await server.deps.store.search("uma.twin@example.org", 9);
    expect(golden?.links.filter(({ status }) => status === "linked").map(({ id }) => id)).toEqual(["Umaa", "Umab"]);
    expect(others).toEqual([]);
  });

  test("of a long list only the rows in sight exist, and the rest comes as one goes on", async () => {
    const own = await openTestServer({ consoleFolder });
    await own.accounts.addUser("reviewer", "reviewer", goodPassword);
    const holds = Array.from({ length: 350 }, (_, i) => sampleHold(`many${i}`, { kind: "incomplete", fields: [] }));
    await own.deps.store.commit([sampleUnit({ holds })]);
    const { page } = await openPage(browser);
    await signIn(page, own.url, "reviewer", goodPassword);
    await page.goto(`${own.url}/review`);
    await detail(page).waitFor();
    expect(await page.locator(".hold-row").count()).toBeLessThan(60);
    // Scrolls to the end that it has by then; how many rows that is.
    const scroll = `(() => {
      const list = document.querySelector(".review-list .virtual");
      list.scrollTo(0, list.scrollHeight);
      return Math.round(list.scrollHeight / 58);
    })()`;
    await expect.poll(() => page.evaluate<number>(scroll), { timeout: 10_000 }).toBe(350);
    expect(await page.locator(".hold-row").count()).toBeLessThan(60);
    await own.close();
  });

  test("a duplicate is compared field by field and merged by one key", async () => {
    await server.says("crm", "dup1", { email: "dup@example.org", name: "Dora Dup", phone: "1" });
    await server.says("crm", "dup2", { email: "dup@example.org", name: "Dora Dupp", phone: "1" });
    const { page } = await enter("reviewer", "/review?kind=duplicate");
    await page.getByRole("heading", { name: "Compared field by field" }).waitFor();
    await expectAccessible(page);
    await screenshot(page, "duplicate");
    await page.keyboard.press("1");
    await page.getByText("Nothing waits here.").waitFor();
    const [hold] = await server.deps.store.holds({ kind: "duplicate", limit: 1 });
    await expect.poll(async () => (await server.deps.store.hold(hold?.id ?? ""))?.closed?.choice).toMatch(/^same as /u);
  });

  test("what was joined by mistake is taken apart by one key, and asked about again", async () => {
    await server.says("crm", "mix1", { email: "mix@example.org", name: "Mia Mix", phone: "1", note: "VIP" });
    await server.says("crm", "mix2", { email: "mix@example.org", name: "Mia Mix", phone: "2" });
    const { page, complaints } = await enter("reviewer", "/review?kind=duplicate");
    await page.getByRole("columnheader", { name: /Together they become/u }).waitFor();
    await page.getByText("asks a person").waitFor();
    await page.keyboard.press("1");
    await page.getByText("Nothing waits here.").waitFor();
    await server.work();
    const records = async () =>
      (await server.deps.store.search("mix@example.org", 9)).filter(({ deletedAt }) => deletedAt === null).length;
    expect(await records()).toBe(1);
    await page.keyboard.press("u");
    await page.getByText("Undone: Mia Mix is open again.").waitFor();
    await expect.poll(records).toBe(2);
    await page.getByRole("columnheader", { name: /Together they become/u }).waitFor();
    await page.keyboard.press("1");
    await page.getByText("Nothing waits here.").waitFor();
    await expect.poll(records).toBe(1);
    expect(complaints).toEqual([]);
    // What no rule decides of joined records is asked now; the tests after this one begin with nothing open.
    for (const hold of await server.deps.store.holds({ status: "open", kind: "conflict", limit: 99 })) {
      const choice = { kind: "take" as const, candidate: 0 };
      await decideHold(server.deps, { holdId: hold.id, revision: hold.revision, by: "reviewer", choice });
    }
  });

  test("changes are chosen in the journal and taken back, after it was said what stays", async () => {
    await server.says("crm", "slip", { email: "slip@example.org", name: "Sara Slip", note: "right" });
    await server.says("crm", "slip", { email: "slip@example.org", name: "Sara Slip", note: "wrong" });
    const { page, complaints } = await enter("operator", "/journal?field=note");
    await page.getByRole("combobox", { name: "Field" }).selectOption("note");
    await page.getByText("wrong").first().waitFor();
    await page
      .getByRole("checkbox", { name: /^Choose Note/u })
      .first()
      .check();
    await page.getByRole("button", { name: "Take 1 back …" }).click();
    const dialog = page.getByRole("dialog", { name: "Take 1 change back?" });
    await dialog.getByRole("rowheader", { name: "Sara Slip" }).waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "Take 1 back" }).click();
    await page.getByText("1 value is as it was.").waitFor();
    const [golden] = await server.deps.store.search("slip@example.org", 1);
    expect(golden?.fields["note"]?.value).toBe("right");
    const href = await page.getByRole("link", { name: "Export JSONL" }).getAttribute("href");
    expect(href).toBe("/api/v1/journal.jsonl?field=note");
    expect(complaints).toEqual([]);
  });

  test("who has an account at the provider signs in there, and is sent back with the reason otherwise", async () => {
    const provider = await startTestProvider();
    const oidc = {
      issuer: provider.issuer,
      clientId: provider.clientId,
      clientSecret: provider.clientSecret,
      label: "Acme",
      scope: "openid email",
      nameClaim: "email",
      roles: { claim: "groups", values: { reviewer: ["sales"] }, others: null },
    };
    const own = await openTestServer({ consoleFolder, oidc });
    const { page, complaints } = await openPage(browser);
    await page.goto(own.url);
    await page.getByRole("link", { name: "Sign in with Acme" }).waitFor();
    await expectAccessible(page);
    await screenshot(page, "sign-in");
    provider.person = { sub: "1", email: "eve@acme.example", groups: ["press"] };
    await page.getByRole("link", { name: "Sign in with Acme" }).click();
    await page.getByText("You have no role in Truce.").waitFor();
    provider.person = { sub: "2", email: "rita@acme.example", groups: ["sales"] };
    await page.getByRole("link", { name: "Sign in with Acme" }).click();
    await page.getByRole("button", { name: "rita@acme.example, reviewer" }).waitFor();
    expect(complaints).toEqual([]);
    await own.close();
    await provider.close();
  });

  test("a record shows where its values come from, and is seen as of a moment", async () => {
    const id = await contested(server, "seen");
    const { page } = await enter("reviewer", "/records?query=seen%40example.org");
    await page.getByRole("link", { name: /Name seen/u }).click();
    await page.getByRole("heading", { name: "Name seen" }).waitFor();
    await expect.poll(() => page.getByText("held for a person").count()).toBeGreaterThan(0);
    const inCrm = page.getByRole("link", { name: "seen ↗" }).first();
    expect(await inCrm.getAttribute("href")).toBe("https://crm.example/seen");
    await expectAccessible(page);
    await page.getByRole("slider", { name: "Moment to look at" }).press("Home");
    await page
      .getByText(/^As of /u)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Now" }).click();
    await page.getByRole("link", { name: "Decide" }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get("hold")).toBe(id);
    await expect.poll(() => detail(page).textContent()).toBe("Name seen");
    await page.keyboard.press("2");
    await expect.poll(async () => (await server.deps.store.hold(id))?.status).toBe("closed");
    // And from its timeline the decision's value is taken back.
    const record = (await server.deps.store.hold(id))?.goldenId ?? "";
    await page.goto(`${server.url}/records/${record}`);
    await page.getByRole("button", { name: "Undo", exact: true }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Undo" }).click();
    await page.getByText("Phone is 200 again.").waitFor();
  });

  test("what was one record by mistake is split, and a plan and a comparison are made", async () => {
    await server.says("crm", "one", { email: "one@example.org", name: "Olga One", phone: "1" });
    await server.says("db", "other", { email: "one@example.org", name: "Olga One", phone: "1" });
    const [golden] = await server.deps.store.search("one@example.org", 1);
    const { page } = await enter("operator", `/records/${golden?.id}`);
    await page.getByRole("button", { name: "Split …" }).click();
    await page.getByRole("checkbox", { name: /db/u }).check();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Split", exact: true }).click();
    await page.getByText("Split. This is the new one.").waitFor();
    expect(page.url()).not.toContain(golden?.id);
    await page.goto(`${server.url}/plan`);
    await page.getByText("No plan has been made").waitFor();
    await page.getByRole("button", { name: "Make a plan" }).click();
    await page.getByRole("heading", { name: "Nothing would be held." }).waitFor();
    await page.goto(`${server.url}/sweeps`);
    await page.getByRole("button", { name: "Compare" }).click();
    await page.getByText(/agree/u).nth(1).waitFor();
    await page.getByRole("button", { name: "Sweep crm" }).click();
    await page.getByText(/took/u).waitFor();
    await expectAccessible(page);
  });

  test("always do so: a rule is tried on what was decided, gathered, checked as a file, and taken away as a diff", async () => {
    for (const [id, choice] of [
      ["habit1", 1],
      ["habit2", 0],
    ] as const) {
      const hold = await contested(server, id, "note");
      await decideHold(server.deps, {
        holdId: hold,
        revision: 1,
        by: "reviewer",
        choice: { kind: "take", candidate: choice },
      });
    }
    await contested(server, "habit3", "note");
    const { page, complaints } = await enter("operator", "/review?kind=conflict&entity=contact&fields=note");
    await page.getByRole("button", { name: /Always do so/u }).click();
    const dialog = page.getByRole("dialog", { name: "Let a rule decide this" });
    await dialog.getByRole("button", { name: "db first" }).click();
    await dialog.getByText(/would be settled/u).waitFor();
    await dialog.getByRole("rowheader", { name: "Name habit3" }).waitFor();
    await dialog.getByText("+      note: { type: text, rule: { prefer: [db, crm, desk] } }").waitFor();
    await expectAccessible(page);
    await screenshot(page, "always");
    await dialog.getByLabel("As the config writes it").fill("{ prefer: [bd] }");
    await dialog.getByText('there is no system "bd"').waitFor();
    expect(await dialog.getByRole("button", { name: "Add to the changes" }).isDisabled()).toBe(true);
    await dialog.getByRole("button", { name: "db first" }).click();
    await dialog.getByRole("button", { name: "Add to the changes" }).click();
    await page.getByRole("link", { name: "Rules & mapping" }).click();
    await page.getByRole("heading", { name: "1 change for truce.yaml" }).waitFor();
    await page.getByRole("button", { name: "Change the rule of Phone" }).click();
    await dialog.getByRole("button", { name: "What is agreed stays" }).click();
    await dialog.getByText("+      phone: { type: text, rule: keep } # as they write it").waitFor();
    await dialog.getByRole("button", { name: "Add to the changes" }).click();
    await page.getByRole("heading", { name: "2 changes for truce.yaml" }).waitFor();
    await page.getByRole("region", { name: "Difference to the file" }).getByText("rule: keep").waitFor();
    await expectAccessible(page);
    const [saved] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download the diff" }).click(),
    ]);
    expect(saved.suggestedFilename()).toBe("truce.yaml.diff");
    expect(readFileSync(await saved.path(), "utf8")).toContain("+      phone: { type: text, rule: keep }");
    await page.getByRole("button", { name: "Try it as a plan" }).click();
    await page.getByText("of a changed config").waitFor();
    await page.getByRole("heading", { name: "Nothing would be held." }).waitFor();
    expect(complaints).toEqual([]);
  });

  test("the config file is checked while it is written, and nothing of it is saved here", async () => {
    const { page } = await enter("operator", "/rules");
    await page.getByRole("button", { name: "Edit the file …" }).click();
    const editor = page.getByRole("textbox", { name: "truce.yaml" });
    const text = await editor.inputValue();
    await editor.fill(text.replace("identity: [email]", "identity: [mail]"));
    await page.getByText('contact has no field "mail"').waitFor();
    expect(await page.getByRole("button", { name: "Download the diff" }).isDisabled()).toBe(true);
    await expectAccessible(page);
    await editor.fill(text.replace("note: { type: text }", "note: { type: text, rule: longest }"));
    await page.getByText("the longer text wins").first().waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Edit the file …" }).click();
    expect(await editor.inputValue()).toBe(text);
  });

  test("a viewer sees that something waits, but no personal data, and nothing to press", async () => {
    await contested(server, "masked");
    const { page } = await enter("viewer", "/review?kind=conflict");
    await detail(page).waitFor();
    expect(await page.getByRole("button", { name: "Take" }).count()).toBe(0);
    expect(await page.locator("body").textContent()).not.toContain("masked@example.org");
    expect(await page.locator("body").textContent()).not.toContain("Name masked");
    await page.keyboard.press("1");
    await page.goto(`${server.url}/settings`);
    await page.getByRole("heading", { name: "Settings" }).waitFor();
    expect(await page.getByRole("button", { name: "Users", exact: true }).count()).toBe(0);
    const [open] = await server.deps.store.holds({ status: "open", kind: "conflict", limit: 1 });
    expect(open?.status).toBe("open");
  });

  test("a dead letter is read, corrected and tried again", async () => {
    const ref = { system: "crm", object: "contacts", id: "seen" };
    const cells = { email: "seen@example.org", name: "Name seen", phone: "777" };
    const at = Date.now();
    const payload = {
      kind: "upsert",
      ref,
      revision: "9".padStart(20, "9"),
      observedAt: at,
      cells,
      complete: true,
      changedAt: null,
      author: null,
    };
    const letter = {
      id: "dead1",
      kind: "observation",
      ref,
      goldenId: null,
      payload,
      code: "BUG",
      reason: "It broke.",
      tries: 3,
      at,
      closed: null,
    } as const;
    await server.deps.store.commit([sampleUnit({ deadLetters: [letter] })]);
    const { page } = await enter("operator", "/dead-letters");
    await page.getByText("It broke.").waitFor();
    await expectAccessible(page);
    await screenshot(page, "dead-letter");
    await page.getByRole("button", { name: "Try again", exact: true }).click();
    await page.getByText("1 on its way again.").waitFor();
    expect((await server.deps.store.deadLetter("dead1"))?.closed?.by).toBe("operator");
  });

  test("a user is invited, takes the link, and can be removed; a token is shown once", async () => {
    const { page } = await enter("admin", "/settings");
    await page.getByRole("button", { name: "Users", exact: true }).click();
    await page.getByRole("textbox", { name: "Name", exact: true }).fill("gina");
    await page.getByRole("button", { name: "Invite" }).click();
    const link = (await page.locator("code", { hasText: "/welcome#" }).textContent()) ?? "";
    await expectAccessible(page);
    const guest = await openPage(browser);
    await guest.page.goto(link);
    await guest.page.getByLabel("Password").fill(goodPassword);
    await guest.page.getByRole("button", { name: "Start" }).click();
    await guest.page.getByRole("button", { name: "gina, reviewer" }).waitFor();
    await page.getByRole("button", { name: "API tokens" }).click();
    await page.getByLabel("What for").fill("a script");
    await page.getByRole("button", { name: "Make token" }).click();
    const token = (await page.locator("code", { hasText: "truce_" }).textContent()) ?? "";
    const answer = await fetch(`${server.url}/api/v1/overview`, { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
  });

  test("every page is accessible and looks as it should, light, dark and on a phone", async () => {
    await contested(server, "shot1");
    await contested(server, "shot2", "note");
    const [golden] = await server.deps.store.search("shot1@example.org", 1);
    const pages = {
      overview: "/",
      review: "/review",
      records: "/records",
      record: `/records/${golden?.id ?? ""}`,
      systems: "/systems",
      rules: "/rules",
      plan: "/plan",
      alerts: "/alerts",
      "dead-letters": "/dead-letters",
      sweeps: "/sweeps",
      journal: "/journal",
      settings: "/settings",
    };
    const looks = [
      ["light", { viewport: desktop, colorScheme: "light" }],
      ["dark", { viewport: desktop, colorScheme: "dark" }],
      ["phone", { viewport: phone, colorScheme: "light" }],
    ] as const;
    for (const [look, options] of looks) {
      const { page, complaints } = await openPage(browser, options);
      await signIn(page, server.url, "admin", goodPassword);
      for (const [name, path] of Object.entries(pages)) {
        await page.goto(`${server.url}${path}`);
        await page.locator("h1").first().waitFor({ state: "attached" });
        await expect.poll(() => page.locator(".skeleton").count()).toBe(0);
        await screenshot(page, `${name}-${look}`);
        await expectAccessible(page);
        const overflow = await page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
        expect(overflow, `${name} on ${look} is wider than the screen`).toBeLessThanOrEqual(0);
      }
      expect(complaints).toEqual([]);
    }
  });
});
