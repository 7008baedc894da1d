import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ApiError, reasonOf } from "../api.ts";
import { t } from "../text.ts";

/** What stands in for content while it is loaded. */
export function Skeleton({ lines = 4, height = 18 }: { readonly lines?: number; readonly height?: number }) {
  return (
    <div className="stack" role="status" aria-label={t("app.loading")}>
      {Array.from({ length: lines }, (_, i) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: all are alike.
          key={i}
          className="skeleton"
          style={{ height, width: `${100 - ((i * 17) % 45)}%` }}
        />
      ))}
    </div>
  );
}

export function Empty({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="empty">
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Failure({ error, retry }: { readonly error: unknown; readonly retry: () => void }) {
  const text = error instanceof ApiError ? t("app.failed", { reason: reasonOf(error) }) : t("app.unreachable");
  return (
    <div className="note bad row" role="alert">
      <span className="grow">{text}</span>
      <button type="button" className="button small" onClick={retry}>
        {t("app.retry")}
      </button>
    </div>
  );
}

/** Content that was asked for: a skeleton before it, a way to try again when it fails. What was there stays while it is renewed. */
export function Loaded<T>({
  query,
  children,
  skeleton,
}: {
  readonly query: UseQueryResult<T>;
  readonly children: (data: T) => ReactNode;
  readonly skeleton?: ReactNode;
}) {
  if (query.data !== undefined) return <>{children(query.data)}</>;
  if (query.isError) return <Failure error={query.error} retry={() => void query.refetch()} />;
  return <>{skeleton ?? <Skeleton />}</>;
}
