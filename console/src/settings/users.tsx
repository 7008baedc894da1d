import { type FormEvent, useState } from "react";
import { type Role, roles } from "../../../src/server/access/identity.ts";
import { client, queryClient, reasonOf, useApi } from "../api.ts";
import { t } from "../text.ts";
import { Dialog } from "../ui/dialog.tsx";
import { ScrollFrame } from "../ui/scroll-frame.tsx";
import { Loaded } from "../ui/state.tsx";
import { say } from "../ui/toasts.tsx";

async function renewAfter(act: Promise<unknown>): Promise<void> {
  try {
    await act;
  } catch (error) {
    say(reasonOf(error), { isBad: true });
  }
  await queryClient.invalidateQueries({ queryKey: ["listUsers"] });
}

export function Users() {
  const users = useApi("listUsers", {});
  const [link, setLink] = useState<{ readonly name: string; readonly url: string } | null>(null);
  const [gone, setGone] = useState<string | null>(null);
  return (
    <>
      <Invite onInvited={(name, secret) => setLink({ name, url: `${location.origin}/welcome#${secret}` })} />
      {link === null ? null : (
        <div className="note good stack">
          <span>{t("settings.invited", { name: link.name })}</span>
          <code className="value">{link.url}</code>
        </div>
      )}
      <Loaded query={users}>
        {({ items }) => (
          <ScrollFrame label={t("settings.users")}>
            <table>
              <thead>
                <tr>
                  <th scope="col">{t("sign.name")}</th>
                  <th scope="col">{t("settings.role")}</th>
                  <th scope="col" />
                </tr>
              </thead>
              <tbody>
                {items.map(({ name, role, hasPassword, isFromProvider }) => (
                  <tr key={name}>
                    <th scope="row">
                      {name}
                      {hasPassword ? null : (
                        <span className="muted small">
                          {" "}
                          {t(isFromProvider ? "settings.fromProvider" : "settings.notYet")}
                        </span>
                      )}
                    </th>
                    <td>
                      <RoleSelect
                        label={`${t("settings.role")} ${name}`}
                        value={role}
                        onChange={(next) => void renewAfter(client.changeUser({ user: name, role: next }))}
                      />
                    </td>
                    <td className="right">
                      <button type="button" className="button small danger" onClick={() => setGone(name)}>
                        {t("settings.remove")}
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </ScrollFrame>
        )}
      </Loaded>
      {gone === null ? null : (
        <Dialog title={t("settings.removeAsk", { name: gone })} onClose={() => setGone(null)}>
          <div className="actions">
            <button
              type="button"
              className="button danger"
              onClick={() => {
                setGone(null);
                void renewAfter(client.removeUser({ user: gone }));
              }}
            >
              {t("settings.remove")}
            </button>
            <button type="button" className="button" onClick={() => setGone(null)}>
              {t("app.cancel")}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

function RoleSelect({
  label,
  value,
  onChange,
  name,
}: {
  readonly label: string;
  readonly value: Role;
  readonly onChange?: (role: Role) => void;
  readonly name?: string;
}) {
  const also = onChange === undefined ? { defaultValue: value } : { value };
  return (
    <select
      className="input"
      aria-label={label}
      {...(name === undefined ? {} : { name })}
      {...also}
      onChange={(event) => onChange?.(event.target.value as Role)}
    >
      {roles.map((one) => (
        <option key={one} value={one}>
          {t(`role.${one}`)}
        </option>
      ))}
    </select>
  );
}

function Invite({ onInvited }: { readonly onInvited: (name: string, secret: string) => void }) {
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const name = String(given.get("name"));
    await renewAfter(
      client.inviteUser({ name, role: String(given.get("role")) as Role }).then(({ secret }) => {
        onInvited(name, secret);
        form.reset();
      }),
    );
  };
  return (
    <form className="row" onSubmit={submit}>
      <input
        className="input"
        style={{ width: 220 }}
        name="name"
        placeholder={t("sign.name")}
        aria-label={t("sign.name")}
        required
        maxLength={80}
      />
      <RoleSelect label={t("settings.role")} value="reviewer" name="role" />
      <button type="submit" className="button primary">
        {t("settings.invite")}
      </button>
    </form>
  );
}
