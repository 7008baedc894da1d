import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { t } from "../text.ts";

/** A window over the page, which takes the focus and gives it back. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  readonly title: string;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  return (
    <Base.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog">
          <div className="row">
            <Base.Title className="grow">{title}</Base.Title>
            <Base.Close className="button quiet small" aria-label={t("app.close")}>
              ✕
            </Base.Close>
          </div>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
