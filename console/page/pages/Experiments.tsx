import type { experimentListJson } from '../../../observe/experiments/listExperiments.ts';
import { useApi } from '../parts/api.ts';
import { DaysFilter, EnvironmentFilter, OtherEnvironments, SearchFilter } from '../parts/filters.tsx';
import { formatBytes, formatCount, formatShare } from '../parts/format.ts';
import { Badge, Card, Count, DataTable, Empty, Loading, Page, Problem, usePages } from '../parts/parts.tsx';
import { link, type Route, setParams } from '../parts/router.ts';
import { Experiment } from './Experiment.tsx';
import { chanceText, cutName, groupTitle, SplitBar, VERDICTS } from './splitParts.tsx';

type List = ReturnType<typeof experimentListJson>;
type Listed = List['experiments'][number];

/** Choices of the days that the list reads. */
const DAYS = ['7', '30', '90', '365'];

/** The page Experiments: all of them, or the one that the address names. */
export function Experiments({ route }: { readonly route: Route }) {
  const { name, gate } = route.params;
  if (name !== undefined) return <Experiment key={`${gate ?? ''} ${name}`} name={name} route={route} />;
  return <ExperimentsList params={route.params} />;
}

function ExperimentsList({ params }: { readonly params: Route['params'] }) {
  const { kind = 'experiment', days = '30', search = '', environment = '' } = params;
  const { cursor, pager } = usePages(JSON.stringify([kind, days, search, environment]));
  const { answer, error, isLoading } = useApi<List>('/api/experiments', {
    days,
    search,
    environment,
    cursor,
    kind: kind === 'all' ? undefined : kind,
  });
  return (
    <Page
      title="Experiments"
      intro="Experiments and gates that have exposures. Each split is tested: a split that is off means lost or duplicated users, and results that cannot be trusted."
    >
      <search class="filters">
        <label>
          Show
          <select value={kind} onChange={(event) => setParams({ kind: event.currentTarget.value })}>
            <option value="experiment">Experiments</option>
            <option value="gate">Gates</option>
            <option value="all">Both</option>
          </select>
        </label>
        <DaysFilter days={days} choices={DAYS} />
        <SearchFilter label="Name contains" search={search} />
        <EnvironmentFilter environment={environment} />
      </search>
      {error !== undefined && <Problem error={error} />}
      {answer !== undefined && isLoading && <Loading />}
      {answer === undefined ? error === undefined && <Loading /> : <Found list={answer} params={params} />}
      {pager(answer?.next)}
    </Page>
  );
}

function Found({ list, params }: { readonly list: List; readonly params: Route['params'] }) {
  const { experiments, total } = list;
  if (experiments.length === 0) return <Nothing list={list} params={params} />;
  const off = experiments.filter(({ verdict }) => verdict === 'mismatch');
  return (
    <>
      {off.length > 0 && (
        <div class="problem" role="alert">
          <p>
            <strong>
              {off.length === 1 ? 'One split is off' : `${off.length} splits are off`}: do not use the results
              before the cause is found.
            </strong>
          </p>
          <p>
            {off.map((one, i) => (
              <span key={`${one.kind} ${one.experiment}`}>
                {i > 0 && ', '}
                <a href={linkTo(one, params)}>{cutName(one.experiment)}</a>
              </span>
            ))}
          </p>
        </div>
      )}
      <Card
        title={`${formatCount(total)} with exposures`}
        tools={
          <span class="faint">
            {list.from} to {list.to} · marks in a bar show the expected split ·{' '}
            {formatBytes(list.scanned_bytes)} read
          </span>
        }
      >
        <DataTable
          caption="Experiments and gates with exposures"
          rows={experiments}
          keyOf={(one) => `${one.kind} ${one.experiment}`}
          columns={columnsOf(params)}
        />
      </Card>
      {list.cut && <p class="faint">There are more: those with the fewest exposures are left out.</p>}
      {list.without_exposures.length > 0 && (
        <p class="faint">
          In the configuration, but without exposures in these days: {list.without_exposures.join(', ')}.
        </p>
      )}
    </>
  );
}

function columnsOf(params: Route['params']) {
  return [
    {
      name: 'Experiment',
      show: (one: Listed) => (
        <div class="name-cell">
          <a href={linkTo(one, params)}>{cutName(one.experiment)}</a>
          <span class="faint">
            {one.kind === 'gate' ? 'gate, ' : ''}
            {one.layer === null ? '' : `in the layer ${one.layer}, `}by {one.unit}
          </span>
        </div>
      ),
    },
    {
      name: 'Split',
      show: (one: Listed) => {
        const { tone, words } = VERDICTS[one.verdict];
        return (
          <div class="name-cell">
            <span>
              <Badge tone={tone}>{words}</Badge>
            </span>
            <span class="faint">{splitNote(one)}</span>
          </div>
        );
      },
    },
    { name: 'Groups', show: (one: Listed) => <GroupsCell one={one} /> },
    {
      name: 'Units',
      isNumber: true,
      show: (one: Listed) => (
        <div class="name-cell short">
          <Count n={one.units} />
          <span class="faint">{formatCount(one.exposures)} exposures</span>
        </div>
      ),
    },
    { name: 'Crossovers', isNumber: true, show: (one: Listed) => <Count n={one.crossovers} /> },
    { name: 'Held out', isNumber: true, show: (one: Listed) => <Count n={one.held_out} /> },
    {
      name: 'First and last seen',
      show: (one: Listed) => (
        <div class="name-cell short nowrap">
          <span>
            {one.may_be_older && 'before '}
            {one.first_seen?.slice(0, 10) ?? '–'}
          </span>
          <span>{one.last_seen?.slice(0, 16).replace('T', ' ') ?? '–'}</span>
        </div>
      ),
    },
  ];
}

/** Returns the note below the verdict, in a few words. */
function splitNote({ p_value, untested, unexpected_groups, largest_deviation }: Listed): string {
  if (unexpected_groups.length > 0) return `${unexpected_groups.length} unexpected group(s)`;
  if (p_value !== null && largest_deviation !== null)
    return `off by ${formatShare(largest_deviation)}; by chance: ${chanceText(p_value)}`;
  return untested === null ? '' : WHY_UNTESTED[untested.reason];
}

const WHY_UNTESTED: Readonly<Record<NonNullable<Listed['untested']>['reason'], string>> = {
  no_split: 'no expected split is known',
  share_unknown: 'a share is unknown',
  split_changed: 'the shares were changed',
  autotune: 'an autotune has no split',
  ambiguous_group: 'group names are ambiguous',
  one_group: 'only one group',
  no_units: 'no units',
  may_be_older: 'began before these days',
};

/** Groups that a line names. */
const GROUPS_SHOWN = 4;

function GroupsCell({ one }: { readonly one: Listed }) {
  const shown = one.groups.slice(0, GROUPS_SHOWN);
  return (
    <div class="groups-cell">
      <SplitBar groups={one.groups} />
      <span class="faint">
        {shown.map((group) => `${groupTitle(group)} ${group.units.toLocaleString('en-US')}`).join(' · ')}
        {one.groups.length > shown.length ? ` · ${one.groups.length - shown.length} more` : ''}
      </span>
    </div>
  );
}

function linkTo({ experiment, kind }: Listed, { environment }: Route['params']): string {
  return link('/experiments', { name: experiment, gate: kind === 'gate' ? 'true' : undefined, environment });
}

function Nothing({ list, params }: { readonly list: List; readonly params: Route['params'] }) {
  const { search = '', kind = 'experiment' } = params;
  return (
    <Empty title={`No ${kind === 'gate' ? 'gates' : 'experiments'} with exposures in ${list.environment}`}>
      <p>
        Looked from {list.from} to {list.to}
        {search === '' ? '' : ' for names with this text'}. An SDK logs an exposure when the application
        checks an experiment or a gate, and a row is here once its stream delivered it.
      </p>
      <OtherEnvironments names={list.other_environments} params={params} />
      <p>
        <a href={link('/live')}>See what comes in</a>
        {kind !== 'all' && (
          <>
            {' '}
            or <a href={link('/experiments', { ...params, kind: 'all' })}>show experiments and gates</a>
          </>
        )}
        .
      </p>
    </Empty>
  );
}
