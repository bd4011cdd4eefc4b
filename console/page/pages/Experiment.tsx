import { sluiceCommand } from '../../../observe/commands.ts';
import type { checkJson } from '../../../observe/experiments/checkExperiment.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { Choice, Filters, TextFilter } from '../parts/filters.tsx';
import { formatBytes, formatCount, formatNoun, formatShare, formatSpan } from '../parts/format.ts';
import { Answered, Badge, Figures, Folded, Prose, Time, type Tone } from '../parts/parts.tsx';
import { setParams } from '../parts/router.ts';
import { type Column, DataTable } from '../parts/tables.tsx';

type Check = ReturnType<typeof checkJson>;
type Group = Check['groups'][number];

/** One experiment or gate: its units, and whether they are split as expected. */
export function Experiment({ name, isGate }: { readonly name: string; readonly isGate: boolean }) {
  const { unit, from, to, environment, equal } = useConsole().route.params;
  const gate = isGate || undefined;
  const check = useApi<Check>('/api/experiment', { name, gate, unit, from, to, environment, equal });
  return (
    <Answered of={check}>
      {(answer) => (
        <>
          <Choices check={answer} />
          {answer.exposures === 0 ? (
            <p>
              It is known from the configuration or from Statsig's specs, but no exposure to a group is
              queryable. A row is here once its stream delivered it.
            </p>
          ) : (
            <Checked check={answer} />
          )}
        </>
      )}
    </Answered>
  );
}

function Choices({ check }: { readonly check: Check }) {
  const { unit = check.unit, from, to, equal } = useConsole().route.params;
  return (
    <Filters>
      <Choice
        label="Units by"
        name="unit"
        value={unit}
        choices={Object.entries(check.exposures_by_unit).map(([column, exposures]) => [
          column,
          `${column} (${formatCount(exposures)} exposures)`,
        ])}
      />
      <TextFilter label="First exposed from" name="from" type="date" value={from} />
      <TextFilter label="to" name="to" type="date" value={to} />
      {(check.untested?.reason === 'no_split' || equal === 'true') && (
        <button
          type="button"
          class="outline"
          aria-pressed={equal === 'true'}
          onClick={() => setParams({ equal: equal !== 'true' })}
        >
          Expect equal shares
        </button>
      )}
    </Filters>
  );
}

function Checked({ check }: { readonly check: Check }) {
  const units = check.groups.reduce((sum, group) => sum + group.units, 0);
  return (
    <>
      <Verdict check={check} units={units} />
      <Figures
        of={[
          ['Units', units],
          ['Exposures', check.exposures],
          ['Crossovers', check.crossovers, check.crossovers > units / 100 ? 'warning' : 'plain'],
          ['Held out', check.holdouts_known ? check.held_out : 'not known'],
          [
            `Without ${check.unit}`,
            check.null_units,
            check.null_units > check.exposures / 20 ? 'warning' : 'plain',
          ],
          ['Newest row', check.lag_ms === null ? null : `${formatSpan(check.lag_ms)} ago`],
        ]}
      />
      <Groups check={check} units={units} />
      <Notes check={check} units={units} />
      <Folded title="New units and exposures by day">{() => <Days check={check} />}</Folded>
      <p class="faint">{formatBytes(check.scanned_bytes)} read.</p>
    </>
  );
}

const VERDICTS: Readonly<
  Record<
    Check['verdict'],
    { readonly tone: Tone; readonly title: string; readonly text: (p: string) => string }
  >
> = {
  as_expected: {
    tone: 'good',
    title: 'The split is as expected',
    text: (chance) =>
      `Chance alone makes such a difference in up to ${chance} of experiments that are split right, however often you look. Nothing speaks against the split.`,
  },
  suspicious: {
    tone: 'warning',
    title: 'The split may be off',
    text: (chance) =>
      `In an experiment that is split right, chance rarely makes such a difference (up to ${chance}), however often you look. Look again when there are more units.`,
  },
  mismatch: {
    tone: 'bad',
    title: 'The split is off: do not use the results yet',
    text: (chance) =>
      `In an experiment that is split right, chance hardly ever makes such a difference (up to ${chance}), however often you look. Something loses or adds users of one group: a redirect or a crash, a filter of bots, or exposures that are logged late. Compare the days, and the groups by SDK.`,
  },
  not_tested: { tone: 'plain', title: 'The split is not tested', text: () => '' },
};

const SOURCES = {
  configuration: 'the configuration',
  specs: "Statsig's specs",
  equal: 'equal shares',
} as const;

/** The verdict for somebody who knows no statistics, then the figures of the test for somebody who does. */
function Verdict({ check, units }: { readonly check: Check; readonly units: number }) {
  const { verdict, p_value: p, alpha, unexpected_groups: unexpected, untested } = check;
  const { deployment } = useConsole();
  const { tone, title, text } = VERDICTS[verdict];
  return (
    <section class={`note ${tone}`} aria-label="The split">
      <p>
        <strong>{title}</strong>
      </p>
      {untested !== null && (
        <p>
          <Prose text={untested.text} />
        </p>
      )}
      {p !== null && (
        <p>
          {deviationText(check.groups, units)} {text(chanceText(p))}
        </p>
      )}
      {unexpected.length > 0 && (
        <p>
          Groups that have units but are not expected: {unexpected.join(', ')}.{' '}
          {check.expected_from === 'specs'
            ? `If they are new, pull the specs again: ${sluiceCommand(deployment.commandOptions, ['groups', 'pull'])}.`
            : 'If they belong to the experiment, add them to its split.'}
        </p>
      )}
      {p !== null && check.expected_from !== null && (
        <p class="faint">
          p = {formatP(p)}, valid on every day that you look; a mismatch below {alpha}. Expected by{' '}
          {SOURCES[check.expected_from]}.
        </p>
      )}
    </section>
  );
}

/** A probability in words: `about 1 in 280,000`, `33 %`. */
function chanceText(p: number): string {
  if (p >= 0.01) return formatShare(p);
  const one = p > 0 ? 1 / p : Number.POSITIVE_INFINITY;
  if (one >= 1e9) return 'less than 1 in a billion';
  return `1 in ${formatCount(Number(one.toPrecision(2)))}`;
}

function formatP(value: number): string {
  return value === 0 || value >= 0.0001 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** The group that is furthest off: `Video has 680 units, 111 fewer than the 791 expected: 4.7 % of all units.` */
function deviationText(groups: readonly Group[], units: number): string {
  const tested = groups.filter(({ expected }) => expected !== null);
  const [worst] = tested.sort((one, other) => Math.abs(off(other)) - Math.abs(off(one)));
  if (worst === undefined) return '';
  const difference = Math.round(off(worst));
  const expected = formatCount(Math.round(worst.expected ?? 0));
  const has = `${titleOf(worst)} has ${formatNoun(worst.units, 'unit')}`;
  if (difference === 0) return `${has}, and ${expected} were expected; no other group is further off.`;
  return `${has}, ${formatCount(Math.abs(difference))} ${difference < 0 ? 'fewer' : 'more'} than the ${expected} expected: ${formatShare(Math.abs(off(worst)) / Math.max(1, units))} of all units. No other group is further off.`;
}

function off({ units, expected }: Group): number {
  return units - (expected ?? units);
}

/** Characters of a group's name that are shown. */
const NAME_SHOWN = 120;

function titleOf({ group_id, group_name }: Pick<Group, 'group_id' | 'group_name'>): string {
  return (group_name ?? group_id).slice(0, NAME_SHOWN);
}

function Groups({ check, units }: { readonly check: Check; readonly units: number }) {
  const { groups, unexpected_groups: unexpected } = check;
  const expected: Column<Group> = [
    'Expected',
    (group) =>
      group.expected === null ? (
        <Badge tone={unexpected.includes(group.group_id) ? 'bad' : 'plain'}>
          {unexpected.includes(group.group_id) ? 'not expected' : 'not tested'}
        </Badge>
      ) : (
        `${formatCount(Math.round(group.expected))} (${signed(Math.round(off(group)))})`
      ),
    'number',
  ];
  return (
    <>
      <SplitBar groups={groups} />
      <DataTable
        caption="Groups of the experiment"
        rows={groups}
        keyOf={(group) => group.group_id}
        columns={[
          ['Group', titleOf],
          ['ID', ({ group_id }) => group_id.slice(0, NAME_SHOWN), 'mono'],
          ['Units', (group) => group.units, 'number'],
          ['Share', (group) => formatShare(units === 0 ? 0 : group.units / units), 'number'],
          ...(groups.some((group) => group.expected !== null) ? [expected] : []),
          ['Exposures', (group) => group.exposures, 'number'],
          ['Crossovers', (group) => group.crossovers, 'number'],
          [`Without ${check.unit}`, (group) => group.null_units, 'number'],
        ]}
      />
    </>
  );
}

function signed(value: number): string {
  return value > 0 ? `+${formatCount(value)}` : formatCount(value).replace('-', '−');
}

function Notes({ check, units }: { readonly check: Check; readonly units: number }) {
  const { crossovers, p_value: p, p_value_without_crossovers: without, alpha } = check;
  const depends = p !== null && without !== null && p < alpha !== without < alpha;
  return (
    <ul>
      {crossovers > 0 && (
        <li>
          {formatNoun(crossovers, 'unit')} ({formatShare(crossovers / Math.max(1, units))}) saw several
          groups. Each counts in the group that it saw first.
          {without !== null && ` Without them, p = ${formatP(without)}.`}
          {depends && ' The verdict depends on them: find out why users change groups.'}
        </li>
      )}
      {!check.holdouts_known && (
        <li>
          Holdouts are not known: until <code>holdouts</code> is set or the specs are pulled, units that are
          held out count as another group.
        </li>
      )}
      {check.held_out > 0 && (
        <li>
          {formatNoun(check.held_out, 'unit')} were kept out by a holdout. They are in no group.
          {check.held_out_in_groups > 0 &&
            ` ${formatCount(check.held_out_in_groups)} of the units above were held out at another time.`}
        </li>
      )}
      {check.null_units > 0 && (
        <li>
          {formatCount(check.null_units)} exposures (
          {formatShare(check.null_units / Math.max(1, check.exposures))}) have no {check.unit} and count for
          no unit. If it is split by another ID, choose that above.
        </li>
      )}
      <li>
        First seen <Time at={check.first_seen} />, last <Time at={check.last_seen} /> UTC.
      </li>
      {check.shared && <li>A gate and an experiment have this name: each has its own row in the list.</li>}
    </ul>
  );
}

function Days({ check: { days, groups } }: { readonly check: Check }) {
  const of = (ds: string, id: string) => days.find((one) => one.ds === ds && one.group_id === id);
  const sum = (ds: string) =>
    days.filter((one) => one.ds === ds).reduce((total, { exposures }) => total + exposures, 0);
  return (
    <DataTable<string>
      caption="New units of each group, and exposures, by day"
      rows={[...new Set(days.map(({ ds }) => ds))].sort().reverse()}
      keyOf={(ds) => ds}
      columns={[
        ['Day', (ds) => ds],
        ...groups.map(
          (group): Column<string> => [titleOf(group), (ds) => of(ds, group.group_id)?.units ?? 0, 'number'],
        ),
        ['Exposures', sum, 'number'],
      ]}
    />
  );
}

/** Groups as parts of one bar; below it a mark where each should end by the expected split. */
export function SplitBar({
  groups,
}: {
  readonly groups: readonly Pick<Group, 'group_id' | 'group_name' | 'units' | 'expected'>[];
}) {
  const units = groups.reduce((sum, group) => sum + group.units, 0);
  const expected = groups.reduce((sum, group) => sum + (group.expected ?? 0), 0);
  let [end, wanted] = [0, 0];
  const parts = groups.map((group) => {
    const from = end;
    end += units === 0 ? 0 : (group.units / units) * 100;
    wanted += expected === 0 ? 0 : ((group.expected ?? 0) / expected) * 100;
    return { id: group.group_id, from, width: end - from, wanted };
  });
  const label = groups
    .map(
      (one) =>
        `${titleOf(one)} ${one.units}${one.expected === null ? '' : ` of ${Math.round(one.expected)}`}`,
    )
    .join(', ');
  return (
    <svg class="split" viewBox="0 0 100 12" preserveAspectRatio="none" role="img" aria-label={label}>
      {parts.map(({ id, from, width }, i) => (
        <rect key={id} class={`fill-${(i % 4) + 1}`} x={from} y={0} width={width} height={9} />
      ))}
      {groups.every((group) => group.expected !== null) &&
        parts.slice(0, -1).map(({ id, wanted: at }) => <path key={id} d={`M${at} 0V12`} />)}
    </svg>
  );
}
