import {
  type InfiniteData,
  keepPreviousData,
  QueryCache,
  QueryClient,
  type UseInfiniteQueryResult,
  type UseQueryResult,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { type Answer, ApiError, createClient, type Input } from "../../src/server/client.ts";
import type { OperationName } from "../../src/server/operations.ts";

export const client = createClient({ url: "" });

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError(error) {
      // The session has ended: whoever shows the console will see that.
      if (error instanceof ApiError && error.status === 401)
        void queryClient.invalidateQueries({ queryKey: ["getSession"] });
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 5_000,
      retry: (count, error) => count < 2 && !(error instanceof ApiError && error.status < 500),
    },
  },
});

type Call = (input: unknown, options: { readonly signal: AbortSignal }) => Promise<unknown>;

/** What an operation answers, kept fresh. `keep`: what was there stays while something else is asked for. */
export function useApi<Name extends OperationName>(
  name: Name,
  input: Input<Name>,
  options: { readonly refetchInterval?: number; readonly keep?: boolean; readonly enabled?: boolean } = {},
): UseQueryResult<Answer<Name>> {
  const { keep = false, refetchInterval = false, enabled = true } = options;
  const call = client[name] as Call;
  const query = useQuery<unknown>({
    queryKey: [name, input],
    queryFn: ({ signal }) => call(input, { signal }),
    refetchInterval,
    enabled,
    ...(keep ? { placeholderData: keepPreviousData } : {}),
  });
  return query as UseQueryResult<Answer<Name>>;
}

type ListName = "listHolds" | "searchRecords" | "listJournal" | "listRecordJournal" | "listAudit" | "listDeadLetters";
type Page<Item> = { readonly items: readonly Item[]; readonly next: string | null };
type ItemOf<Name extends ListName> = Answer<Name> extends { readonly items: readonly (infer Item)[] } ? Item : never;

/** A list, page after page. */
export function useList<Name extends ListName>(
  name: Name,
  input: Omit<Input<Name>, "after">,
): UseInfiniteQueryResult<InfiniteData<Page<ItemOf<Name>>>> {
  const call = client[name] as Call;
  return useInfiniteQuery({
    queryKey: [name, input],
    queryFn: ({ signal, pageParam }) =>
      call({ ...input, ...(pageParam === "" ? {} : { after: pageParam }) }, { signal }) as Promise<Page<ItemOf<Name>>>,
    initialPageParam: "",
    getNextPageParam: (page) => page.next ?? undefined,
  });
}

/** Somebody else is signed in from now on: what was asked for before, answers under way included, is asked for anew. */
export async function renewAll(): Promise<void> {
  await queryClient.cancelQueries();
  await queryClient.invalidateQueries();
}

/** What went wrong, in words. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export { ApiError };
