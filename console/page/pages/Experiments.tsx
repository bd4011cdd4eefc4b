import type { ExperimentList } from '../../../observe/experiments/checkExperiment.ts';
import type { SplitVerdict } from '../../../observe/experiments/testGroups.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { Choice, DaysFilter, EnvironmentFilter, Filters, TextFilter } from '../parts/filters.tsx';
import { formatBytes, formatCount, formatShare } from '../parts/format.ts';
import { Answered, Badge, Card, Empty, Page, type Tone } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable, More } from '../parts/tables.tsx';
import { Experiment } from './Experiment.tsx';

type Listed = ExperimentList['experiments'][number];

const VERDICTS: Readonly<Record<SplitVerdict, readonly [tone: Tone, words: string]>> = {
  as_expected: ['good', 'as expected'],
  suspicious: ['warning', 'suspicious'],
  mismatch: ['bad', 'mismatch'],
  not_tested: ['plain', 'not tested'],
};

/** The page Experiments: experiments and gates, whether their units are split as expected, and each one in place. */
export function Experiments() {
  const { kind = 'experiment', days = '30', search, environment } = useConsole().route.params;
  const list = useApi<ExperimentList>('/api/experiments', {
    ...{ days, search, environment },
    kind: kind === 'all' ? undefined : kind,
  });
  return (
    <Page
      title="Experiments"
      intro="Experiments and gates that have exposures. Each split is tested: a split that is off means lost or duplicated users, and results that cannot be trusted."
    >
      <Filters>
        <Choice
          label="Show"
          name="kind"
          value={kind}
          choices={[
            ['experiment', 'experiments'],
            ['gate', 'gates'],
            ['all', 'both'],
          ]}
        />
        <DaysFilter days={days} choices={['7', '30', '90', '365']} />
        <TextFilter label="Name contains" name="search" value={search} />
        <EnvironmentFilter value={environment} />
      </Filters>
      <Card>
        <Answered of={list}>
          {(answer) => (
            <>
              {answer.experiments.length === 0 ? <Nothing list={answer} /> : <Found list={answer} />}
              <More hasMore={answer.experiments.length < answer.total} how="filter by a part of the name" />
            </>
          )}
        </Answered>
      </Card>
    </Page>
  );
}

function Found({ list }: { readonly list: ExperimentList }) {
  return (
    <>
      <DataTable<Listed>
        caption="Experiments and gates with exposures"
        rows={list.experiments}
        keyOf={({ kind, experiment }) => (kind === 'gate' ? `gate ${experiment}` : experiment)}
        params={['name', 'unit', 'from', 'to', 'equal']}
        unfold={({ experiment, kind }) => <Experiment name={experiment} isGate={kind === 'gate'} />}
        columns={[
          ['Experiment', ({ experiment }) => cutName(experiment)],
          ['Split', (one) => <Split of={one} />],
          ['Groups', (one) => <Groups of={one} />],
          ['Units', ({ units }) => units, 'number'],
          ['Exposures', ({ exposures }) => exposures, 'number'],
          ['Crossovers', ({ crossovers }) => crossovers, 'number'],
          ['Last seen', (one) => one.last_seen, 'time'],
        ]}
      />
      <p class="faint">
        {formatCount(list.total)} with exposures from {list.from} to {list.to}.{' '}
        {formatBytes(list.scanned_bytes)} read.
        {list.cut && ' There are more: those with the fewest exposures are left out.'}
        {list.without_exposures.length > 0 &&
          ` In the configuration, but without exposures in these days: ${list.without_exposures.join(', ')}.`}
      </p>
    </>
  );
}

/** Characters of a name that are shown: anybody can have sent it. */
const NAME_SHOWN = 120;

function cutName(name: string): string {
  return name.length <= NAME_SHOWN ? name : `${name.slice(0, NAME_SHOWN)}…`;
}

function Split({ of }: { readonly of: Listed }) {
  const [tone, words] = VERDICTS[of.verdict];
  const note =
    of.unexpected_groups.length > 0
      ? `unexpected groups: ${of.unexpected_groups.length}`
      : of.largest_deviation !== null
        ? `off by ${formatShare(of.largest_deviation)}`
        : (of.untested?.reason.replaceAll('_', ' ') ?? '');
  return (
    <>
      <Badge tone={tone}>{words}</Badge> <small class="faint">{note}</small>
    </>
  );
}

/** Groups that a line names. */
const GROUPS_SHOWN = 4;

function Groups({ of: { groups } }: { readonly of: Listed }) {
  const shown = groups.slice(0, GROUPS_SHOWN);
  const more = groups.length - shown.length;
  return (
    <small class="faint">
      {shown
        .map(({ group_id, group_name, units }) => `${cutName(group_name ?? group_id)} ${formatCount(units)}`)
        .join(', ')}
      {more > 0 && `, ${more} more`}
    </small>
  );
}

function Nothing({ list }: { readonly list: ExperimentList }) {
  return (
    <Empty title={`There are no exposures in ${list.environment}.`}>
      <p>
        Looked from {list.from} to {list.to}. An SDK logs an exposure when the application checks an
        experiment or a gate, and a row is here once its stream delivered it.{' '}
        <a href={link('/live')}>See what comes in</a>, or{' '}
        <a href={link('/experiments', { kind: 'all' })}>show experiments and gates</a>.
      </p>
    </Empty>
  );
}
