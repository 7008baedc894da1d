import { z } from "zod";
import { api } from "./api.ts";
import { apiPath, type OperationName, operations } from "./operations.ts";
import { problemType } from "./problem.ts";
import type { Route } from "./route.ts";

type Json = Readonly<Record<string, unknown>>;

/** The OpenAPI 3.1 document, made from the schemas that validate. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const [name, route] of Object.entries(api) as [OperationName, Route][]) {
    const [method, path] = operations[name];
    paths[path] = { ...paths[path], [method.toLowerCase()]: operationOf(name, route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Truce",
      version,
      description:
        "Everything that the console does. Lists are paged by `after` and `next`. A change may carry an Idempotency-Key: sent twice, it is made once.",
    },
    servers: [{ url: apiPath }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "An API token, made in the console's settings." },
        session: { type: "apiKey", in: "cookie", name: "session", description: "The console's own." },
      },
      schemas: {
        Problem: {
          type: "object",
          description: "RFC 9457",
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            detail: { type: "string" },
          },
          required: ["title", "status", "detail"],
        },
      },
    },
  };
}

function operationOf(name: OperationName, route: Route): Json {
  const [method, path] = operations[name];
  const { properties = {}, required = [] } = schemaOf(route.input, "input") as {
    readonly properties?: Readonly<Record<string, Json>>;
    readonly required?: readonly string[];
  };
  const inPath = [...path.matchAll(/\{(\w+)\}/gu)].map(([, parameter = ""]) => parameter);
  const others = Object.keys(properties).filter((key) => !inPath.includes(key));
  const isBody = method === "POST" || method === "PUT";
  const parameters = [
    ...inPath.map((key) => ({ name: key, in: "path", required: true, schema: properties[key] ?? { type: "string" } })),
    ...(isBody ? [] : others.map((key) => queryParameter(key, properties[key] ?? {}, required.includes(key)))),
    ...(method === "GET"
      ? []
      : [{ name: "Idempotency-Key", in: "header", required: false, schema: { type: "string", maxLength: 200 } }]),
  ];
  return {
    operationId: name,
    summary: route.summary,
    description: accessText(route),
    tags: [route.tag],
    ...(route.access === "anyone" ? { security: [] } : {}),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(isBody && others.length > 0 ? { requestBody: bodyOf(properties, others, required) } : {}),
    responses: { ...answerOf(route), default: { description: "A problem", content: problemContent } },
  };
}

const problemContent = { [problemType.split(";")[0] ?? ""]: { schema: { $ref: "#/components/schemas/Problem" } } };

function queryParameter(name: string, schema: Json, required: boolean): Json {
  const { description, ...rest } = schema;
  return { name, in: "query", required, schema: rest, ...(description === undefined ? {} : { description }) };
}

function bodyOf(
  properties: Readonly<Record<string, Json>>,
  names: readonly string[],
  required: readonly string[],
): Json {
  const schema = {
    type: "object",
    properties: Object.fromEntries(names.map((name) => [name, properties[name]])),
    required: names.filter((name) => required.includes(name)),
  };
  return { required: true, content: { "application/json": { schema } } };
}

function answerOf({ answer, content }: Route): Json {
  if (answer === null) return { 204: { description: "Done" } };
  const schema = schemaOf(answer, "output");
  return { 200: { description: "The answer", content: { [content ?? "application/json"]: { schema } } } };
}

function accessText({ access }: Route): string {
  if (access === "anyone") return "Needs no sign-in.";
  if (access === "session") return "For people who are signed in; no token will do.";
  return `Needs the permission \`${access}\`.`;
}

function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: "draft-2020-12", reused: "inline" });
  return rest;
}
