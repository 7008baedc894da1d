import { Link } from "@tanstack/react-router";
import { t } from "../text.ts";
import { Empty } from "../ui/state.tsx";

export function NotFound() {
  return (
    <Empty title={t("app.notFound")}>
      <Link to="/">{t("nav.overview")}</Link>
    </Empty>
  );
}
