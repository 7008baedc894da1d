import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";

/** What is heard on the way between two processes. Whoever hears may end one of them: each is called before the next thing happens. */
export type Hearing = {
  /** A request has come out of its sender; `false`: it gets no further. `head` is its first line and headers. */
  readonly request?: (head: string) => boolean;
  /** The request has been handed on. */
  readonly sent?: (head: string) => void;
  /** Its answer is there; `false`: it gets no further. */
  readonly answered?: (head: string) => boolean;
  /** The answer has been handed on. */
  readonly told?: (head: string) => void;
};

export type Passage = {
  readonly port: number;
  /** Half-open: all connections of now stay open, and no byte passes through them ever again. New ones are taken and stay silent until `mend`. */
  silence(): void;
  mend(): void;
  close(): Promise<void>;
};

const requestLine = /^(GET|POST|PUT|PATCH|DELETE) \S+ HTTP\/1\.1\r\n/u;

/** Stands before a port of 127.0.0.1 and passes every byte on, whatever is spoken; tells of HTTP requests and their answers. */
export async function openPassage(target: () => number, hearing: Hearing = {}): Promise<Passage> {
  const lines = new Set<Line>();
  let isSilent = false;
  const server = createServer((inner) => {
    const line = openLine(inner, target(), hearing, isSilent);
    lines.add(line);
    inner.once("close", () => lines.delete(line));
  });
  const port = await listen(server);
  return {
    port,
    silence() {
      isSilent = true;
      for (const line of lines) line.isDead = true;
    },
    mend() {
      isSilent = false;
    },
    async close() {
      for (const line of lines) line.end();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

type Line = { isDead: boolean; end(): void };

function openLine(inner: Socket, port: number, hearing: Hearing, isDead: boolean): Line {
  const outer = dial({ host: "127.0.0.1", port });
  const line: Line = {
    isDead,
    end() {
      inner.destroy();
      outer.destroy();
    },
  };
  let head: string | null = null;
  inner.on("data", (bytes: Buffer) => {
    if (line.isDead) return;
    const isRequest = requestLine.test(bytes.subarray(0, 2_000).toString("latin1"));
    if (isRequest) head = bytes.subarray(0, 4_000).toString("latin1").split("\r\n\r\n")[0]!;
    if (isRequest && hearing.request?.(head!) === false) return line.end();
    pass(bytes, inner, outer);
    if (isRequest) hearing.sent?.(head!);
  });
  outer.on("data", (bytes: Buffer) => {
    if (line.isDead) return;
    const answered = head;
    head = null;
    if (answered !== null && hearing.answered?.(answered) === false) return line.end();
    pass(bytes, outer, inner);
    if (answered !== null) hearing.told?.(answered);
  });
  for (const [one, other] of [
    [inner, outer],
    [outer, inner],
  ] as const) {
    one.on("error", () => undefined);
    // What a dead line's end does is not seen at its other end.
    one.on("close", () => (line.isDead ? undefined : other.destroy()));
    one.on("end", () => (line.isDead ? undefined : other.end()));
  }
  return line;
}

function pass(bytes: Buffer, from: Socket, to: Socket): void {
  if (to.write(bytes)) return;
  from.pause();
  to.once("drain", () => from.resume());
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return (server.address() as AddressInfo).port;
}
