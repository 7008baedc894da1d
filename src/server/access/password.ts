import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/** One of the settings that OWASP's password storage cheat sheet asks for: 32 MiB and some tenths of a second a try. */
const cost = { N: 2 ** 15, r: 8, p: 3 };
const memoryMax = 64 * 1024 * 1024;
const hashBytes = 32;

/** Longer ones cost the same to check; this keeps a request small. */
export const passwordLengthMax = 200;
export const passwordLengthMin = 10;

/** `scrypt$N$r$p$salt$hash`, so that settings may change and old passwords still be checked. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, cost);
  return ["scrypt", cost.N, cost.r, cost.p, salt.toString("base64"), hash.toString("base64")].join("$");
}

export async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = stored.split("$");
  const wanted = Buffer.from(hash, "base64");
  const found = await derive(password, Buffer.from(salt, "base64"), { N: Number(N), r: Number(r), p: Number(p) });
  return timingSafeEqual(found, wanted);
}

/** Equal texts that keyboards write differently are one password. */
function derive(password: string, salt: Buffer, options: ScryptOptions): Promise<Buffer> {
  return oneAfterAnother(
    () =>
      new Promise((resolve, reject) => {
        scrypt(password.normalize("NFKC"), salt, hashBytes, { ...options, maxmem: memoryMax }, (error, hash) =>
          error === null ? resolve(hash) : reject(error),
        );
      }),
  );
}

let last: Promise<unknown> = Promise.resolve();

/** Many at once would take the machine's memory and its threads. */
function oneAfterAnother<T>(work: () => Promise<T>): Promise<T> {
  const result = last.then(work);
  last = result.catch(() => undefined);
  return result;
}
