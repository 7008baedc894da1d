import { useState } from "react";
import { client, queryClient, reasonOf } from "../api.ts";
import { useMe } from "../session.ts";
import { t } from "../text.ts";
import { say } from "../ui/toasts.tsx";

export function SweepButton({ system }: { readonly system: string }) {
  const me = useMe();
  const [isBusy, setBusy] = useState(false);
  if (me?.may("operate") !== true) return null;
  const start = async () => {
    setBusy(true);
    try {
      await client.startSweep({ system });
      await queryClient.invalidateQueries({ queryKey: ["listSweeps"] });
      say(`${t("sweeps.start", { system })}: ${t("sweeps.running")}`);
    } catch (error) {
      say(reasonOf(error), { isBad: true });
    } finally {
      setBusy(false);
    }
  };
  return (
    <div>
      <button type="button" className="button small" disabled={isBusy} onClick={() => void start()}>
        {t("sweeps.start", { system })}
      </button>
    </div>
  );
}
