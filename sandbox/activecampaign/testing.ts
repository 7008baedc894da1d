import {
  type ActiveCampaignSandbox,
  type ActiveCampaignSandboxOptions,
  createActiveCampaignSandbox,
} from "./sandbox.ts";

/** An account whose limit no test meets, unless it says so. */
export function fastSandbox(options: Partial<ActiveCampaignSandboxOptions> = {}): Promise<ActiveCampaignSandbox> {
  return createActiveCampaignSandbox({ speed: 1_000_000, ...options });
}

/** A call of the API, as any client makes it. */
export async function call(
  { url, token }: Pick<ActiveCampaignSandbox, "url" | "token">,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ readonly status: number; readonly body: Record<string, unknown>; readonly headers: Headers }> {
  const response = await fetch(`${url}/api/3/${path}`, {
    method,
    headers: { "api-token": token, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}
