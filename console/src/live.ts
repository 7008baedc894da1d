import { useEffect, useState } from "react";
import { queryClient } from "./api.ts";
import type { Overview } from "./format.ts";

type News = { readonly holds: readonly string[] | null; readonly records: readonly string[] | null };

const refreshEveryMs = 1_500;

/** Follows the server's events: the overview is renewed, and what has changed is asked for again. True while it is connected. */
export function useLive(isOn: boolean): boolean {
  const [isConnected, setConnected] = useState(false);
  useEffect(() => {
    if (!isOn) return;
    const events = new EventSource("/api/v1/events");
    const refresh = newRefresh();
    events.addEventListener("open", () => setConnected(true));
    events.addEventListener("error", () => setConnected(false));
    events.addEventListener("overview", (event) => takeOverview(JSON.parse(event.data as string)));
    events.addEventListener("changed", (event) => refresh.add(JSON.parse(event.data as string)));
    return () => {
      events.close();
      refresh.end();
    };
  }, [isOn]);
  return isConnected;
}

/** An event's overview has the last buckets only; those before are known. */
function takeOverview(news: Overview): void {
  queryClient.setQueryData<Overview>(["getOverview", {}], (known) => {
    if (known === undefined) return known;
    const first = news.buckets[0]?.at ?? Number.POSITIVE_INFINITY;
    return { ...news, buckets: [...known.buckets.filter(({ at }) => at < first), ...news.buckets] };
  });
}

/** Gathers news, so that a busy engine does not have every list asked for all the time. */
function newRefresh() {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const touched = { holds: false, records: new Set<string>(), all: false };
  const flush = () => {
    timer = null;
    if (touched.holds || touched.all) {
      for (const key of ["listHolds", "listHoldGroups", "getHold"])
        void queryClient.invalidateQueries({ queryKey: [key] });
    }
    void queryClient.invalidateQueries({
      predicate: ({ queryKey: [name, input] }) => {
        if (name !== "getRecord" && name !== "listRecordJournal") return false;
        return touched.all || touched.records.has((input as { readonly record: string }).record);
      },
    });
    Object.assign(touched, { holds: false, all: false });
    touched.records.clear();
  };
  return {
    add({ holds, records }: News) {
      if (holds === null || holds.length > 0) touched.holds = true;
      if (records === null) touched.all = true;
      else for (const record of records) touched.records.add(record);
      timer ??= setTimeout(flush, refreshEveryMs);
    },
    end: () => {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
