import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  type RouteComponent,
} from "@tanstack/react-router";
import { OverviewPage } from "./overview/overview-page.tsx";
import { NotFound } from "./pages/not-found.tsx";
import { Root } from "./root.tsx";

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });
const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);

const overviewRoute = createRoute({ getParentRoute: () => root, path: "/", component: OverviewPage });

export type ReviewSearch = {
  readonly show?: "mine" | "closed";
  readonly kind?: string;
  readonly entity?: string;
  readonly fields?: string;
  readonly hold?: string;
};
const reviewRoute = createRoute({
  getParentRoute: () => root,
  path: "/review",
  validateSearch: (given: Record<string, unknown>): ReviewSearch => {
    const show = text(given["show"]);
    const search = { kind: text(given["kind"]), entity: text(given["entity"]), hold: text(given["hold"]) };
    return {
      ...(show === "mine" || show === "closed" ? { show } : {}),
      ...(Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ReviewSearch),
      // "" is a group as well: holds on no field.
      ...(typeof given["fields"] === "string" ? { fields: given["fields"] } : {}),
    };
  },
  component: lazyRouteComponent(() => import("./review/review-page.tsx"), "ReviewPage"),
});
const recordsRoute = createRoute({
  getParentRoute: () => root,
  path: "/records",
  validateSearch: (given: Record<string, unknown>): { readonly query?: string } => {
    const query = text(given["query"]);
    return query === undefined ? {} : { query };
  },
  component: lazyRouteComponent(() => import("./record/records-page.tsx"), "RecordsPage"),
});
const recordRoute = createRoute({
  getParentRoute: () => root,
  path: "/records/$record",
  component: lazyRouteComponent(() => import("./record/record-page.tsx"), "RecordPage"),
});
const page = <const Path extends string>(path: Path, component: RouteComponent) =>
  createRoute({ getParentRoute: () => root, path, component });

const routes = root.addChildren([
  overviewRoute,
  reviewRoute,
  recordsRoute,
  recordRoute,
  page(
    "/systems",
    lazyRouteComponent(() => import("./pages/systems-page.tsx"), "SystemsPage"),
  ),
  page(
    "/rules",
    lazyRouteComponent(() => import("./rules/rules-page.tsx"), "RulesPage"),
  ),
  page(
    "/plan",
    lazyRouteComponent(() => import("./pages/plan-page.tsx"), "PlanPage"),
  ),
  page(
    "/alerts",
    lazyRouteComponent(() => import("./pages/alerts-page.tsx"), "AlertsPage"),
  ),
  page(
    "/dead-letters",
    lazyRouteComponent(() => import("./pages/dead-letters-page.tsx"), "DeadLettersPage"),
  ),
  page(
    "/sweeps",
    lazyRouteComponent(() => import("./pages/sweeps-page.tsx"), "SweepsPage"),
  ),
  page(
    "/journal",
    lazyRouteComponent(() => import("./pages/journal-page.tsx"), "JournalPage"),
  ),
  page(
    "/settings",
    lazyRouteComponent(() => import("./settings/settings-page.tsx"), "SettingsPage"),
  ),
  page(
    "/welcome",
    lazyRouteComponent(() => import("./pages/welcome-page.tsx"), "WelcomePage"),
  ),
]);

export const router = createRouter({ routeTree: routes, defaultPreload: "intent", scrollRestoration: true });

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
