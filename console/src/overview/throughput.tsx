import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { Overview } from "../format.ts";
import { t } from "../text.ts";

const series = [
  ["received", "chart.received", "--series-1"],
  ["decided", "chart.decided", "--series-2"],
  ["written", "chart.written", "--series-3"],
  ["failed", "chart.failed", "--series-4"],
] as const;

const shownMs = 10 * 60_000;
const height = 150;

/** What this process did in the last ten minutes, per bucket. */
export default function Throughput({ overview }: { readonly overview: Overview }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const data = dataOf(overview);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsFor(element.clientWidth), latest.current, element);
    };
    draw();
    const resized = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    // Colours are read once: another theme is another chart.
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    return () => {
      resized.disconnect();
      themed.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);
  useEffect(() => chart.current?.setData(data), [data]);

  const totals = series.map(([counter, text]) => {
    const since = overview.at - shownMs;
    const count = overview.buckets.reduce((sum, bucket) => sum + (bucket.at > since ? bucket[counter] : 0), 0);
    return `${t(text)} ${count}`;
  });
  return (
    <>
      <div className="chart" ref={place} role="img" aria-label={totals.join(", ")} />
      <div className="legend">
        {series.map(([counter, text, color]) => (
          <span key={counter}>
            <i style={{ background: `var(${color})` }} />
            {t(text)}
          </span>
        ))}
      </div>
    </>
  );
}

/** Buckets without work are not told of: here they are zero. */
function dataOf({ at, bucketMs, buckets }: Overview): uPlot.AlignedData {
  const byTime = new Map(buckets.map((bucket) => [bucket.at, bucket]));
  const last = Math.floor(at / bucketMs) * bucketMs;
  const times = Array.from({ length: shownMs / bucketMs }, (_, i) => last - shownMs + (i + 1) * bucketMs);
  return [
    times.map((time) => time / 1_000),
    ...series.map(([counter]) => times.map((time) => byTime.get(time)?.[counter] ?? 0)),
  ];
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** Whole minutes only: the grid between them needs no words. */
function clockText(seconds: number): string {
  return seconds % 60 === 0 ? clock.format(seconds * 1_000) : "";
}

function optionsFor(width: number): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  // light-dark() is only worked out where it is used as a colour.
  const probe = document.createElement("i");
  document.body.append(probe);
  const color = (name: string) => {
    probe.style.color = style.getPropertyValue(name);
    return getComputedStyle(probe).color;
  };
  const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
  const options: uPlot.Options = {
    width,
    height,
    cursor: { show: false },
    legend: { show: false },
    axes: [
      { ...axis, size: 30, values: (_, times) => times.map(clockText) },
      { ...axis, size: 44 },
    ],
    scales: { y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] } },
    series: [
      {},
      ...series.map(([, text, name]) => ({ label: t(text), stroke: color(name), width: 1.5, points: { show: false } })),
    ],
  };
  probe.remove();
  return options;
}
