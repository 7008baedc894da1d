import { expect, test } from "vitest";
import { goodPassword, newBrowser } from "../server/testing.ts";
import { openCompany } from "./testing/company.ts";

test("with --ask-first everything is read, and nothing written until somebody lets it be", {
  timeout: 120_000,
}, async () => {
  const company = await openCompany(20);
  try {
    const service = company.start("run", "--ask-first");
    const said = await service.says("Make the first admin, once: ");
    expect(said).toContain("Nothing is written until somebody has let it be");
    const { url = "", secret = "" } =
      /once: (?<url>http[^/]+\/\/[^/]+)\/welcome#(?<secret>\S+)/u.exec(said)?.groups ?? {};
    const { client } = newBrowser(url);
    await client.acceptInvitation({ secret, name: "ann", password: goodPassword });
    const overview = () => client.getOverview({});
    await expect.poll(async () => (await overview()).waitsForApproval, { timeout: 30_000 }).toBe(true);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await client.startPlan({});
    await expect.poll(async () => (await client.getPlan({})).state, { timeout: 30_000 }).toBe("done");
    const written = async () => (await company.world.writes()).filter(({ by }) => by === "sync").length;
    expect(await written()).toBe(0);
    await client.approveWrites({});
    await expect.poll(written, { timeout: 30_000 }).toBeGreaterThan(20);
    expect(await overview()).toMatchObject({ isLoaded: true, waitsForApproval: false });
    await expect(client.approveWrites({})).rejects.toMatchObject({ status: 409 });
    service.stop();
    expect((await service.ended).code).toBe(0);
  } finally {
    await company.close();
  }
});
