import { expect, test } from "vitest";
import { api } from "./api.ts";
import { docsPage } from "./docs-page.ts";
import { openApiDocument } from "./openapi.ts";
import { operations } from "./operations.ts";
import { openTestServer } from "./testing.ts";

type Operation = {
  readonly operationId: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
};
const document = openApiDocument("1.2.3") as {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

test("every operation is in the OpenAPI document once, with all parameters of its path", () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods).map((operation) => ({ path, ...operation })),
  );
  expect(described.map(({ operationId }) => operationId).sort()).toEqual(Object.keys(operations).sort());
  for (const { path, parameters = [] } of described) {
    const inPath = parameters.filter((one) => one.in === "path").map(({ name }) => `{${name}}`);
    expect(path.match(/\{\w+\}/gu) ?? []).toEqual(inPath);
  }
});

test("every parameter of a path is one of the input", () => {
  for (const [name, [, path]] of Object.entries(operations)) {
    const known = Object.keys(api[name as keyof typeof api].input.shape);
    for (const [, parameter] of path.matchAll(/\{(\w+)\}/gu)) expect(known, name).toContain(parameter);
  }
});

test("document and page are served to anyone, and the page needs no script", async () => {
  const server = await openTestServer();
  const served = await fetch(`${server.url}/api/v1/openapi.json`);
  expect(await served.json()).toMatchObject({ openapi: "3.1.0", info: { title: "Truce" } });
  const page = await fetch(`${server.url}/api/v1/docs`);
  expect(page.headers.get("content-security-policy")).toContain("script-src 'self';");
  const html = await page.text();
  expect(html).toBe(docsPage(openApiDocument("0.0.0")));
  expect(html).toContain("decideHold");
  expect(html).not.toContain("<script");
  await server.close();
});

test("what goes wrong is told as a problem, and an unknown operation names the docs", async () => {
  const server = await openTestServer();
  const answer = await fetch(`${server.url}/api/v1/nothing`);
  expect(answer.headers.get("content-type")).toBe("application/problem+json; charset=utf-8");
  expect(await answer.json()).toEqual({
    type: "about:blank",
    title: "Not found",
    status: 404,
    detail: "The API has no such operation. See /api/v1/docs.",
  });
  const broken = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    body: '{"name":',
    headers: { "content-type": "application/json" },
  });
  expect(broken.status).toBe(400);
  const poisoned = await fetch(`${server.url}/api/v1/session`, {
    method: "POST",
    body: '{"__proto__":{"x":1},"name":"a","password":"b"}',
    headers: { "content-type": "application/json" },
  });
  expect(poisoned.status).toBe(400);
  await server.close();
});

test("closing does not wait for those who watch", async () => {
  const server = await openTestServer();
  const { fetch: send } = await server.signedIn("viewer");
  const watching = await send(`${server.url}/api/v1/events`);
  await server.close();
  await expect(watching.text()).rejects.toThrow();
});
