import type { SplitVerdict } from '../../../lib/experiments/testGroups.ts';
import type { Tone } from '../parts/parts.tsx';

/** Words and colors of a verdict. */
export const VERDICTS: Readonly<Record<SplitVerdict, { readonly tone: Tone; readonly words: string }>> = {
  as_expected: { tone: 'good', words: 'as expected' },
  suspicious: { tone: 'warning', words: 'suspicious' },
  mismatch: { tone: 'bad', words: 'mismatch' },
  not_tested: { tone: 'plain', words: 'not tested' },
};

/** The fields of a group that are shown. */
export interface ShownGroup {
  readonly group_id: string;
  readonly group_name: string | null;
  readonly units: number;
  /** Units by the expected split; null when it is not tested. */
  readonly expected: number | null;
}

/** The name of a group, or its ID without one. */
export function groupTitle({ group_id, group_name }: Pick<ShownGroup, 'group_id' | 'group_name'>): string {
  return cutName(group_name ?? group_id);
}

/** Characters of a name that are shown. */
const NAME_SHOWN = 120;

/** A name that anybody can have sent, short enough for a line. */
export function cutName(name: string): string {
  return name.length <= NAME_SHOWN ? name : `${name.slice(0, NAME_SHOWN)}…`;
}

/** A probability in words: `about 1 in 280,000`, `33 %`. */
export function chanceText(p: number): string {
  if (p >= 0.01) return `${(p * 100).toLocaleString('en-US', { maximumFractionDigits: p < 0.1 ? 1 : 0 })} %`;
  const one = p > 0 ? 1 / p : Number.POSITIVE_INFINITY;
  if (one >= 1e9) return 'less than 1 in a billion';
  return `1 in ${Number(one.toPrecision(2)).toLocaleString('en-US')}`;
}

/** Groups as parts of one bar; below it a mark where each should end by the expected split. */
export function SplitBar({ groups }: { readonly groups: readonly ShownGroup[] }) {
  const units = groups.reduce((sum, group) => sum + group.units, 0);
  const isTested = groups.every(({ expected }) => expected !== null);
  const expected = groups.reduce((sum, group) => sum + (group.expected ?? 0), 0);
  let [end, wanted] = [0, 0];
  const parts = groups.map((group, i) => {
    const from = end;
    end += units === 0 ? 0 : (group.units / units) * 100;
    wanted += expected === 0 ? 0 : ((group.expected ?? 0) / expected) * 100;
    return { id: group.group_id, from, width: end - from, wanted, color: i % 6 };
  });
  const label = groups
    .map(
      (group) =>
        `${groupTitle(group)} ${group.units}${group.expected === null ? '' : ` of expected ${Math.round(group.expected)}`}`,
    )
    .join(', ');
  return (
    <svg class="split-bar" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label={label}>
      {parts.map(({ id, from, width, color }) => (
        <rect key={id} class={`fill-${color + 1}`} x={from} y={0} width={width} height={9} />
      ))}
      {isTested &&
        parts
          .slice(0, -1)
          .map(({ id, wanted: at }) => <path key={id} d={`M${at} 0V12`} class="split-mark" />)}
    </svg>
  );
}
