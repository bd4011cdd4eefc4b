import { formatNoun, formatTime } from './format.ts';

const WIDTH = 1_000;
const HEIGHT = 160;
/** Colors of styles.css; further series share the last. */
const COLORS = 6;

/**
 * Bars over time, each a stack of series. A bar is a link; the page must have the figures as a table as well.
 *
 * @param props.series Values by the beginning of their step, epoch milliseconds; the first is at the bottom.
 */
export function StackedBars(props: {
  readonly label: string;
  /** Epoch milliseconds; bars begin at multiples of `step`. */
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly series: readonly { readonly name: string; readonly values: ReadonlyMap<number, number> }[];
  /** The bar that is chosen. */
  readonly chosen: number | undefined;
  readonly hrefOf: (at: number) => string;
}) {
  const { label, from, to, step, series, chosen, hrefOf } = props;
  const first = Math.floor(from / step) * step;
  const bars = Array.from({ length: Math.floor((to - first) / step) + 1 }, (_, i) => {
    const at = first + i * step;
    return { at, parts: series.map(({ values }) => values.get(at) ?? 0) };
  });
  const totals = bars.map(({ parts }) => parts.reduce((sum, n) => sum + n, 0));
  const most = Math.max(1, ...totals);
  const width = WIDTH / bars.length;
  const heightOf = (n: number) => (n / most) * (HEIGHT - 4);
  const last = bars.at(-1)?.at ?? first;
  return (
    <figure class="stacked">
      <figcaption>
        <span class="faint">
          {formatTime(first).slice(0, 16)} to {formatTime(last).slice(0, 16)} UTC, at most{' '}
          {formatNoun(most, 'row')} in a bar
        </span>
      </figcaption>
      <nav aria-label={label}>
        {/* biome-ignore lint/a11y/noSvgWithoutTitle: the navigation around it has its name. */}
        <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none">
          <line class="base" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
          {bars.map(({ at, parts }, i) => {
            const total = totals[i] ?? 0;
            if (total === 0) return null;
            let top = HEIGHT;
            const words = `${formatTime(at).slice(0, 16)}: ${formatNoun(total, 'row')}`;
            return (
              <a
                key={at}
                href={hrefOf(at)}
                aria-label={words}
                aria-current={at === chosen ? 'true' : undefined}
                class={chosen === undefined || at === chosen ? undefined : 'other'}
              >
                <title>{words}</title>
                <rect class="catch" x={i * width} y="0" width={width} height={HEIGHT} />
                {parts.map((n, s) => {
                  if (n === 0) return null;
                  const height = Math.max(2, heightOf(n));
                  top -= height;
                  return (
                    <rect
                      key={s}
                      class={`bar-${Math.min(s + 1, COLORS)}`}
                      x={i * width + width * 0.1}
                      y={Math.max(0, top)}
                      width={width * 0.8}
                      height={height}
                    />
                  );
                })}
              </a>
            );
          })}
        </svg>
      </nav>
      <ul class="drop-legend">
        {series.slice(0, COLORS - 1).map(({ name }, s) => (
          <li key={name}>
            <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
              <rect class={`bar-${s + 1}`} width="10" height="10" />
            </svg>{' '}
            <span class="code">{name}</span>
          </li>
        ))}
        {series.length >= COLORS && (
          <li>
            <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
              <rect class={`bar-${COLORS}`} width="10" height="10" />
            </svg>{' '}
            {series.length === COLORS ? (
              <span class="code">{series.at(-1)?.name}</span>
            ) : (
              `${series.length - COLORS + 1} more reasons`
            )}
          </li>
        )}
      </ul>
    </figure>
  );
}
