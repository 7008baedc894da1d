import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export type ReceivedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** A collector for OTLP over HTTP with JSON, which keeps what it is sent. */
export async function openOtlpReceiver() {
  const spans: ReceivedSpan[] = [];
  const metrics = new Set<string>();
  const services = new Set<unknown>();
  let text = "";
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => void parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString();
      text += body;
      const { resourceSpans = [], resourceMetrics = [] } = JSON.parse(body) as Payload;
      for (const { resource, scopeSpans } of resourceSpans) {
        services.add(plain(resource.attributes)["service.name"]);
        for (const { spans: some } of scopeSpans)
          spans.push(...some.map((span) => ({ ...span, attributes: plain(span.attributes) })));
      }
      for (const { scopeMetrics } of resourceMetrics)
        for (const { metrics: some } of scopeMetrics) for (const { name } of some) metrics.add(name);
      response.setHeader("content-type", "application/json").end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...{ spans, metrics, services },
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** All that was sent, as it came. */
    text: () => text,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

type Pairs = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];
type Payload = {
  readonly resourceSpans?: readonly {
    readonly resource: { readonly attributes: Pairs };
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, "attributes"> & { attributes: Pairs })[];
    }[];
  }[];
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly { readonly name: string }[] }[];
  }[];
};

function plain(pairs: Pairs): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));
}
