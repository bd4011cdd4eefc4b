import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** Colors of series, which differ in lightness too; the first are used first. */
const COLORS = ['--plot-1', '--plot-2', '--plot-3', '--plot-4', '--plot-5', '--plot-6'];

/** One line or row of bars. */
export interface Series {
  readonly name: string;
  readonly values: readonly (number | null)[];
}

/**
 * A plot over time or over numbers. A screen reader reads `label`; the page must have the figures as a table as well.
 */
export function Plot(props: {
  readonly label: string;
  /** Epoch seconds if `isTime`, else numbers; ascending. */
  readonly x: readonly number[];
  readonly series: readonly Series[];
  /** Default true. */
  readonly isTime?: boolean;
  /** Whether each x is the beginning of a UTC day, so that the axis has days only. Default false. */
  readonly isDaily?: boolean;
  /** Default: lines. */
  readonly kind?: 'lines' | 'bars';
  /** Pixels. Default 220. */
  readonly height?: number;
  readonly format?: (value: number) => string;
}) {
  const { label, x, series, isTime = true, isDaily = false, kind = 'lines', height = 220, format } = props;
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    let plot: uPlot | undefined;
    const draw = () => {
      plot?.destroy();
      const style = getComputedStyle(element);
      const color = (name: string) => style.getPropertyValue(name).trim();
      const axis: uPlot.Axis = {
        stroke: color('--faint'),
        grid: { stroke: color('--line'), width: 1 },
        ticks: { stroke: color('--line'), width: 1 },
        font: '12px system-ui, sans-serif',
      };
      const bars = uPlot.paths.bars?.({ size: [0.7, 40] });
      plot = new uPlot(
        {
          width: element.clientWidth,
          height,
          tzDate: (at) => uPlot.tzDate(new Date(at * 1_000), 'Etc/UTC'),
          scales: {
            x: { time: isTime, ...(isDaily ? { range: dayRange } : {}) },
            y: { range: (_, low, high) => [Math.min(0, low), high === low ? low + 1 : high * 1.05] },
          },
          axes: [
            isDaily ? { ...axis, ...DAY_AXIS } : axis,
            {
              ...axis,
              size: 64,
              values: (_, splits) => splits.map((split) => format?.(split) ?? split.toLocaleString('en-US')),
            },
          ],
          series: [
            isDaily ? { label: 'Day', value: (_, at) => (at === null ? '–' : dayText(at)) } : {},
            ...series.map(({ name }, i) => {
              const stroke = color(COLORS[i % COLORS.length] ?? '--plot-1');
              return {
                label: name,
                stroke,
                width: 2,
                points: { show: kind === 'lines' && x.length < 40 },
                ...(kind === 'bars' && bars !== undefined ? { paths: bars, fill: stroke } : {}),
                ...(format === undefined
                  ? {}
                  : { value: (_: uPlot, value: number | null) => (value === null ? '–' : format(value)) }),
              };
            }),
          ],
        },
        [[...x], ...series.map(({ values }) => [...values])],
        element,
      );
    };
    draw();
    const resized = new ResizeObserver(() => plot?.setSize({ width: element.clientWidth, height }));
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      plot?.destroy();
    };
  }, [x, series, isTime, isDaily, kind, height, format]);
  return <div class="plot" role="img" aria-label={label} ref={box} />;
}

const DAY_SECONDS = 86_400;

/** An axis of days: no hours, and no more days than have room. */
const DAY_AXIS: uPlot.Axis = {
  space: 60,
  incrs: [1, 2, 7, 14, 28, 91].map((days) => days * DAY_SECONDS),
  values: (_, splits) => splits.map((at) => dayText(at).slice(5)),
};

function dayText(at: number): string {
  return new Date(at * 1_000).toISOString().slice(0, 10);
}

/** Half a day of room on both sides, for the bars of the first and the last day. */
function dayRange(_: uPlot, first: number | null, last: number | null): [number, number] {
  return [(first ?? 0) - DAY_SECONDS / 2, (last ?? 0) + DAY_SECONDS / 2];
}

/** A small line without axes: how a figure went. */
export function Spark(props: { readonly label: string; readonly values: readonly (number | null)[] }) {
  const { label, values } = props;
  const most = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = values.length > 1 ? 100 / (values.length - 1) : 0;
  const xOf = (i: number) => (i * step).toFixed(2);
  const points = values.flatMap((value, i) =>
    value === null ? [] : [`${xOf(i)},${(23 - (value / most) * 22).toFixed(2)}`],
  );
  const known = values.flatMap((value, i) => (value === null ? [] : [i]));
  const area = [`${xOf(known[0] ?? 0)},23`, ...points, `${xOf(known.at(-1) ?? 0)},23`];
  return (
    <svg class="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      <polygon points={area.join(' ')} />
      <polyline points={points.join(' ')} />
    </svg>
  );
}
