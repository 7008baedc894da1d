import { getRouteApi } from "@tanstack/react-router";
import { useCallback, useEffect, useState } from "react";
import { client, queryClient, reasonOf, useApi, useList } from "../api.ts";
import { entityText, fieldText, type Hold, spanText } from "../format.ts";
import type { ReviewSearch } from "../router.tsx";
import { useMe } from "../session.ts";
import { number, t, tOr } from "../text.ts";
import { Empty, Failure, Skeleton } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { useKeys } from "../use-keys.ts";
import { useNow } from "../use-now.ts";
import { BulkBar } from "./bulk-bar.tsx";
import { waysOf } from "./choices.ts";
import { HoldDetail } from "./hold-detail.tsx";
import { useDecisions } from "./use-decisions.ts";

const route = getRouteApi("/review");
const rowHeight = 58;

/** The queue of what no rule decides, made for the keyboard: groups, a list, and what is to be decided. */
export function ReviewPage() {
  const me = useMe();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const decisions = useDecisions();
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [isEditing, setEditing] = useState(false);
  const [isDetailShown, showDetail] = useState(search.hold !== undefined);
  const list = useList("listHolds", { ...filterOf(search, me?.name ?? ""), limit: 100 });
  const holds = (list.data?.pages ?? []).flatMap(({ items }) => items).filter(({ id }) => !decisions.decided.has(id));
  const place = holds.findIndex(({ id }) => id === search.hold);
  // A link may name one that is not among those loaded, or is of another group.
  const isElsewhere =
    place === -1 && search.hold !== undefined && list.data !== undefined && !decisions.decided.has(search.hold);
  const linked = useApi("getHold", { hold: search.hold ?? "" }, { enabled: isElsewhere });
  const at = isElsewhere ? -1 : Math.max(0, place);
  const current: Hold | undefined = isElsewhere && linked.data !== undefined ? linked.data : holds[Math.max(0, at)];
  const mayDecide = me?.may("review") === true;

  const goTo = useCallback(
    (hold: Hold | undefined) => {
      setEditing(false);
      void navigate({ search: (before) => ({ ...before, hold: hold?.id }) as ReviewSearch, replace: true });
    },
    [navigate],
  );
  // What is shown is named, so that nothing else takes its place under somebody's fingers when the list changes.
  const first = search.hold === undefined ? holds[0] : undefined;
  useEffect(() => {
    if (first !== undefined) goTo(first);
  }, [first, goTo]);
  const show = (filter: ReviewSearch) => {
    setSelected(new Set());
    showDetail(false);
    void navigate({ search: filter });
  };
  const decide = (hold: Hold, choice: Parameters<typeof decisions.decide>[1]) => {
    goTo(holds[at + 1] ?? holds[at - 1]);
    setSelected((known) => new Set([...known].filter((id) => id !== hold.id)));
    void decisions.decide(hold, choice);
  };
  const toggle = (hold: Hold) =>
    setSelected((known) => {
      const next = new Set(known);
      if (!next.delete(hold.id)) next.add(hold.id);
      return next;
    });
  const assign = async (hold: Hold, assignee: string | null) => {
    try {
      await client.assignHold({ hold: hold.id, assignee });
      await queryClient.invalidateQueries({ queryKey: ["getHold"] });
      await queryClient.invalidateQueries({ queryKey: ["listHolds"] });
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    }
  };
  const isOpen = current?.status === "open";
  const ways = current === undefined || !mayDecide || !isOpen ? [] : waysOf(current);
  const byKey = ways.flatMap(({ key, choice }) =>
    key === null || current === undefined ? [] : [[key, () => decide(current, choice)] as const],
  );
  const canEdit = isOpen && mayDecide && (current.kind === "conflict" || current.kind === "clear");
  const goDown = () => goTo(holds[at + 1] ?? current);
  const goUp = () => goTo(holds[at - 1] ?? current);
  const goBack = () => showDetail(false);
  useKeys({
    j: goDown,
    k: goUp,
    ArrowDown: goDown,
    ArrowUp: goUp,
    e: canEdit ? () => setEditing(true) : undefined,
    u: mayDecide ? () => void decisions.undo() : undefined,
    x: current !== undefined && mayDecide ? () => toggle(current) : undefined,
    a:
      current !== undefined && mayDecide
        ? () => void assign(current, current.assignee === me?.name ? null : (me?.name ?? null))
        : undefined,
    Escape: goBack,
    ...Object.fromEntries(byKey),
  });
  const more = useCallback(() => {
    if (list.hasNextPage && !list.isFetchingNextPage) void list.fetchNextPage();
  }, [list.hasNextPage, list.isFetchingNextPage, list.fetchNextPage]);
  const chosen = holds.filter(({ id }) => selected.has(id));

  return (
    <div className="review" data-view={isDetailShown ? "detail" : "list"}>
      <h1 className="visually-hidden">{t("review.title")}</h1>
      <GroupList search={search} show={show} />
      <div className="review-list">
        <BulkBar
          chosen={chosen}
          loaded={holds}
          mayDecide={mayDecide && search.show !== "closed"}
          selectAll={() => setSelected(new Set(holds.map(({ id }) => id)))}
          selectNone={() => setSelected(new Set())}
          decide={(many) => {
            setSelected(new Set());
            void decisions.decideMany(many);
          }}
        />
        {list.isError ? <Failure error={list.error} retry={() => void list.refetch()} /> : null}
        {list.isPending ? (
          <div style={{ padding: 14 }}>
            <Skeleton lines={8} height={36} />
          </div>
        ) : null}
        {list.data !== undefined && holds.length === 0 ? (
          <Empty title={t(search.show === "closed" ? "review.emptyClosed" : "review.empty")}>
            <p>{search.show === "closed" ? null : t("review.emptyLead")}</p>
          </Empty>
        ) : null}
        {holds.length === 0 ? null : (
          <VirtualList
            items={holds}
            rowHeight={rowHeight}
            keyOf={({ id }) => id}
            label={t("review.list")}
            current={at}
            onEnd={more}
          >
            {(hold, index) => (
              <HoldRow
                hold={hold}
                isCurrent={index === at}
                isSelected={selected.has(hold.id)}
                isSelectable={mayDecide && hold.status === "open"}
                open={() => {
                  goTo(hold);
                  showDetail(true);
                }}
                toggle={() => toggle(hold)}
              />
            )}
          </VirtualList>
        )}
      </div>
      <section className="review-detail" aria-label={current?.label ?? t("review.title")}>
        {current === undefined ? (
          <Empty title={list.isPending ? t("app.loading") : t("review.pick")} />
        ) : (
          <HoldDetail
            key={current.id}
            shown={current}
            ways={ways}
            mayDecide={mayDecide && isOpen}
            isEditing={isEditing}
            edit={setEditing}
            decide={(hold, choice) => decide(hold, choice)}
            assign={(to) => void assign(current, to)}
            undo={mayDecide ? (hold) => void decisions.undoOne(hold) : null}
            back={goBack}
          />
        )}
      </section>
    </div>
  );
}

function filterOf({ show, kind, entity, fields }: ReviewSearch, me: string) {
  if (show === "mine") return { assignee: me };
  return {
    status: show === "closed" ? ("closed" as const) : ("open" as const),
    ...(kind === undefined ? {} : { kind: kind as Hold["kind"] }),
    ...(entity === undefined ? {} : { entity }),
    ...(fields === undefined ? {} : { fields }),
  };
}

function GroupList({ search, show }: { readonly search: ReviewSearch; readonly show: (filter: ReviewSearch) => void }) {
  const { data } = useApi("listHoldGroups", {});
  const groups = data?.items ?? [];
  const kinds = [...Map.groupBy(groups, ({ kind }) => kind)];
  const total = (some: typeof groups) => some.reduce((sum, { count }) => sum + count, 0);
  const isAll = search.show === undefined && search.kind === undefined;
  return (
    <nav className="review-groups" aria-label={t("review.groups")}>
      <h2>{t("review.groups")}</h2>
      <ul>
        <li>
          <button type="button" aria-pressed={isAll} onClick={() => show({})}>
            {t("review.all")} <span className="num">{number(total(groups))}</span>
          </button>
        </li>
        {kinds.map(([kind, some]) => (
          <li key={kind}>
            <button
              type="button"
              aria-pressed={search.kind === kind && search.fields === undefined}
              onClick={() => show({ kind })}
            >
              {tOr(`kind.${kind}.many`, kind)} <span className="num">{number(total(some))}</span>
            </button>
            <ul>
              {some.map(({ entity, fields, count }) => (
                <li key={`${entity}/${fields.join()}`} className="sub">
                  <button
                    type="button"
                    aria-pressed={
                      search.kind === kind && search.entity === entity && search.fields === fields.join(",")
                    }
                    onClick={() => show({ kind, entity, fields: fields.join(",") })}
                  >
                    <span className="one-line">
                      {entityText(entity)} {fields.map(fieldText).join(", ").toLowerCase()}
                    </span>
                    <span className="num">{number(count)}</span>
                  </button>
                </li>
              ))}
            </ul>
          </li>
        ))}
        <li>
          <button type="button" aria-pressed={search.show === "mine"} onClick={() => show({ show: "mine" })}>
            {t("review.mine")}
          </button>
        </li>
        <li>
          <button type="button" aria-pressed={search.show === "closed"} onClick={() => show({ show: "closed" })}>
            {t("review.closed")}
          </button>
        </li>
      </ul>
    </nav>
  );
}

function HoldRow({
  hold,
  isCurrent,
  isSelected,
  isSelectable,
  open,
  toggle,
}: {
  readonly hold: Hold;
  readonly isCurrent: boolean;
  readonly isSelected: boolean;
  readonly isSelectable: boolean;
  readonly open: () => void;
  readonly toggle: () => void;
}) {
  const now = useNow();
  const { kind, label, fields, reason, openedAt, assignee } = hold;
  return (
    <div className={`hold-row ${isCurrent ? "current" : ""}`}>
      {isSelectable ? (
        <input
          type="checkbox"
          className="check"
          checked={isSelected}
          onChange={toggle}
          aria-label={t("review.select", { label })}
        />
      ) : (
        <span />
      )}
      <button type="button" onClick={open} aria-current={isCurrent}>
        <span className="one-line title">{label}</span>
        <span className="one-line muted small">
          {t(`kind.${kind}`)}
          {fields.length === 0 ? `: ${reason}` : ` · ${fields.map(fieldText).join(", ")}`}
        </span>
      </button>
      <span className="muted small num row-end">
        {spanText(now - openedAt)}
        {assignee === null ? null : (
          <span className="avatar" title={t("review.assignedTo", { name: assignee })}>
            {assignee.charAt(0).toUpperCase()}
          </span>
        )}
      </span>
    </div>
  );
}
