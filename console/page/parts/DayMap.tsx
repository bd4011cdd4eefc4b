import { useRef } from 'preact/hooks';
import type { TableDay } from '../../../observe/tables/tableDays.ts';
import { formatBytes, formatCount } from './format.ts';

/** The metric that the colour of a day shows. */
export type DayMetric = 'rows' | 'bytes' | 'files';

/** Pixels of a day with its gap, and of the texts at the left and on top. */
const STEP = 17;
const SIZE = 14;
const LEFT = 30;
const TOP = 18;
/** Shades of days with files. */
const SHADES = 5;
const DAY_MS = 86_400_000;
const WEEKDAYS = ['Mon', '', 'Wed', '', 'Fri', '', ''];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Words for a day's state, besides its figures. */
export const DAY_STATES: Readonly<Record<TableDay['state'], string>> = {
  filled: '',
  ahead: 'registered ahead',
  empty: 'partition without files',
  unregistered: 'files without a partition',
  gap: 'gap',
};

/**
 * A calendar: a column for each week, a square for each day, darker for more. The arrow keys go from day to day, Enter opens
 * one. The page has the same figures as a table.
 */
export function DayMap(props: {
  readonly label: string;
  /** Without gaps in time, in any order. */
  readonly days: readonly TableDay[];
  readonly metric: DayMetric;
  readonly hrefOf: (day: string) => string;
}) {
  const { label, metric, hrefOf } = props;
  const box = useRef<SVGSVGElement>(null);
  const days = props.days.toSorted((a, b) => (a.day < b.day ? -1 : 1));
  const [first] = days;
  if (first === undefined) return null;
  const monday = mondayOf(first.day);
  const most = usualMost(days.map((one) => one[metric] ?? 0));
  const at = (day: string) => Math.round((Date.parse(day) - monday) / DAY_MS);
  const weeks = Math.floor(at(days.at(-1)?.day ?? first.day) / 7) + 1;
  const move = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const all: readonly SVGElement[] = [...(box.current?.querySelectorAll<SVGAElement>('a') ?? [])];
    const { activeElement } = document;
    const from = activeElement instanceof SVGElement ? all.indexOf(activeElement) : -1;
    all[Math.min(all.length - 1, Math.max(0, from + step))]?.focus();
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <section class="scroll" tabIndex={0} aria-label={`${label}. The arrow keys go from day to day.`}>
      {/* biome-ignore lint/a11y/useSemanticElements: the element of HTML cannot stand in an image. */}
      <svg
        ref={box}
        class="daymap"
        width={LEFT + weeks * STEP}
        height={TOP + 7 * STEP}
        role="group"
        aria-label={label}
        onKeyDown={move}
      >
        {WEEKDAYS.map((name, i) => (
          <text key={i} x={0} y={TOP + i * STEP + 11}>
            {name}
          </text>
        ))}
        {days.map(({ day }, i) => {
          const isFirst = day.endsWith('-01') || (i === 0 && Number(day.slice(8)) < 22);
          return isFirst ? (
            <text key={day} x={LEFT + Math.floor(at(day) / 7) * STEP} y={11}>
              {MONTHS[Number(day.slice(5, 7)) - 1]}
            </text>
          ) : null;
        })}
        {days.map((one, i) => (
          <a
            key={one.day}
            href={hrefOf(one.day)}
            aria-label={describe(one)}
            tabIndex={i === days.length - 1 ? 0 : -1}
          >
            <rect
              class={`day ${one.state} shade-${shadeOf(one[metric] ?? 0, most)}`}
              x={LEFT + Math.floor(at(one.day) / 7) * STEP}
              y={TOP + (at(one.day) % 7) * STEP}
              width={SIZE}
              height={SIZE}
              rx={3}
            >
              <title>{describe(one)}</title>
            </rect>
          </a>
        ))}
      </svg>
      <p class="legend faint">
        <span>less</span>
        {Array.from({ length: SHADES }, (_, i) => (
          <Sample key={i} className={`filled shade-${i + 1}`} />
        ))}
        <span>more</span>
        <Sample className="gap" /> gap
        <Sample className="unregistered" /> no partition
        <Sample className="empty" /> no files
        <Sample className="ahead" /> registered ahead
      </p>
    </section>
  );
}

/** Days that a key moves by. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowUp: -1,
  ArrowDown: 1,
  ArrowLeft: -7,
  ArrowRight: 7,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

function Sample({ className }: { readonly className: string }) {
  return (
    <svg class="daymap" width={SIZE} height={SIZE} aria-hidden="true">
      <rect class={`day ${className}`} x={0.5} y={0.5} width={SIZE - 1} height={SIZE - 1} rx={3} />
    </svg>
  );
}

/** The Monday on or before a day, epoch milliseconds. */
function mondayOf(day: string): number {
  const at = Date.parse(day);
  return at - ((new Date(at).getUTCDay() + 6) % 7) * DAY_MS;
}

/** Returns the 95th percentile of the positive values, so that one outlier does not make the others pale. */
function usualMost(values: readonly number[]): number {
  const sorted = values.filter((value) => value > 0).toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * 0.95)] ?? 1;
}

/** From 1 to {@link SHADES}; 0 for nothing. */
function shadeOf(value: number, most: number): number {
  return value === 0 ? 0 : Math.min(SHADES, Math.max(1, Math.ceil((value / most) * SHADES)));
}

function describe({ day, state, rows, files, bytes }: TableDay): string {
  const words = DAY_STATES[state];
  const figures = [
    ...(rows === null ? [] : [`${formatCount(rows)} rows`]),
    `${formatCount(files)} files`,
    formatBytes(bytes),
  ];
  return `${day}: ${[...(words === '' ? [] : [words]), ...(state === 'gap' || state === 'ahead' ? [] : figures)].join(', ')}`;
}
