import { useMemo } from 'preact/hooks';
import type { SqlPage } from '../../../observe/runSql.ts';
import { formatCount } from './format.ts';
import { Plot } from './Plot.tsx';
import { Empty } from './parts.tsx';
import { isNumeric } from './RowTable.tsx';

/** Lines of a plot, and bars of names. */
const MOST_SERIES = 6;
const MOST_BARS = 30;

/** A page of a result as a plot: the first column is x, the numbers are y. Names at x make bars. */
export function ResultPlot({ page }: { readonly page: SqlPage }) {
  const found = useMemo(() => plotOf(page), [page]);
  if (found === undefined)
    return (
      <Empty title="This result cannot be plotted.">
        <p>The first column is x; at least one of the others must have numbers.</p>
      </Empty>
    );
  if (found.kind === 'names') return <Bars {...found} />;
  return (
    <Plot
      label={`${found.series.map(({ name }) => name).join(', ')} by ${found.name}`}
      x={found.x}
      series={found.series}
      isTime={found.isTime}
    />
  );
}

interface Numbers {
  readonly kind: 'numbers';
  readonly name: string;
  readonly isTime: boolean;
  readonly x: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

interface Names {
  readonly kind: 'names';
  /** Of the numbers. */
  readonly name: string;
  readonly bars: readonly { readonly name: string; readonly value: number }[];
  /** Rows that have no bar. */
  readonly left: number;
}

function plotOf({ columns, rows }: SqlPage): Numbers | Names | undefined {
  const [first] = columns;
  const numbers = columns.flatMap(({ name, type }, i) => (i > 0 && isNumeric(type) ? [{ name, i }] : []));
  const [y] = numbers;
  if (first === undefined || y === undefined || rows.length === 0) return undefined;
  const isTime = /^(date|timestamp)/i.test(first.type);
  if (!isTime && !isNumeric(first.type)) {
    const bars = rows.map((row) => ({ name: row[0] ?? 'NULL', value: Number(row[y.i] ?? 0) }));
    return {
      kind: 'names',
      name: y.name,
      bars: bars.slice(0, MOST_BARS),
      left: Math.max(0, bars.length - MOST_BARS),
    };
  }
  const points = rows
    .flatMap((row) => {
      const x = isTime ? secondsOf(row[0] ?? '') : Number(row[0] ?? Number.NaN);
      return Number.isFinite(x) ? [{ x, row }] : [];
    })
    .toSorted((a, b) => a.x - b.x);
  return {
    kind: 'numbers',
    name: first.name,
    isTime,
    x: points.map(({ x }) => x),
    series: numbers.slice(0, MOST_SERIES).map(({ name, i }) => ({
      name,
      values: points.map(({ row }) => numberOf(row[i] ?? null)),
    })),
  };
}

function numberOf(value: string | null): number | null {
  const number = value === null ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Texts of both dialects, without a zone, are UTC: `2026-11-20`, `2026-11-20 07:30:00.123`. */
function secondsOf(value: string): number {
  const [, day = '', time = '00:00:00'] =
    /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?))?/.exec(value) ?? [];
  return Date.parse(`${day}T${time}Z`) / 1_000;
}

function Bars({ name, bars, left }: Names) {
  const most = Math.max(1e-9, ...bars.map(({ value }) => value));
  return (
    <section class="scroll" aria-label={`${name} by name`}>
      <table class="bars">
        <caption class="hidden">{name} by name</caption>
        <tbody>
          {bars.map((bar, i) => (
            <tr key={i}>
              <th scope="row">{bar.name.length > 60 ? `${bar.name.slice(0, 60)}…` : bar.name}</th>
              <td class="bar">
                <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect x={0} y={0} width={Math.max(0, (bar.value / most) * 100)} height={10} />
                </svg>
              </td>
              <td class="number">{formatCount(bar.value)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {left > 0 && <p class="faint">{formatCount(left)} more rows have no bar.</p>}
    </section>
  );
}
