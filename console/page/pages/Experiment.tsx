import { sluiceCommand } from '../../../observe/commands.ts';
import type { ExperimentCheck } from '../../../observe/experiments/checkExperiment.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { Choice, Filters, TextFilter } from '../parts/filters.tsx';
import { formatBytes, formatCount, formatNoun, formatShare, formatSpan } from '../parts/format.ts';
import { Answered, Badge, Figures, Folded, Prose, Time, type Tone } from '../parts/parts.tsx';
import { setParams } from '../parts/router.ts';
import { type Column, DataTable } from '../parts/tables.tsx';

type Group = ExperimentCheck['groups'][number];

/** One experiment or gate: its units, and whether they are split as expected. */
export function Experiment({ name, isGate }: { readonly name: string; readonly isGate: boolean }) {
  const { unit, from, to, environment, equal } = useConsole().route.params;
  const gate = isGate || undefined;
  const check = useApi<ExperimentCheck>('/api/experiment', {
    ...{ name, gate, unit, from, to, environment, equal },
  });
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

function Choices({ check }: { readonly check: ExperimentCheck }) {
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

function Checked({ check }: { readonly check: ExperimentCheck }) {
  const { units, exposures, crossovers, null_units: without } = check;
  return (
    <>
      <Verdict check={check} />
      <Figures
        of={[
          ['Units', units],
          ['Exposures', exposures],
          ['Crossovers', crossovers, crossovers > units / 100 ? 'warning' : 'plain'],
          ['Held out', check.holdouts_known ? check.held_out : 'not known'],
          [`Exposures without ${check.unit}`, without, without > exposures / 20 ? 'warning' : 'plain'],
          ['Newest row', check.lag_ms === null ? null : `${formatSpan(check.lag_ms)} ago`],
        ]}
      />
      <Groups check={check} />
      <ul>
        {crossovers > 0 && (
          <li>
            {formatNoun(crossovers, 'unit')} saw several groups. Each counts in the group that it saw first.
          </li>
        )}
        {!check.holdouts_known && (
          <li>
            Holdouts are not known: until <code>holdouts</code> is set or the specs are pulled, units that are
            held out count as another group.
          </li>
        )}
        {without > 0 && (
          <li>
            Exposures without {check.unit} count for no unit. If it is split by another ID, choose that above.
          </li>
        )}
        <li>
          First seen <Time at={check.first_seen} />, last <Time at={check.last_seen} /> UTC.
        </li>
        {check.shared && <li>A gate and an experiment have this name: each has its own row in the list.</li>}
      </ul>
      <Folded title="New units by day">{() => <Days check={check} />}</Folded>
      <p class="faint">{formatBytes(check.scanned_bytes)} read.</p>
    </>
  );
}

const VERDICTS: Readonly<
  Record<ExperimentCheck['verdict'], readonly [tone: Tone, title: string, text: string]>
> = {
  as_expected: ['good', 'The split is as expected', 'Nothing speaks against the split.'],
  suspicious: ['warning', 'The split may be off', 'Look again when there are more units.'],
  mismatch: [
    'bad',
    'The split is off: do not use the results yet',
    'Something loses or adds users of one group: a redirect or a crash, a filter of bots, or exposures that are logged late. Compare the days, and the groups by SDK.',
  ],
  not_tested: ['plain', 'The split is not tested', ''],
};

const SOURCES = {
  configuration: 'the configuration',
  specs: "Statsig's specs",
  equal: 'equal shares',
} as const;

/** The verdict in words, then the figures of the test. */
function Verdict({ check }: { readonly check: ExperimentCheck }) {
  const { p_value: p, alpha, expected_from: source, unexpected_groups: unexpected, untested } = check;
  const { commandOptions } = useConsole().deployment;
  const [tone, title, text] = VERDICTS[check.verdict];
  return (
    <section class={`note ${tone}`} aria-label="The split">
      <p>
        <strong>{title}</strong>
      </p>
      <p>{untested === null ? text : <Prose text={untested.text} />}</p>
      {unexpected.length > 0 && (
        <p>
          Groups that have units but are not expected: {unexpected.join(', ')}.{' '}
          {source === 'specs'
            ? `If they are new, pull the specs again: ${sluiceCommand(commandOptions, ['groups', 'pull'])}.`
            : 'If they belong to the experiment, add them to its split.'}
        </p>
      )}
      {p !== null && source !== null && (
        <p class="faint">
          p = {p === 0 || p >= 0.0001 ? String(Number(p.toPrecision(4))) : p.toExponential(2)}: of experiments
          that are split right, at most this share ever looks so. A mismatch is below {alpha}. The largest
          deviation is {formatShare(check.largest_deviation ?? 0)} of the units. Expected by {SOURCES[source]}
          .
        </p>
      )}
    </section>
  );
}

/** Characters of a group's name that are shown. */
const NAME_SHOWN = 120;

function titleOf({ group_id, group_name }: Group): string {
  return (group_name ?? group_id).slice(0, NAME_SHOWN);
}

function Groups({ check }: { readonly check: ExperimentCheck }) {
  const { groups, units, unexpected_groups: unexpected } = check;
  const expected: Column<Group> = [
    'Expected',
    ({ group_id, expected: wanted }) =>
      wanted === null ? (
        <Badge tone={unexpected.includes(group_id) ? 'bad' : 'plain'}>
          {unexpected.includes(group_id) ? 'not expected' : 'not tested'}
        </Badge>
      ) : (
        Math.round(wanted)
      ),
    'number',
  ];
  return (
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
        ['Crossovers', (group) => group.crossovers, 'number'],
      ]}
    />
  );
}

function Days({ check: { days, groups } }: { readonly check: ExperimentCheck }) {
  return (
    <DataTable<string>
      caption="New units of each group by day"
      rows={[...new Set(days.map(({ ds }) => ds))].reverse()}
      keyOf={(ds) => ds}
      columns={[
        ['Day', (ds) => ds],
        ...groups.map(
          (group): Column<string> => [
            titleOf(group),
            (day) => days.find(({ ds, group_id }) => ds === day && group_id === group.group_id)?.units ?? 0,
            'number',
          ],
        ),
      ]}
    />
  );
}
