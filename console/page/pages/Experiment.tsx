import { useMemo } from 'preact/hooks';
import { sluiceCommand } from '../../../observe/commands.ts';
import type { checkJson } from '../../../observe/experiments/checkExperiment.ts';
import { useDeployment } from '../deployment.ts';
import { useApi } from '../parts/api.ts';
import { EnvironmentFilter, OtherEnvironments } from '../parts/filters.tsx';
import { formatBytes, formatCount, formatShare, formatSpan } from '../parts/format.ts';
import { Plot } from '../parts/Plot.tsx';
import {
  Badge,
  Card,
  Count,
  DataTable,
  Empty,
  Figure,
  Loading,
  Page,
  Problem,
  Time,
} from '../parts/parts.tsx';
import { link, type Route, setParams } from '../parts/router.ts';
import { chanceText, cutName, groupTitle, SplitBar, VERDICTS } from './splitParts.tsx';

type Check = ReturnType<typeof checkJson>;
type Group = Check['groups'][number];

/** One experiment or gate: its units, and whether they are split as expected. */
export function Experiment({ name, route }: { readonly name: string; readonly route: Route }) {
  const { gate, unit, from, to, environment, equal } = route.params;
  const { answer, error, isLoading } = useApi<Check>('/api/experiment', {
    ...{ name, gate, unit, from, to, environment, equal },
  });
  return (
    <Page
      title={cutName(name)}
      intro={
        <>
          <a href={link('/experiments', { environment })}>All experiments</a>
          {answer !== undefined &&
            ` · ${answer.kind} in ${answer.environment}, units by ${answer.unit}${isLoading ? ' · reading …' : ''}`}
        </>
      }
    >
      {answer !== undefined && <Choices check={answer} params={route.params} />}
      {error !== undefined && <Problem error={error} />}
      {error !== undefined && answer === undefined && (
        <p>
          <a class="button" href={link('/experiments', { name, gate })}>
            Show it without filters
          </a>
        </p>
      )}
      {answer === undefined ? (
        error === undefined && <Loading />
      ) : (
        <Checked check={answer} params={route.params} />
      )}
    </Page>
  );
}

function Choices({ check, params }: { readonly check: Check; readonly params: Route['params'] }) {
  const { unit = '', from = '', to = '', environment = '', gate, equal } = params;
  return (
    <search class="filters">
      <label>
        Units by
        <select
          value={unit || check.unit}
          onChange={(event) => setParams({ unit: event.currentTarget.value })}
        >
          {Object.entries(check.exposures_by_unit).map(([column, exposures]) => (
            <option key={column} value={column}>
              {column} ({formatCount(exposures)} exposures)
            </option>
          ))}
        </select>
      </label>
      <label>
        First exposed from
        <input
          type="date"
          value={from}
          onChange={(event) => setParams({ from: event.currentTarget.value })}
        />
      </label>
      <label>
        to
        <input type="date" value={to} onChange={(event) => setParams({ to: event.currentTarget.value })} />
      </label>
      <EnvironmentFilter environment={environment} />
      {(check.shared || gate === 'true') && (
        <button
          type="button"
          aria-pressed={gate === 'true'}
          onClick={() => setParams({ gate: gate === 'true' ? undefined : 'true' })}
        >
          The gate of this name
        </button>
      )}
      {(check.untested?.reason === 'no_split' || equal === 'true') && (
        <button
          type="button"
          aria-pressed={equal === 'true'}
          onClick={() => setParams({ equal: equal === 'true' ? undefined : 'true' })}
        >
          Expect equal shares
        </button>
      )}
    </search>
  );
}

function Checked({ check, params }: { readonly check: Check; readonly params: Route['params'] }) {
  const units = check.groups.reduce((sum, group) => sum + group.units, 0);
  if (check.exposures === 0) return <NoExposures check={check} params={params} />;
  return (
    <>
      <Verdict check={check} units={units} />
      <div class="figures card">
        <Figure name="Units">{formatCount(units)}</Figure>
        <Figure name="Exposures">{formatCount(check.exposures)}</Figure>
        <Figure name="Crossovers" tone={check.crossovers > units / 100 ? 'warning' : 'plain'}>
          {formatCount(check.crossovers)}
        </Figure>
        <Figure name="Held out">{check.holdouts_known ? formatCount(check.held_out) : 'not known'}</Figure>
        <Figure
          name={`Without ${check.unit}`}
          tone={check.null_units > check.exposures / 20 ? 'warning' : 'plain'}
        >
          {formatCount(check.null_units)}
        </Figure>
        <Figure name="Newest row">{check.lag_ms === null ? '–' : `${formatSpan(check.lag_ms)} ago`}</Figure>
      </div>
      <Card title="Groups">
        <Groups check={check} units={units} />
      </Card>
      <Over check={check} params={params} />
      <Card title="Notes">
        <Notes check={check} units={units} params={params} />
      </Card>
      <Card title="Days">
        <Days check={check} />
      </Card>
      <p class="faint">{formatBytes(check.scanned_bytes)} read.</p>
    </>
  );
}

/** The verdict for somebody who knows no statistics, then the figures of the test for somebody who does. */
function Verdict({ check, units }: { readonly check: Check; readonly units: number }) {
  const { verdict, p_value, alpha, groups, unexpected_groups, untested } = check;
  const deployment = useDeployment();
  const { tone } = VERDICTS[verdict];
  const tested = groups.filter((group) => group.expected !== null);
  return (
    <section class={`verdict ${tone}`} aria-label="The split">
      <h2>{VERDICT_TITLES[verdict]}</h2>
      {untested !== null && <p>{untested.text}</p>}
      {p_value !== null && <p>{deviationText(tested, units)}</p>}
      {p_value !== null && <p>{VERDICT_TEXTS[verdict](chanceText(p_value))}</p>}
      {unexpected_groups.length > 0 && (
        <p>
          {unexpected_groups.length === 1 ? 'This group has' : 'These groups have'} units but{' '}
          {unexpected_groups.length === 1 ? 'is' : 'are'} not expected:{' '}
          {unexpected_groups.map(cutName).join(', ')}.{' '}
          {check.expected_from === 'specs'
            ? `If they are new, pull the specs again: ${sluiceCommand(deployment?.commandOptions ?? [], ['groups', 'pull'])}.`
            : 'If they belong to the experiment, add them to its split.'}
        </p>
      )}
      {verdict === 'mismatch' && (
        <p>
          Possible causes: a redirect or a crash that loses users of one group, a filter of bots that hits one
          group, or exposures that are logged late in one group. Compare the days below, and the groups by
          SDK.
        </p>
      )}
      {p_value !== null && check.expected_from !== null && (
        <p class="faint">
          p = {formatNumber(p_value)}, valid on every day that you look; a mismatch below {alpha}. Expected by{' '}
          {SOURCES[check.expected_from]}.
        </p>
      )}
    </section>
  );
}

const VERDICT_TITLES: Readonly<Record<Check['verdict'], string>> = {
  as_expected: 'The split is as expected',
  suspicious: 'The split may be off',
  mismatch: 'The split is off: do not use the results yet',
  not_tested: 'The split is not tested',
};

const VERDICT_TEXTS: Readonly<Record<Check['verdict'], (chance: string) => string>> = {
  as_expected: (chance) =>
    `Chance alone makes such a difference in up to ${chance} of experiments that are split right, however often you look. Nothing speaks against the split.`,
  suspicious: (chance) =>
    `In an experiment that is split right, chance rarely makes such a difference (up to ${chance}), however often you look. Look again when there are more units.`,
  mismatch: (chance) =>
    `In an experiment that is split right, chance hardly ever makes such a difference (up to ${chance}), however often you look. Something loses or adds users of one group.`,
  not_tested: () => '',
};

const SOURCES = {
  configuration: 'the configuration',
  specs: "Statsig's specs",
  equal: 'equal shares',
} as const;

/** The group that is furthest off: `Video has 680 units, 111 fewer than the 791 expected: 4.7 % of all units.` */
function deviationText(tested: readonly Group[], units: number): string {
  const [worst] = [...tested].sort((one, other) => Math.abs(off(other)) - Math.abs(off(one)));
  if (worst === undefined) return '';
  const difference = Math.round(off(worst));
  const expected = formatCount(Math.round(worst.expected ?? 0));
  const has = `${groupTitle(worst)} has ${formatCount(worst.units)} units`;
  if (difference === 0) return `${has}, and ${expected} were expected; no other group is further off.`;
  return `${has}, ${formatCount(Math.abs(difference))} ${difference < 0 ? 'fewer' : 'more'} than the ${expected} expected: ${formatShare(Math.abs(off(worst)) / Math.max(1, units))} of all units. No other group is further off.`;
}

function off({ units, expected }: Group): number {
  return units - (expected ?? units);
}

function formatNumber(value: number): string {
  return value === 0 || (value >= 0.0001 && value < 1e6)
    ? String(Number(value.toPrecision(4)))
    : value.toExponential(2);
}

function Groups({ check, units }: { readonly check: Check; readonly units: number }) {
  const isTested = check.groups.some(({ expected }) => expected !== null);
  const tested = check.groups.reduce((sum, group) => sum + (group.expected ?? 0), 0);
  return (
    <>
      <SplitBar groups={check.groups} />
      <DataTable
        caption="Groups of the experiment"
        rows={check.groups}
        keyOf={(group) => group.group_id}
        columns={[
          {
            name: 'Group',
            show: (group) => (
              <div class="name-cell">
                <span>
                  <span class={`dot fill-${(check.groups.indexOf(group) % 6) + 1}`} aria-hidden="true" />
                  {groupTitle(group)}
                </span>
                {group.group_name !== null && <span class="faint mono">{cutName(group.group_id)}</span>}
              </div>
            ),
          },
          { name: 'Units', isNumber: true, show: (group) => <Count n={group.units} /> },
          {
            name: 'Share',
            isNumber: true,
            show: (group) => formatShare(units === 0 ? 0 : group.units / units),
          },
          ...(isTested
            ? [
                {
                  name: 'Expected',
                  isNumber: true,
                  show: (group: Group) =>
                    group.expected === null ? (
                      <Badge tone={check.unexpected_groups.includes(group.group_id) ? 'bad' : 'plain'}>
                        {check.unexpected_groups.includes(group.group_id) ? 'not expected' : 'not tested'}
                      </Badge>
                    ) : (
                      `${formatCount(Math.round(group.expected))} (${formatShare(group.expected / Math.max(1, tested))})`
                    ),
                },
                {
                  name: 'Difference',
                  isNumber: true,
                  show: (group: Group) => (group.expected === null ? '' : signed(Math.round(off(group)))),
                },
              ]
            : []),
          { name: 'Exposures', isNumber: true, show: (group) => <Count n={group.exposures} /> },
          { name: 'Crossovers', isNumber: true, show: (group) => <Count n={group.crossovers} /> },
          { name: `Without ${check.unit}`, isNumber: true, show: (group) => <Count n={group.null_units} /> },
        ]}
      />
    </>
  );
}

function signed(value: number): string {
  return value > 0 ? `+${formatCount(value)}` : formatCount(value).replace('-', '−');
}

/** Days of an experiment with the units of each group, days without units included. */
function daysOf({ days, groups }: Check) {
  const listed = [...new Set(days.map(({ ds }) => ds))].sort();
  const [first, last] = [listed[0], listed.at(-1)];
  if (first === undefined || last === undefined) return [];
  const all: string[] = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += 86_400_000)
    all.push(new Date(at).toISOString().slice(0, 10));
  const units = new Map(days.map((one) => [`${one.ds} ${one.group_id}`, one]));
  return all.map((ds) => ({
    ds,
    units: groups.map(({ group_id }) => units.get(`${ds} ${group_id}`)?.units ?? 0),
    exposures: groups.reduce(
      (sum, { group_id }) => sum + (units.get(`${ds} ${group_id}`)?.exposures ?? 0),
      0,
    ),
  }));
}

function Over({ check, params }: { readonly check: Check; readonly params: Route['params'] }) {
  const isNew = params['plot'] === 'new';
  const { x, series } = useMemo(() => {
    const days = daysOf(check);
    return {
      x: days.map(({ ds }) => Date.parse(ds) / 1_000),
      series: check.groups.map((group, at) => {
        let total = 0;
        return {
          name: groupTitle(group),
          values: days.map(({ units }) => {
            total += units[at] ?? 0;
            return isNew ? (units[at] ?? 0) : total;
          }),
        };
      }),
    };
  }, [check, isNew]);
  return (
    <Card
      title="Units over time"
      tools={
        <span class="tools">
          <button type="button" aria-pressed={!isNew} onClick={() => setParams({ plot: undefined })}>
            All so far
          </button>
          <button type="button" aria-pressed={isNew} onClick={() => setParams({ plot: 'new' })}>
            New each day
          </button>
        </span>
      }
    >
      {x.length < 2 ? (
        <p class="faint">All units were first exposed on one day. A plot needs two.</p>
      ) : (
        <Plot
          label={`${isNew ? 'New units each day' : 'Units so far'} by group; the table of days has the figures`}
          x={x}
          series={series}
          isDaily
          height={260}
        />
      )}
    </Card>
  );
}

function Notes(props: { readonly check: Check; readonly units: number; readonly params: Route['params'] }) {
  const { check, units, params } = props;
  const { crossovers, p_value: p, p_value_without_crossovers: without, alpha } = check;
  const depends = p !== null && without !== null && p < alpha !== without < alpha;
  return (
    <ul class="notes">
      <li>
        <strong>Crossovers.</strong>{' '}
        {crossovers === 0
          ? 'No unit saw several groups.'
          : `${formatCount(crossovers)} units (${formatShare(crossovers / Math.max(1, units))}) saw several groups. Each counts in the group that it saw first.`}
        {crossovers > 0 && without !== null && ` Without them, p = ${formatNumber(without)}.`}
        {depends && ' The verdict depends on them: find out why users change groups.'}
      </li>
      <li>
        <strong>Held out.</strong>{' '}
        {check.holdouts_known
          ? check.held_out === 0
            ? 'No unit was kept out by a holdout.'
            : `${formatCount(check.held_out)} units were kept out by a holdout. They are in no group.${check.held_out_in_groups > 0 ? ` ${formatCount(check.held_out_in_groups)} of the units above were held out at another time.` : ''}`
          : 'Holdouts are not known: until `holdouts` is set or the specs are pulled, units that are held out count as another group.'}
      </li>
      <li>
        <strong>Without {check.unit}.</strong>{' '}
        {check.null_units === 0
          ? `Every exposure has a ${check.unit}.`
          : `${formatCount(check.null_units)} exposures (${formatShare(check.null_units / Math.max(1, check.exposures))}) have no ${check.unit} and count for no unit. If the experiment is split by another ID, choose it above.`}
      </li>
      <li>
        <strong>Seen.</strong> First <Time at={check.first_seen} />, last <Time at={check.last_seen} /> UTC.
        {check.median_delay_ms !== null &&
          ` Half of the rows arrive within ${formatSpan(check.median_delay_ms)} of the exposure.`}
      </li>
      {check.shared && (
        <li>
          <strong>Same name.</strong> A gate and an experiment have this name.{' '}
          <a
            href={link('/experiments', {
              ...params,
              gate: check.kind === 'gate' ? undefined : 'true',
              unit: undefined,
            })}
          >
            See the {check.kind === 'gate' ? 'experiment' : 'gate'}
          </a>
        </li>
      )}
    </ul>
  );
}

function Days({ check }: { readonly check: Check }) {
  const days = daysOf(check).reverse();
  return (
    <DataTable
      caption="New units of each group, and exposures, by day"
      rows={days}
      keyOf={({ ds }) => ds}
      columns={[
        { name: 'Day', show: ({ ds }) => <span class="nowrap">{ds}</span> },
        ...check.groups.map((group, at) => ({
          name: groupTitle(group),
          isNumber: true,
          show: (day: (typeof days)[number]) => <Count n={day.units[at]} />,
        })),
        { name: 'Exposures', isNumber: true, show: ({ exposures }) => <Count n={exposures} /> },
      ]}
    />
  );
}

function NoExposures({ check, params }: { readonly check: Check; readonly params: Route['params'] }) {
  return (
    <Empty title={`No exposures in ${check.environment}`}>
      <p>
        It is known from{' '}
        {check.expected_from === 'specs' ? "Statsig's specs" : 'the configuration or the specs'}, but no
        exposure to a group is queryable. A row is here once its stream delivered it.
      </p>
      <OtherEnvironments names={check.other_environments} params={params} />
      {check.held_out > 0 && <p>{formatCount(check.held_out)} units were kept out by a holdout.</p>}
    </Empty>
  );
}
