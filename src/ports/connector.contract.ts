import { afterEach, beforeEach, describe, test } from "vitest";
import { type ConnectorPlace, connectorContract as contract } from "./connector-contract.ts";

export type { ConnectorPlace } from "./connector-contract.ts";

/** The connector contract under this project's own test runner. */
export function connectorContract(name: string, setUp: () => Promise<ConnectorPlace>): void {
  contract(name, setUp, {
    describe,
    test: (title, run) => test(title, run),
    beforeEach: (run) => beforeEach(run),
    afterEach: (run) => afterEach(run),
  });
}
