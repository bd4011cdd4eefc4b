import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { formatCount, formatDay, formatTime } from '../texts/format.ts';
import { axisTop, beyond } from './axis.ts';
import type { ChartProps } from './figures.ts';

/** Height of a chart, pixels. */
const HEIGHT = 150;
/** A bar is as wide as its period. The types of uPlot allow a build without bars, which this is not. */
const BARS = UPlot.paths.bars?.({ size: [1], align: 1, gap: 1 }) ?? (() => null);
/** Pixels of room for numbers at the left, so that charts below each other have the same times at the same place. */
const LEFT = 62;
/** Pixels of room for times at the bottom. */
const BOTTOM = 30;
/** Pixels between two times at least. */
const TIMES_APART = 70;
/** Pixels between two values at least. */
const VALUES_APART = 24;
/** Pixels of a line of numbers beside bars that are broken. */
const NUMBER_HEIGHT = 14;

/**
 * Lines, or bars upon each other, over time in UTC, with their values at the pointer. Charts of the same range share the pointer.
 * A spike is broken below the top and has its number, so that the rest of the day is seen. Who cannot see it needs a
 * table beside it.
 */
export function Chart(props: ChartProps) {
  const { title, times, lines } = props;
  const box = useRef<HTMLDivElement>(null);
  const keys = useRef<HTMLUListElement>(null);
  const [at, setAt] = useState<number | null>(null);
  usePlot(props, box, keys, setAt);
  const shown = at ?? times.length - 1;
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong>{' '}
        <span class="faint">
          {times[shown] !== undefined && <time>{minuteText(times[shown])}</time>}
          {shown === times.length - 1 && ' so far'}
        </span>
        <ul ref={keys}>
          {lines.map(({ name, tone, dash = [], values }) => (
            <li key={name} class={tone}>
              <svg width="22" height="8" aria-hidden="true">
                <line
                  x2="22"
                  y1="4"
                  y2="4"
                  stroke="currentColor"
                  stroke-width="2"
                  stroke-dasharray={dash.join(' ')}
                />
              </svg>{' '}
              {name} {values[shown] == null ? '–' : formatCount(values[shown])}
            </li>
          ))}
        </ul>
      </figcaption>
      <div
        ref={box}
        class="plot"
        role="img"
        aria-label={`${title} over time; the table below has the numbers`}
      />
    </figure>
  );
}

/** Draws a chart in a box and keeps it up to date: the first drawing makes it, the next ones give it their values. */
function usePlot(
  props: ChartProps,
  box: RefObject<HTMLDivElement | null>,
  keys: RefObject<HTMLUListElement | null>,
  setAt: (at: number | null) => void,
): void {
  const { times, lines } = props;
  const plot = useRef<UPlot | null>(null);
  useEffect(() => {
    const { current: place } = box;
    // A browser without canvas, as that of the tests, draws nothing.
    if (place === null || document.createElement('canvas').getContext('2d') === null) return undefined;
    const made = new UPlot(
      {
        ...axesOf(place),
        width: place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
        cursor: { sync: { key: 'over-time' }, drag: { x: false, y: false }, y: false },
        series: seriesOf(props, (i) => colorOf(keys.current?.children[i] ?? place)),
        bands:
          props.band === undefined
            ? []
            : [{ series: [1, 2], fill: styleOf(place, '--pico-secondary-focus') }],
        hooks: {
          setCursor: [({ cursor }) => setAt(cursor.idx ?? null)],
          draw: [(chart) => drawBreaks(chart, colorOf(place)(), styleOf(place, '--paper')())],
        },
      },
      dataOf(props),
      place,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: HEIGHT }));
    resized.observe(place);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.onchange = () => made.redraw();
    return () => {
      scheme.onchange = null;
      resized.disconnect();
      made.destroy();
    };
  }, []);
  useEffect(() => plot.current?.setData(dataOf(props)), [times, lines]);
}

/** The color of an element, which is read at each drawing: the scheme may have changed. */
function colorOf(element: Element): () => string {
  return () => getComputedStyle(element).color || 'gray';
}

/** A custom property of the page, which is read at each drawing. */
function styleOf(element: Element, name: string): () => string {
  return () => getComputedStyle(element).getPropertyValue(name);
}

/** Axes and scales: times at the bottom with room for the last period, and values from 0 at the left. */
function axesOf(place: Element): Pick<UPlot.Options, 'axes' | 'scales'> {
  const faint = () => getComputedStyle(place).borderTopColor;
  const axis = {
    stroke: colorOf(place),
    grid: { stroke: faint },
    ticks: { stroke: faint },
    font: '12px system-ui, sans-serif',
  };
  return {
    scales: {
      x: { range: ({ data: [[start = 0, next = start]] }, first, last) => [first, last + next - start] },
      y: { range: (chart) => [0, axisTop(chart.data.slice(1))] },
    },
    axes: [
      { ...axis, size: BOTTOM, space: TIMES_APART, values: (_, splits) => splits.map(timeText) },
      { ...axis, size: LEFT, space: VALUES_APART, values: (_, splits) => splits.map(formatCount) },
    ],
  };
}

/** How each series of {@link dataOf} is drawn. @param strokeOf The color of a line, by its place. */
function seriesOf({ lines, band }: ChartProps, strokeOf: (i: number) => () => string): UPlot.Series[] {
  const points = { show: false };
  const drawn = lines.map(({ dash }, i): UPlot.Series => {
    const stroke = strokeOf(i);
    return band !== undefined && i > 0
      ? { points, fill: stroke, paths: BARS }
      : { stroke, points, width: 1.5, dash: [...(dash ?? [])] };
  });
  return [{}, ...(band ?? []).map(() => ({ points })), ...drawn.reverse()];
}

/**
 * The times, the band and the lines, the last line first. Bars are stacked: the bar of the last line has the height of the sum, and
 * the earlier ones are drawn over it. The band of usual values is drawn over all bars.
 */
function dataOf({ times, lines, band }: ChartProps): UPlot.AlignedData {
  const sumUpTo = (last: number, at: number) =>
    lines.slice(1, last + 1).reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
  const drawn = lines.map(({ values }, i) =>
    band !== undefined && i > 0 ? times.map((_, at) => sumUpTo(i, at)) : [...values],
  );
  return [[...times], ...(band ?? []).map((edge) => [...edge]), ...drawn.reverse()];
}

/** Measures of a break, in lines of its number. */
const BREAK = {
  /** Where its two gaps are below the top of the chart, and how high each is. */
  gaps: [1, 1.5],
  gapHeight: 0.2,
  /** The size of the number, its outline, its distance from the line of values, and its baseline below the top of its line. */
  font: 0.85,
  outline: 1 / 3,
  distance: 1 / 3,
  baseline: 0.8,
} as const;

/** Breaks what goes beyond the axis, and writes its value beside it: of several, below each other. */
function drawBreaks({ ctx, bbox, data, scales, valToPos }: UPlot, color: string, paper: string): void {
  const [times, ...series] = data;
  const line = NUMBER_HEIGHT * devicePixelRatio;
  const width = Math.max(line, bbox.width / times.length);
  ctx.save();
  ctx.fillStyle = color;
  ctx.strokeStyle = paper;
  ctx.lineWidth = BREAK.outline * line;
  ctx.font = `600 ${BREAK.font * line}px system-ui`;
  ctx.textAlign = 'right';
  for (const [row, at] of beyond(series, scales['y']?.max ?? Infinity).entries()) {
    const left = valToPos(times[at] ?? 0, 'x', true);
    for (const gap of BREAK.gaps)
      ctx.clearRect(left - 1, bbox.top + gap * line, width, BREAK.gapHeight * line);
    const most = Math.max(...series.map((values) => values[at] ?? 0));
    const x = left - BREAK.distance * line;
    const y = bbox.top + (row + BREAK.baseline) * line;
    ctx.strokeText(formatCount(most), x, y);
    ctx.fillText(formatCount(most), x, y);
  }
  ctx.restore();
}

/** `10:05`, the first with `UTC`; at midnight the day. */
function timeText(seconds: number, i: number): string {
  const [day = '', time = ''] = minuteText(seconds).split(' ');
  return `${time === '00:00' ? formatDay(day) : time}${i === 0 ? ' UTC' : ''}`;
}

/** `2026-11-20 10:05 UTC` */
function minuteText(seconds: number): string {
  return `${formatTime(seconds * 1_000).slice(0, 16)} UTC`;
}
