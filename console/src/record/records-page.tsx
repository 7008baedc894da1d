import { getRouteApi, Link } from "@tanstack/react-router";
import { useCallback } from "react";
import type { Answer } from "../../../src/server/client.ts";
import { useList } from "../api.ts";
import { entityText, valueText } from "../format.ts";
import { t } from "../text.ts";
import { Empty, Failure, Skeleton } from "../ui/state.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";

type Summary = Answer<"searchRecords">["items"][number];

const route = getRouteApi("/records");

export function RecordsPage() {
  const { query = "" } = route.useSearch();
  const list = useList("searchRecords", { query, limit: 100 });
  const records = list.data?.pages.flatMap(({ items }) => items) ?? [];
  const more = useCallback(() => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  }, [list.hasNextPage, list.isFetchingNextPage, list.fetchNextPage]);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("records.title")}</h1>
        {query === "" ? null : <span className="badge accent">{query}</span>}
      </div>
      {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
      {list.isPending ? <Skeleton lines={10} height={32} /> : null}
      {list.data !== undefined && records.length === 0 ? (
        <Empty title={t(query === "" ? "records.none" : "records.empty")}>
          {query === "" ? null : <p>{t("records.emptyLead")}</p>}
        </Empty>
      ) : null}
      {records.length === 0 ? null : (
        <div className="table-wrap">
          <VirtualList
            items={records}
            rowHeight={46}
            keyOf={({ id }) => id}
            label={t("records.title")}
            className="tall"
            onEnd={more}
          >
            {(record) => <RecordRow record={record} />}
          </VirtualList>
        </div>
      )}
    </div>
  );
}

function RecordRow({ record }: { readonly record: Summary }) {
  const { id, label, entity, fields, systems, holds, isDeleted } = record;
  const more = Object.values(fields)
    .map(valueText)
    .filter((text) => text !== "" && !label.includes(text));
  return (
    <Link to="/records/$record" params={{ record: id }} className="record-row">
      <span className="one-line">
        <strong>{label}</strong> <span className="muted small">{entityText(entity)}</span>
      </span>
      <span className="one-line muted hide-small">{more.slice(0, 4).join(" · ")}</span>
      <span className="row small" style={{ justifyContent: "flex-end", flexWrap: "nowrap" }}>
        {holds === 0 ? null : <span className="badge warn">{t("records.held", { count: holds })}</span>}
        {isDeleted ? <span className="badge bad">{t("journal.deleted")}</span> : null}
        <span className="muted hide-small">{[...new Set(systems.map(({ system }) => system))].join(", ")}</span>
      </span>
    </Link>
  );
}
