import type { OperationName } from "./operations.ts";
import { alertRoutes } from "./resources/alerts.ts";
import { careRoutes } from "./resources/care.ts";
import { configRoutes } from "./resources/config.ts";
import { configChangeRoutes } from "./resources/config-changes.ts";
import { convergenceRoutes } from "./resources/convergence.ts";
import { deadLetterRoutes } from "./resources/dead-letters.ts";
import { holdRoutes } from "./resources/holds.ts";
import { journalRoutes } from "./resources/journal.ts";
import { overviewRoutes } from "./resources/overview.ts";
import { planRoutes } from "./resources/plan.ts";
import { recordRoutes } from "./resources/records.ts";
import { sessionRoutes } from "./resources/sessions.ts";
import { sweepRoutes } from "./resources/sweeps.ts";
import { undoRoutes } from "./resources/undo.ts";
import { userRoutes } from "./resources/users.ts";
import type { Route } from "./route.ts";

/** All operations of the API. */
export const api = {
  ...overviewRoutes,
  ...holdRoutes,
  ...recordRoutes,
  ...journalRoutes,
  ...undoRoutes,
  ...careRoutes,
  ...sweepRoutes,
  ...convergenceRoutes,
  ...planRoutes,
  ...alertRoutes,
  ...configRoutes,
  ...configChangeRoutes,
  ...deadLetterRoutes,
  ...sessionRoutes,
  ...userRoutes,
} as const satisfies Record<OperationName, Route>;

export type Api = typeof api;
