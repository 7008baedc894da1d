import { agoText, type HoldDetail, sourceText, systemOf, valueText } from "../format.ts";
import { t } from "../text.ts";
import { useNow } from "../use-now.ts";

type Past = HoldDetail["history"][number];

const width = 300;
const height = 44;
const edge = 6;

/**
 * How a field came to be what it is, at a glance: a dot for each value, further left the older, by the logarithm of its age; numbers by their height, other
 * values on a line for each system. The values themselves stand below it.
 */
export function Sparkline({ history, field }: { readonly history: readonly Past[]; readonly field: string }) {
  const now = useNow();
  const own = history.filter((one) => one.field === field).toReversed();
  if (own.length < 2) return null;
  const points = placed(own, now);
  const path = points.map(({ x, y }, i) => (i === 0 ? `M${x} ${y}` : `H${x}V${y}`)).join("");
  const [first] = own;
  return (
    <svg
      className="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      role="img"
      aria-label={t("review.sparkline", { count: own.length, ago: agoText(first?.at ?? now, now) })}
    >
      <path d={`${path}H${width - edge}`} />
      {points.map(({ x, y, past }) => (
        <circle key={`${past.at}/${valueText(past.value)}`} cx={x} cy={y} r={4} className={past.tone}>
          <title>{`${valueText(past.value) || t("value.blank")}, ${sourceText(past.source)}, ${agoText(past.at, now)}`}</title>
        </circle>
      ))}
    </svg>
  );
}

function placed(own: readonly Past[], now: number) {
  const systems = [...new Set(own.map(({ source }) => systemOf(source) ?? ""))];
  const numbers = own.map(({ value }) => Number(valueText(value)));
  const isNumeric = numbers.every((one, i) => Number.isFinite(one) && valueText(own[i]?.value) !== "");
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const ageOf = (at: number) => Math.log(1 + Math.max(0, now - at) / 1_000);
  const [oldest, newest] = [ageOf(own[0]?.at ?? now), ageOf(own.at(-1)?.at ?? now)];
  return own.map((past, i) => {
    const lane = systems.indexOf(systemOf(past.source) ?? "");
    const share = isNumeric
      ? ((numbers[i] ?? 0) - least) / (most - least || 1)
      : 1 - lane / Math.max(1, systems.length - 1);
    const tone = systemOf(past.source) === null ? "person" : `series-${(lane % 4) + 1}`;
    return {
      x: Math.round(edge + ((oldest - ageOf(past.at)) / (oldest - newest || 1)) * (width - 8 * edge)),
      y: Math.round(edge + (1 - share) * (height - 2 * edge)),
      past: { ...past, tone },
    };
  });
}
