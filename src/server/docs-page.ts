/** A page to read, made of the OpenAPI document: no script, nothing from elsewhere. */
export function docsPage(document: Readonly<Record<string, unknown>>): string {
  const { info, paths } = document as unknown as Document;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );
  const tags = [...new Set(operations.flatMap((one) => one.tags))];
  const sections = tags.map((tag) => {
    const own = operations.filter((one) => one.tags.includes(tag));
    return `<h2 id="${escaped(tag)}">${escaped(tag)}</h2>${own.map(operationHtml).join("")}`;
  });
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Truce API</title><link rel="stylesheet" href="docs.css"></head><body>
<header><h1>Truce API</h1><p>${escaped(info.description)}</p><p>Base <code>/api/v1</code> · <a href="openapi.json">OpenAPI 3.1 document</a></p>
<nav>${tags.map((tag) => `<a href="#${escaped(tag)}">${escaped(tag)}</a>`).join(" ")}</nav></header><main>${sections.join("")}</main></body></html>`;
}

type Schema = {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
};
type Operation = {
  readonly operationId: string;
  readonly summary: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly parameters?: readonly {
    name: string;
    in: string;
    required: boolean;
    schema: Schema;
    description?: string;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: unknown }>> };
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: unknown }>> }>
  >;
};
type Document = {
  readonly info: { readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
};

function operationHtml(one: Operation & { readonly path: string; readonly method: string }): string {
  const rows = (one.parameters ?? []).map(
    ({ name, in: where, required, schema, description = "" }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${where}${required ? "" : ", optional"}</td><td>${escaped(typeText(schema))}</td><td>${escaped(description)}</td></tr>`,
  );
  const schemaHtml = (title: string, content: Operation["responses"][string]["content"]) =>
    Object.entries(content ?? {})
      .map(
        ([type, { schema }]) =>
          `<details><summary>${title}: ${type}</summary><pre>${escaped(JSON.stringify(schema, null, 2))}</pre></details>`,
      )
      .join("");
  return `<section id="${one.operationId}"><h3><b>${one.method}</b> <code>${escaped(one.path)}</code></h3><p>${escaped(one.summary)}. ${escaped(one.description)}</p>
${rows.length === 0 ? "" : `<table>${rows.join("")}</table>`}${schemaHtml("Body", one.requestBody?.content)}${schemaHtml("Answer", one.responses["200"]?.content)}</section>`;
}

function typeText({ type, enum: options }: Schema): string {
  return options === undefined ? String(type ?? "any") : options.map(String).join(" | ");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

export const docsStyle = `:root{color-scheme:light dark}body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
nav a{margin-right:1rem}section{border-top:1px solid #8884;padding:.5rem 0}h3{font-size:1rem;margin:.5rem 0}table{border-collapse:collapse}
td{padding:.15rem .8rem .15rem 0;vertical-align:top}pre{overflow:auto;font-size:12px}code{font-size:.95em}`;
