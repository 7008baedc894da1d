import { useList } from "../api.ts";
import { timeText } from "../format.ts";
import { t } from "../text.ts";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Failure, Skeleton } from "../ui/state.tsx";

export function Audit() {
  const list = useList("listAudit", { limit: 100 });
  const entries = list.data?.pages.flatMap(({ items }) => items) ?? [];
  if (list.isError) return <Failure error={list.error} retry={() => void list.refetch()} />;
  if (list.isPending) return <Skeleton lines={8} />;
  return (
    <>
      <ScrollFrame label={t("settings.audit")}>
        <table>
          <tbody>
            {entries.map(({ id, at, who, via, what, target, status, address }) => (
              <tr key={id}>
                <td className="num" style={{ whiteSpace: "nowrap" }}>
                  {timeText(at)}
                </td>
                <th scope="row">
                  {who ?? "–"} {via === "token" ? <span className="badge">token</span> : null}
                </th>
                <td>{what}</td>
                <td className="mono value">{Object.values(target).join(" ")}</td>
                <td>
                  <span className={`badge ${status < 400 ? "good" : "bad"}`}>{status}</span>
                </td>
                <td className="muted">{address}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </ScrollFrame>
      {list.hasNextPage ? (
        <button type="button" className="button" onClick={() => void list.fetchNextPage()}>
          {t("app.more")}
        </button>
      ) : null}
    </>
  );
}
