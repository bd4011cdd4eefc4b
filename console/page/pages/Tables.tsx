import { useState } from 'preact/hooks';
import type { CuratedCalendar } from '../../../observe/curate/curatedDays.ts';
import type { SqlPage } from '../../../observe/runSql.ts';
import type { TableFile, TableFiles } from '../../../observe/tables/dayFiles.ts';
import type { RowSample } from '../../../observe/tables/sampleRows.ts';
import type { TableDay, TableDays } from '../../../observe/tables/tableDays.ts';
import type { TableList, TableSummary } from '../../../observe/tables/tables.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import { useApi } from '../parts/api.ts';
import { DAY_STATES, DayMap, type DayMetric } from '../parts/DayMap.tsx';
import { formatCount } from '../parts/format.ts';
import {
  Badge,
  Bytes,
  Card,
  Count,
  DataTable,
  Empty,
  Loading,
  Page,
  Problem,
  Time,
  usePages,
} from '../parts/parts.tsx';
import { RowTable } from '../parts/RowTable.tsx';
import { link, type Route } from '../parts/router.ts';
import { Curation, curatedColumns } from './CuratedDays.tsx';

interface PageProps {
  readonly route: Route;
  readonly deployment: DeploymentAnswer;
}

/** The page Tables: all tables; `?table=` its days; `&day=` the files and rows of one; `&file=` the rows of a file. */
export function Tables({ route, deployment }: PageProps) {
  const { table, day, file } = route.params;
  const list = useApi<TableList>('/api/tables');
  const found = list.answer?.tables.find(({ name }) => name === table);
  if (table === undefined)
    return (
      <Page
        title="Tables"
        intro={`Everything that can be queried in the database ${deployment.database}.`}
        tools={
          <a class="button" href={link('/sql')}>
            Write SQL
          </a>
        }
      >
        {list.error && <Problem error={list.error} />}
        {list.answer === undefined ? list.isLoading && <Loading /> : <List list={list.answer} />}
      </Page>
    );
  return (
    <Page
      title={day === undefined ? table : `${table}, ${day}`}
      intro={found?.description}
      tools={
        <>
          {day !== undefined && (
            <a class="button" href={link('/tables', { table })}>
              All days
            </a>
          )}
          {day === undefined && found !== undefined && (
            <a class="button" href={link('/sql', { q: queryOf(found) })}>
              Query it
            </a>
          )}
          <a class="button" href={link('/tables')}>
            All tables
          </a>
        </>
      }
    >
      {list.error && <Problem error={list.error} />}
      {list.answer === undefined && list.isLoading && <Loading />}
      {list.answer !== undefined && found === undefined && (
        <Empty title={`The database ${deployment.database} has no table ${table}.`}>
          <a href={link('/tables')}>All tables</a>
        </Empty>
      )}
      {found !== undefined && day === undefined && (
        <OneTable key={table} table={found} deployment={deployment} />
      )}
      {found !== undefined && day !== undefined && (
        <OneDay key={`${table} ${day} ${file}`} table={found} day={day} file={file} />
      )}
    </Page>
  );
}

/** A query to begin with: of the newest day, so that it reads little. */
function queryOf({ name, days }: TableSummary): string {
  const newest = days?.last ?? null;
  return `SELECT *\nFROM ${name}${newest === null ? '' : `\nWHERE ds = DATE '${newest}'`}\nLIMIT 100`;
}

const KINDS: Readonly<Record<TableSummary['kind'], string>> = {
  forwarded: 'from SDKs',
  quarantine: 'refused',
  ingested: 'from drops',
  curated: 'curated',
  groups: 'from Statsig',
  view: 'view',
  other: 'other',
};

function List({ list }: { readonly list: TableList }) {
  return (
    <>
      {list.missing.length > 0 && (
        <Empty title={`The configuration has tables that the database lacks: ${list.missing.join(', ')}.`}>
          <p>They exist once this configuration is deployed.</p>
        </Empty>
      )}
      <Card>
        <DataTable
          caption="Tables and views"
          rows={list.tables}
          keyOf={({ name }) => name}
          columns={[
            { name: 'Name', show: ({ name }) => <a href={link('/tables', { table: name })}>{name}</a> },
            { name: 'Kind', show: ({ kind }) => <Badge tone="plain">{KINDS[kind]}</Badge> },
            { name: 'Days', isNumber: true, show: ({ days }) => days !== null && <Count n={days.count} /> },
            {
              name: 'From',
              show: ({ days }) => <span class="nowrap">{days?.first}</span>,
            },
            { name: 'To', show: ({ days }) => <span class="nowrap">{days?.last}</span> },
            { name: 'Columns', isNumber: true, show: ({ columns }) => columns.length },
            {
              name: 'Content of a row',
              show: ({ description, dataset }) =>
                dataset === null ? description : `${description} (${dataset.source}, ${dataset.name})`,
            },
          ]}
        />
      </Card>
    </>
  );
}

/** Whether a query of a view reads every day, as it has no day to ask for. */
function readsAllDays({ kind, hasDayColumn }: TableSummary): boolean {
  return kind === 'view' && !hasDayColumn;
}

/** A year, in whole weeks. */
const MAP_DAYS = 371;

function OneTable({
  table,
  deployment,
}: {
  readonly table: TableSummary;
  readonly deployment: DeploymentAnswer;
}) {
  return (
    <>
      {table.hasDays ? (
        <Calendar table={table} deployment={deployment} />
      ) : (
        <>
          {table.location !== null && <Files table={table.name} />}
          <Sample table={table.name} isExpensive={!deployment.isLocal && readsAllDays(table)} />
        </>
      )}
      <Card title={`Columns (${table.columns.length})`}>
        <DataTable
          caption={`Columns of ${table.name}`}
          rows={table.columns}
          keyOf={({ name }) => name}
          columns={[
            { name: 'Column', show: ({ name }) => <span class="mono">{name}</span> },
            {
              name: 'Type',
              show: ({ type, isKey }) => (
                <>
                  <span class="mono">{type}</span> {isKey && <Badge tone="accent">partition key</Badge>}
                </>
              ),
            },
            { name: 'Meaning', show: ({ comment }) => comment },
          ]}
        />
      </Card>
    </>
  );
}

function Calendar({
  table,
  deployment,
}: {
  readonly table: TableSummary;
  readonly deployment: DeploymentAnswer;
}) {
  const [metric, setMetric] = useState<DayMetric>(deployment.isLocal ? 'rows' : 'bytes');
  const pages = usePages();
  const about = { table: table.name, limit: MAP_DAYS, cursor: pages.cursor };
  // Files and bytes come at once; rows are a query, which a deployment is asked for only when somebody wants it.
  const listed = useApi<TableDays>('/api/tables/days', { ...about, noRows: true });
  const counted = useApi<TableDays>('/api/tables/days', about, { isOff: metric !== 'rows' });
  const answer = (metric === 'rows' ? counted.answer : undefined) ?? listed.answer;
  const shown: DayMetric = metric === 'rows' && counted.answer === undefined ? 'bytes' : metric;
  const error = listed.error ?? (metric === 'rows' ? counted.error : undefined);
  const hrefOf = (day: string) => link('/tables', { table: table.name, day });
  const problems = answer?.days.filter(({ state }) => state === 'unregistered' || state === 'empty') ?? [];
  return (
    <Card
      title="Days"
      tools={
        <fieldset class="tools choice">
          <legend class="hidden">Color by</legend>
          {(['rows', 'bytes', 'files'] as const).map((one) => (
            <button key={one} type="button" aria-pressed={metric === one} onClick={() => setMetric(one)}>
              {one === 'rows' ? 'Rows' : one === 'bytes' ? 'Bytes' : 'Files'}
            </button>
          ))}
        </fieldset>
      }
    >
      {error && <Problem error={error} />}
      {answer === undefined && listed.isLoading && <Loading />}
      {answer !== undefined && answer.first === null && (
        <Empty title="The table has no days yet.">
          <p>
            Its first day appears when a file lands. Rows that streams still buffer are on{' '}
            <a href={link('/')}>Now</a>.
          </p>
        </Empty>
      )}
      {answer !== undefined && answer.first !== null && (
        <>
          <p class="faint">
            {answer.first} to {answer.last}
            {metric === 'rows' && counted.answer === undefined && counted.isLoading && ', counting rows …'}
            {problems.length > 0 &&
              `, ${formatCount(problems.length)} of the days below ${problems.length === 1 ? 'needs' : 'need'} a look`}
          </p>
          <DayMap
            label={`Days of ${table.name} by ${shown}`}
            days={withGaps(answer.days)}
            metric={shown}
            hrefOf={hrefOf}
          />
          <DayTable days={answer.days} hrefOf={hrefOf} of={table} />
          {pages.pager(answer.next)}
        </>
      )}
    </Card>
  );
}

/** Days that are shown at first. */
const FIRST_DAYS = 14;

function DayTable(props: {
  readonly days: readonly TableDay[];
  readonly hrefOf: (day: string) => string;
  readonly of: Pick<TableSummary, 'forwardedKind'>;
}) {
  const [isLong, setLong] = useState(false);
  const days = isLong ? props.days : props.days.slice(0, FIRST_DAYS);
  const kind = props.of.forwardedKind;
  const [last, first] = [days[0]?.day, days.at(-1)?.day];
  const curated = useApi<CuratedCalendar>(
    '/api/curate',
    { kind: kind ?? '', until: last, days: first && last ? Math.min(MAP_DAYS, spanOf(first, last)) : 1 },
    { isOff: kind === null || last === undefined },
  );
  return (
    <>
      {curated.error && <Problem error={curated.error} />}
      {curated.answer && <Curation calendar={curated.answer} onDone={curated.reload} />}
      <DataTable
        caption="Days, the newest first"
        rows={days}
        keyOf={({ day }) => day}
        columns={[
          {
            name: 'Day',
            show: ({ day }) => (
              <a class="nowrap" href={props.hrefOf(day)}>
                {day}
              </a>
            ),
          },
          { name: 'Rows', isNumber: true, show: ({ rows }) => <Count n={rows} /> },
          { name: 'Files', isNumber: true, show: ({ files }) => <Count n={files} /> },
          { name: 'Size', isNumber: true, show: ({ bytes }) => <Bytes n={bytes} /> },
          { name: 'Newest file', show: ({ lastModified }) => <Time at={lastModified} /> },
          { name: 'Note', show: (day) => <DayState state={day.state} /> },
          ...curatedColumns(curated.answer),
        ]}
      />
      {props.days.length > FIRST_DAYS && (
        <button type="button" onClick={() => setLong(!isLong)} aria-expanded={isLong}>
          {isLong ? 'Fewer days' : `All ${props.days.length} days`}
        </button>
      )}
    </>
  );
}

/** Days from one to another, both included. */
function spanOf(first: string, last: string): number {
  return (Date.parse(last) - Date.parse(first)) / DAY_MS + 1;
}

function DayState({ state }: { readonly state: TableDay['state'] }) {
  if (state === 'filled') return null;
  const tone = state === 'unregistered' ? 'bad' : state === 'empty' || state === 'gap' ? 'warning' : 'plain';
  return <Badge tone={tone}>{DAY_STATES[state]}</Badge>;
}

const DAY_MS = 86_400_000;

/** Every day of a calendar has a square, those that the answer leaves out as well: before the first file. */
function withGaps(days: readonly TableDay[]): readonly TableDay[] {
  const known = new Map(days.map((one) => [one.day, one]));
  const [newest, oldest] = [days[0], days.at(-1)];
  if (newest === undefined || oldest === undefined) return [];
  const all: TableDay[] = [];
  for (let at = Date.parse(oldest.day); at <= Date.parse(newest.day); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    const none = { state: 'gap', rows: 0, files: 0, bytes: 0, lastModified: null, location: '' } as const;
    all.push(known.get(day) ?? { day, ...none });
  }
  return all;
}

function OneDay(props: {
  readonly table: TableSummary;
  readonly day: string;
  readonly file: string | undefined;
}) {
  const { table, day, file } = props;
  return (
    <>
      {table.location !== null && <Files table={table.name} day={day} chosen={file} />}
      <Sample table={table.name} day={day} file={file} />
    </>
  );
}

function Files(props: {
  readonly table: string;
  readonly day?: string;
  readonly chosen?: string | undefined;
}) {
  const { table, day, chosen } = props;
  const pages = usePages();
  const { answer, error, isLoading } = useApi<TableFiles>('/api/tables/files', {
    table,
    day,
    cursor: pages.cursor,
  });
  const prefix = answer?.location.replace(/^s3:\/\/[^/]+\//, '') ?? '';
  const bucket = answer?.location.slice(0, answer.location.length - prefix.length) ?? '';
  const others = answer?.versions?.filter((version) => !answer.location.endsWith(`/${version}/`)) ?? [];
  const rowsOf = ({ key }: TableFile) => link('/tables', { table, day, file: `${bucket}${key}` });
  return (
    <Card title="Files">
      {error && <Problem error={error} />}
      {answer === undefined && isLoading && <Loading />}
      {answer !== undefined && (
        <>
          <p class="mono faint path">{answer.location}</p>
          {!answer.isRegistered && answer.files.length > 0 && (
            <p>
              <Badge tone="bad">no partition</Badge> Readers do not see these files. The hourly run of the
              function <code>register</code> adds missing partitions of the tables that streams fill.
            </p>
          )}
          {others.length > 0 && (
            <p class="faint">Other versions of the day, which readers do not see: {others.join(', ')}</p>
          )}
          {answer.files.length === 0 ? (
            <Empty title={day === undefined ? 'There is no file yet.' : 'The day has no files.'} />
          ) : (
            <DataTable
              caption={`Files of ${table}`}
              rows={answer.files}
              keyOf={({ key }) => key}
              classOf={({ key }) => (`${bucket}${key}` === chosen ? 'chosen' : undefined)}
              columns={[
                {
                  name: 'File',
                  show: (one) => (
                    <a class="mono" href={rowsOf(one)}>
                      {one.key.slice(prefix.length)}
                    </a>
                  ),
                },
                { name: 'Rows', isNumber: true, show: ({ rows }) => <Count n={rows} /> },
                { name: 'Row groups', isNumber: true, show: ({ rowGroups }) => <Count n={rowGroups} /> },
                { name: 'Size', isNumber: true, show: ({ bytes }) => <Bytes n={bytes} /> },
                { name: 'Last modified', show: ({ lastModified }) => <Time at={lastModified} /> },
              ]}
            />
          )}
          {pages.pager(answer.next)}
        </>
      )}
    </Card>
  );
}

function Sample(props: {
  readonly table: string;
  readonly day?: string;
  readonly file?: string | undefined;
  /** Whether it is read only when somebody asks for it. */
  readonly isExpensive?: boolean;
}) {
  const { table, day, file, isExpensive = false } = props;
  const [isAsked, setAsked] = useState(!isExpensive);
  const pages = usePages();
  const first = useApi<RowSample>('/api/tables/sample', { table, day, file }, { isOff: !isAsked });
  const more = useApi<SqlPage>(
    '/api/sql/rows',
    { id: first.answer?.id, limit: 20, cursor: pages.cursor },
    { isOff: pages.cursor === undefined || first.answer === undefined },
  );
  const page = pages.cursor === undefined ? first.answer : more.answer;
  const error = first.error ?? more.error;
  const name = file?.slice(file.lastIndexOf('/') + 1);
  return (
    <Card
      title={name === undefined ? 'Some rows' : <>Some rows of {name}</>}
      tools={
        first.answer && (
          <a class="button" href={link('/sql', { q: first.answer.sql })}>
            As SQL
          </a>
        )
      }
    >
      {error && <Problem error={error} />}
      {!isAsked && (
        <button type="button" onClick={() => setAsked(true)}>
          Read some rows: the query reads all days
        </button>
      )}
      {isAsked && page === undefined && error === undefined && <Loading />}
      {page !== undefined && page.rows.length === 0 && <Empty title="There are no rows." />}
      {page !== undefined && page.rows.length > 0 && (
        <RowTable
          key={pages.cursor ?? ''}
          caption={`Rows of ${table}`}
          columns={page.columns}
          rows={page.rows}
        />
      )}
      {page !== undefined && pages.pager(page.next)}
      {first.answer !== undefined && (
        <p class="faint">
          In no order. Athena read <Bytes n={first.answer.scannedBytes} />.
        </p>
      )}
    </Card>
  );
}
