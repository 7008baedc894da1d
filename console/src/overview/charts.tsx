import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { type Overview, spanText } from "../format.ts";
import { t } from "../text.ts";

type Series = { readonly text: string; readonly color: string; readonly values: readonly (number | null)[] };

const counters = [
  ["received", "chart.received", "--series-1"],
  ["decided", "chart.decided", "--series-2"],
  ["written", "chart.written", "--series-3"],
  ["failed", "chart.failed", "--series-4"],
] as const;

const shownMs = 10 * 60_000;
const height = 150;

/** What this process did in the last ten minutes, and how long it took, per bucket. */
export default function Charts({ overview }: { readonly overview: Overview }) {
  const { at, bucketMs, buckets } = overview;
  const byTime = new Map(buckets.map((bucket) => [bucket.at, bucket]));
  const last = Math.floor(at / bucketMs) * bucketMs;
  const times = Array.from({ length: shownMs / bucketMs }, (_, i) => last - shownMs + (i + 1) * bucketMs);
  // Buckets without work are not told of: here they are zero, and have no latency.
  const counts = counters.map(([counter, text, color]) => ({
    text: t(text),
    color,
    values: times.map((time) => byTime.get(time)?.[counter] ?? 0),
  }));
  const latencies = (["p50", "p95"] as const).map((share, i) => ({
    text: t(`chart.${share}`),
    color: i === 0 ? "--series-3" : "--series-2",
    values: times.map((time) => byTime.get(time)?.latencyMs?.[share] ?? null),
  }));
  const done = counts.map(({ text, values }) => `${text} ${values.reduce((sum, value) => sum + value, 0)}`);
  const worst = Math.max(0, ...latencies.flatMap(({ values }) => values.map((value) => value ?? 0)));
  return (
    <div className="charts">
      <Chart title={t("chart.counts")} label={done.join(", ")} times={times} series={counts} tick={String} />
      <Chart
        title={t("chart.latency")}
        label={t("chart.latencyMost", { span: shortSpan(worst) })}
        times={times}
        series={latencies}
        tick={shortSpan}
      />
    </div>
  );
}

function shortSpan(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : ms < 90_000 ? `${Math.round(ms / 100) / 10} s` : spanText(ms);
}

function Chart({
  title,
  label,
  times,
  series,
  tick,
}: {
  readonly title: string;
  /** What it shows, for those who don't see it. */
  readonly label: string;
  readonly times: readonly number[];
  readonly series: readonly Series[];
  readonly tick: (value: number) => string;
}) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const data = [times.map((time) => time / 1_000), ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
  const latest = useRef({ data, series, tick });
  latest.current = { data, series, tick };

  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const draw = () => {
      chart.current?.destroy();
      const { data: now, series: lines, tick: words } = latest.current;
      chart.current = new uPlot(optionsFor(element.clientWidth, lines, words), now, element);
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

  return (
    <div>
      <h3>{title}</h3>
      <div className="chart" ref={place} role="img" aria-label={`${title}: ${label}`} />
      <div className="legend">
        {series.map(({ text, color }) => (
          <span key={text}>
            <i style={{ background: `var(${color})` }} />
            {text}
          </span>
        ))}
      </div>
    </div>
  );
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

/** Whole minutes only: the grid between them needs no words. */
function clockText(seconds: number): string {
  return seconds % 60 === 0 ? clock.format(seconds * 1_000) : "";
}

function optionsFor(width: number, series: readonly Series[], tick: (value: number) => string): uPlot.Options {
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
      { ...axis, size: 54, values: (_, values) => values.map(tick) },
    ],
    scales: { y: { range: (_, __, max) => [0, Math.max(4, max * 1.1)] } },
    series: [
      {},
      ...series.map(({ text, color: name }) => ({
        label: text,
        stroke: color(name),
        width: 1.5,
        spanGaps: true,
        points: { show: false },
      })),
    ],
  };
  probe.remove();
  return options;
}
