import { resolveReference } from "../config/reference.ts";
import { type Role, roles } from "../server/access/identity.ts";
import { publicUrlOf } from "./connect-system.ts";
import { CliError, exitUsage } from "./exit.ts";
import { atDesk } from "./open-desk.ts";
import { print, printJson, safeText, table, timeText } from "./output.ts";
import { type CommonOptions, readConfig } from "./session.ts";
import { linkOf } from "./welcome.ts";

/** `truce users`: who may sign in to the console and the API. */
export function listUsers(options: CommonOptions): Promise<void> {
  return atDesk(options, async (desk) => {
    const users = await desk.users();
    if (options.json === true) return printJson(users);
    if (users.length === 0) return print("There are none. truce users add NAME --role admin makes the first one.");
    const rows = users.map(({ name, role, createdAt }) => [safeText(name), role, timeText(createdAt)]);
    print(table([["name", "role", "since"], ...rows]));
  });
}

export type AddUserOptions = CommonOptions & { readonly role: string };

/** `truce users add NAME`: makes a user, and prints the link by which they choose their password. */
export async function addUser(name: string, options: AddUserOptions): Promise<void> {
  const role = roleOf(options.role);
  const config = await readConfig(options, false);
  const url = publicUrlOf(config) ?? `http://${resolveReference(config.settings.listen, config.source)}`;
  return atDesk(options, async (desk) => {
    const link = linkOf(url, await desk.inviteUser(name, role));
    if (options.json === true) return printJson({ name, role, link });
    print(`${safeText(name)} chooses a password here, once, within a week: ${link}`);
  });
}

function roleOf(text: string): Role {
  const role = roles.find((one) => one === text);
  if (role === undefined) throw new CliError(`--role is one of ${roles.join(", ")}, not "${text}".`, exitUsage);
  return role;
}
