import { useEffect, useRef, useState } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { ChartProps } from './figures.ts';
import { axisTop, beyond, formatCount, formatDay, formatTime } from './format.ts';

const HEIGHT = 150;
/** A bar is as wide as its period. */
const BARS = UPlot.paths.bars?.({ size: [1], align: 1, gap: 1 }) ?? (() => null);
/** Room for numbers at the left, so that charts below each other have the same times at the same place. */
const LEFT = 62;

/**
 * Lines, or bars upon each other, over time in UTC, with their values at the pointer. Charts of the same range share the pointer.
 * A spike is broken below the top and has its number, so that the rest of the day is seen. Who cannot see it needs a
 * table beside it.
 */
export function Chart(props: ChartProps) {
  const { title, times, lines, band } = props;
  const box = useRef<HTMLDivElement>(null);
  const keys = useRef<HTMLUListElement>(null);
  const plot = useRef<UPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  // Bars are stacked: the bar of the last line has the height of the sum, and the earlier ones are drawn over it. The band of
  // usual values is drawn over all bars.
  const upTo = (last: number) => (_: number, at: number) =>
    lines.slice(1, last + 1).reduce((sum, { values }) => sum + (values[at] ?? 0), 0);
  const drawn = lines
    .map(({ values }, i) => (band !== undefined && i > 0 ? times.map(upTo(i)) : [...values]))
    .reverse();
  const data: UPlot.AlignedData = [[...times], ...(band ?? []).map((edge) => [...edge]), ...drawn];
  // The first drawing makes the chart; the next ones give it their values.
  useEffect(() => {
    const { current: place } = box;
    if (place === null || document.createElement('canvas').getContext('2d') === null) return undefined;
    // Colors are those of the page, in its scheme.
    const colorOf = (element: Element | null | undefined) => () =>
      getComputedStyle(element ?? place).color || 'gray';
    const axis = {
      stroke: colorOf(place),
      grid: { stroke: () => faint() },
      ticks: { stroke: () => faint() },
      font: '12px system-ui, sans-serif',
    };
    const faint = () => getComputedStyle(place).borderTopColor;
    const pale = () => getComputedStyle(place).getPropertyValue('--pico-secondary-focus');
    const paper = () => getComputedStyle(place).getPropertyValue('--pico-card-background-color');
    const points = { show: false };
    const made = new UPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1_000), 'Etc/UTC'),
        cursor: { sync: { key: 'over-time' }, drag: { x: false, y: false }, y: false },
        scales: {
          x: { range: ({ data: [[start = 0, next = start]] }, first, last) => [first, last + next - start] },
          y: { range: (chart) => [0, axisTop(chart.data.slice(1))] },
        },
        axes: [
          { ...axis, size: 30, space: 70, values: (_, splits) => splits.map(timeText) },
          { ...axis, size: LEFT, space: 24, values: (_, splits) => splits.map(formatCount) },
        ],
        bands: band === undefined ? [] : [{ series: [1, 2], fill: pale }],
        series: [
          {},
          ...(band ?? []).map(() => ({ points })),
          ...lines
            .map(({ dash }, i) => {
              const stroke = colorOf(keys.current?.children[i]);
              return band !== undefined && i > 0
                ? { points, fill: stroke, paths: BARS }
                : { stroke, points, width: 1.5, dash: [...(dash ?? [])] };
            })
            .reverse(),
        ],
        hooks: {
          setCursor: [({ cursor }) => setAt(cursor.idx ?? null)],
          draw: [(chart) => drawBreaks(chart, colorOf(place)(), paper())],
        },
      },
      data,
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
  useEffect(() => plot.current?.setData(data), [times, lines]);
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

/** Breaks what goes beyond the axis, and writes its value beside it: of several, below each other. */
function drawBreaks({ ctx, bbox, data, scales, valToPos }: UPlot, color: string, paper: string): void {
  const [times, ...series] = data;
  const line = 14 * devicePixelRatio;
  const width = Math.max(line, bbox.width / times.length);
  ctx.save();
  ctx.fillStyle = color;
  ctx.strokeStyle = paper;
  ctx.lineWidth = line / 3;
  ctx.font = `600 ${line * 0.85}px system-ui`;
  ctx.textAlign = 'right';
  for (const [row, at] of beyond(series, scales['y']?.max ?? Infinity).entries()) {
    const left = valToPos(times[at] ?? 0, 'x', true);
    for (const gap of [1, 1.5]) ctx.clearRect(left - 1, bbox.top + gap * line, width, line / 5);
    const most = Math.max(...series.map((values) => values[at] ?? 0));
    const x = left - line / 3;
    const y = bbox.top + (row + 0.8) * line;
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

function minuteText(seconds: number): string {
  return `${formatTime(seconds * 1_000).slice(0, 16)} UTC`;
}
