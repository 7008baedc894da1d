// biome-ignore-all lint/suspicious/noTemplateCurlyInString: config references are written so.
import { checkDescribed, checkRest } from "./check-rest.ts";
import { checkSalesforce } from "./check-salesforce.ts";
import type { Meaning } from "./meaning.ts";
import { errorAt, type Finding, warningAt } from "./problem.ts";

/** The systems and Truce's own settings. */
export function checkSystems({ config, systems, isHurt }: Meaning): Finding[] {
  const used = new Set(Object.values(config.entities).flatMap(({ systems }) => Object.keys(systems)));
  // A misspelt system is told where it is used.
  const isSilent = isHurt(["entities"]) || [...used].some((name) => !systems.includes(name));
  const findings = Object.entries(config.systems).flatMap(([name, system]): Finding[] => {
    const path = ["systems", name];
    const unused =
      used.has(name) || isSilent
        ? []
        : [warningAt(path, `no entity lives in ${name}`, `Map one: entities.contact.systems.${name}.`, "key")];
    const described = "objects" in system && !isHurt(["entities"]) ? checkDescribed(config, name, system) : [];
    if (system.connector === "rest") return [...unused, ...described, ...checkRest(name, system)];
    if (system.connector === "files") return [...unused, ...described];
    if (system.connector === "salesforce") return [...unused, ...checkSalesforce(path, system, isHurt(path))];
    if (system.connector !== "hubspot") return unused;
    const { token, oauth } = system;
    if (token !== undefined && oauth !== undefined) {
      return [
        ...unused,
        errorAt([...path, "oauth"], "token and oauth exclude each other", "Remove one of them.", "key"),
      ];
    }
    if (token !== undefined || oauth !== undefined || isHurt(path)) return unused;
    return [...unused, errorAt(path, "token is missing", "Add token: ${HUBSPOT_TOKEN}, or oauth.", "key")];
  });
  const { listen, store } = config.settings;
  return [...findings, ...checkListen(listen), ...(store === undefined ? [] : checkStore(store))];
}

function checkStore(store: string): Finding[] {
  if (store === "sqlite" || store.includes("${") || /^postgres(?:ql)?:\/\//u.test(store)) return [];
  const remedy = "Write sqlite, ${TRUCE_DATABASE_URL}, or an address that begins with postgres://.";
  return [errorAt(["settings", "store"], `"${store}" is no store`, remedy)];
}

/** Nothing but loopback until people can log in: see docs/config.md, "listen". */
function checkListen(listen: string): Finding[] {
  const path = ["settings", "listen"];
  if (listen.includes("${")) return [];
  const { host, port } = /^(?<host>\[[^\]]+\]|[^:]+):(?<port>\d+)$/u.exec(listen)?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) {
    return [errorAt(path, `"${listen}" is no address with a port`, "Write it as 127.0.0.1:4400.")];
  }
  if (host === "localhost" || host.startsWith("127.") || host === "[::1]") return [];
  const remedy = "Listen on 127.0.0.1 and let a reverse proxy or tunnel pass the webhooks on.";
  return [errorAt(path, `${host} can be reached from other machines`, remedy)];
}
