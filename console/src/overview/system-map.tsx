import { Link } from "@tanstack/react-router";
import { useLayoutEffect, useRef, useState } from "react";
import { type SystemView, spanText } from "../format.ts";
import { number, t } from "../text.ts";
import { Logo } from "../ui/logo.tsx";
import { useNow } from "../use-now.ts";

type Line = { readonly name: string; readonly path: string; readonly isLeft: boolean };

/** The systems around Truce: who feeds it, whom it feeds, how fast, and who is in trouble. */
export function SystemMap({ systems }: { readonly systems: readonly SystemView[] }) {
  const frame = useRef<HTMLDivElement>(null);
  const lines = useLines(frame, systems.length);
  const half = Math.ceil(systems.length / 2);
  const byName = new Map(systems.map((system) => [system.name, system]));
  return (
    <div className="map" ref={frame}>
      <svg className="map-links" aria-hidden="true">
        {lines.map(({ name, path, isLeft }) => {
          const system = byName.get(name);
          const flows = [
            (system?.received ?? 0) > 0 ? "flow" : null,
            (system?.written ?? 0) > 0 ? "flow back" : null,
          ].filter((one) => one !== null);
          return (
            <g key={name}>
              <path d={path} className={system?.trouble == null ? "" : "bad"} />
              {flows.map((flow) => (
                <path key={flow} d={path} className={isLeft ? flow : flow === "flow" ? "flow back" : "flow"} />
              ))}
            </g>
          );
        })}
      </svg>
      <div className="map-side">
        {systems.slice(0, half).map((system) => (
          <SystemCard key={system.name} system={system} />
        ))}
      </div>
      <div className="map-hub">
        <Logo />
      </div>
      <div className="map-side">
        {systems.slice(half).map((system) => (
          <SystemCard key={system.name} system={system} />
        ))}
      </div>
    </div>
  );
}

/** Curves from each card to the hub, measured where they stand. */
function useLines(frame: React.RefObject<HTMLDivElement | null>, count: number): readonly Line[] {
  const [lines, setLines] = useState<readonly Line[]>([]);
  useLayoutEffect(() => {
    const element = frame.current;
    // Another number of systems stands elsewhere.
    if (element === null || count === 0) return;
    const measure = () => setLines(linesIn(element));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [frame, count]);
  return lines;
}

function linesIn(frame: HTMLElement): Line[] {
  const origin = frame.getBoundingClientRect();
  const hub = frame.querySelector(".map-hub")?.getBoundingClientRect();
  if (hub === undefined || hub.width === 0) return [];
  return [...frame.querySelectorAll<HTMLElement>("[data-system]")].map((card) => {
    const box = card.getBoundingClientRect();
    const isLeft = box.left < hub.left;
    const from = { x: (isLeft ? box.right : box.left) - origin.left, y: box.top + box.height / 2 - origin.top };
    const to = { x: (isLeft ? hub.left : hub.right) - origin.left, y: hub.top + hub.height / 2 - origin.top };
    const middle = (from.x + to.x) / 2;
    const path = `M${from.x} ${from.y} C${middle} ${from.y} ${middle} ${to.y} ${to.x} ${to.y}`;
    return { name: card.dataset["system"] ?? "", path, isLeft };
  });
}

function SystemCard({ system }: { readonly system: SystemView }) {
  const now = useNow();
  const { name, label, trouble, behind, behindSince, linked, received, written } = system;
  const dot = trouble !== null ? "bad" : behind > 0 && now - (behindSince ?? now) > 10_000 ? "warn" : "";
  return (
    <Link to="/systems" className="card system-card" data-system={name}>
      <div className="row">
        <span className={`dot ${dot}`} />
        <strong>{name}</strong>
        <span className="muted small">{label}</span>
        <span className="grow" />
        <span className="muted small num">{t("overview.linked", { count: linked })}</span>
      </div>
      <div className="rates">
        <span>
          ↓ <b>{number(received)}</b> {t("overview.in")}
        </span>
        <span>
          ↑ <b>{number(written)}</b> {t("overview.out")}
        </span>
      </div>
      <LimitBar limits={system.limits} />
      {trouble !== null ? (
        <div className="small" style={{ color: "var(--bad)" }} title={trouble.message}>
          <span className="one-line">{trouble.message}</span>
        </div>
      ) : (
        <div className="small muted">
          {behind === 0
            ? t("overview.upToDate")
            : `${t("overview.isBehind", { count: behind })}, ${spanText(now - (behindSince ?? now))}`}
        </div>
      )}
    </Link>
  );
}

/** How much of what the system takes is used: the fullest of its limits. */
function LimitBar({ limits }: { readonly limits: SystemView["limits"] }) {
  const inUse = Math.max(0, ...limits.map((one) => one.inUse));
  const silent = Math.max(0, ...limits.map(({ silentForMs }) => silentForMs));
  if (limits.length === 0) return null;
  const text =
    silent > 0 ? t("limits.silent", { span: spanText(silent) }) : t("limits.used", { percent: percent(inUse) });
  return (
    <div className="limit" title={text}>
      <span className="visually-hidden">{text}</span>
      <i
        className={silent > 0 ? "bad" : inUse > 0.8 ? "warn" : ""}
        style={{ width: `${percent(silent > 0 ? 1 : inUse)}%` }}
      />
    </div>
  );
}

function percent(share: number): number {
  return Math.round(100 * Math.min(1, share));
}
