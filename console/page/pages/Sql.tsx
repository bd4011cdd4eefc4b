import { useEffect, useRef, useState } from 'preact/hooks';
import { csvLine } from '../../../lib/base/csv.ts';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import type { SqlAnswer, SqlPage, SqlRun } from '../../../observe/runSql.ts';
import type { TableList, TableSummary } from '../../../observe/tables/tables.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import type { CsvAnswer } from '../../api/sql.ts';
import { asErrorObject, callApi, useApi } from '../parts/api.ts';
import { formatSpan, formatUsd } from '../parts/format.ts';
import { Badge, Bytes, Card, Empty, Page, Problem } from '../parts/parts.tsx';
import { ResultPlot } from '../parts/ResultPlot.tsx';
import { RowTable } from '../parts/RowTable.tsx';
import { link, type Route, setParams } from '../parts/router.ts';
import { type EditorHandle, SqlEditor } from '../parts/SqlEditor.tsx';

type Dialect = 'athena' | 'duckdb';

/** Rows of a page, and all rows that DuckDB answers: it has no pages. */
const PAGE_ROWS = 200;
const DUCKDB_ROWS = 2_000;
const LOCAL_PRICE = 'At most: the local cloud counts whole files, Athena the columns that a query reads.';
/** Between two polls: soon at first. */
const POLLS_MS = [100, 200, 400, 800, 1_500];

/** The result of the last query. */
interface Outcome {
  readonly isRunning: boolean;
  readonly run?: SqlRun;
  readonly error?: ErrorObject;
  /** Pages of rows that were read, the newest last. */
  readonly pages: readonly SqlPage[];
  /** The page that is shown. */
  readonly at: number;
  /** Whether DuckDB has more rows than it answered. */
  readonly hasMore?: boolean;
}

const NOTHING: Outcome = { isRunning: false, pages: [], at: 0 };

/** The page SQL: an editor, the tables beside it, and the result. `?q=` is the text, which nothing runs by itself. */
export function Sql({ route, deployment }: { readonly route: Route; readonly deployment: DeploymentAnswer }) {
  const { q = '', dialect: asked } = route.params;
  const dialect: Dialect = asked === 'duckdb' && deployment.isLocal ? 'duckdb' : 'athena';
  const tables = useApi<TableList>('/api/tables');
  const editor = useRef<EditorHandle>(undefined);
  const [outcome, setOutcome] = useState<Outcome>(NOTHING);
  const [recent, remember] = useRecent(`${deployment.stage}-${deployment.bucket}`);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  // A link with another text: what somebody typed is the same as the address after a run.
  useEffect(() => {
    if (q !== '' && editor.current !== undefined && editor.current.text().trim() !== q.trim())
      editor.current.replace(q);
  }, [q]);

  const run = async () => {
    const sql = editor.current?.text().trim() ?? '';
    if (sql === '') return;
    running.current?.abort();
    const left = new AbortController();
    running.current = left;
    setParams({ q: sql, dialect: dialect === 'duckdb' ? dialect : undefined });
    remember({ sql, dialect });
    setOutcome({ ...NOTHING, isRunning: true });
    try {
      if (dialect === 'duckdb') {
        const { run, page, hasMore } = await callApi<SqlAnswer & { hasMore: boolean }>('/api/sql/duckdb', {
          body: { sql, limit: DUCKDB_ROWS },
          signal: left.signal,
        });
        setOutcome({ ...NOTHING, run, pages: page === null ? [] : cut(page), hasMore });
      } else await runAthena(sql, left.signal, (change) => setOutcome({ ...NOTHING, ...change }));
    } catch (error) {
      if (!left.signal.aborted) setOutcome({ ...NOTHING, error: asErrorObject(error) });
    }
  };
  const cancel = async () => {
    const { id = null } = outcome.run ?? {};
    const cancelled = running.current;
    cancelled?.abort();
    setOutcome(NOTHING);
    if (id === null) return;
    const run = await callApi<SqlRun>('/api/sql/cancel', { body: { id } }).catch(() => undefined);
    // Another query can have been started meanwhile.
    if (running.current === cancelled) setOutcome({ ...NOTHING, ...(run === undefined ? {} : { run }) });
  };
  const goTo = (line: number, column: number) => editor.current?.goTo(line, column);

  return (
    <Page
      title="SQL"
      intro={
        dialect === 'athena'
          ? `Athena's dialect, in the workgroup ${deployment.workgroup}. Unqualified names are tables of ${deployment.database}.`
          : "DuckDB's dialect, as `sluice query` has it, over the local tables. Athena does not understand all of it."
      }
    >
      <div class="sql">
        <div class="sql-main">
          <Card>
            <SqlEditor
              initial={q}
              tables={tables.answer?.tables ?? []}
              onReady={(handle) => {
                editor.current = handle;
              }}
              onRun={() => void run()}
            />
            <div class="tools sql-tools">
              {outcome.isRunning ? (
                <button type="button" onClick={() => void cancel()}>
                  Cancel
                </button>
              ) : (
                <button
                  type="button"
                  class="primary"
                  onClick={() => void run()}
                  title="Ctrl-Enter or Cmd-Enter"
                >
                  Run
                </button>
              )}
              {deployment.isLocal && (
                <label>
                  Dialect{' '}
                  <select
                    value={dialect}
                    onChange={(event) =>
                      setParams({ dialect: event.currentTarget.value === 'duckdb' ? 'duckdb' : undefined })
                    }
                  >
                    <option value="athena">Athena</option>
                    <option value="duckdb">DuckDB</option>
                  </select>
                </label>
              )}
              <State outcome={outcome} dialect={dialect} isLocal={deployment.isLocal} />
            </div>
          </Card>
          {outcome.error && <Problem error={outcome.error} />}
          {outcome.run?.problem && <Failure run={outcome.run} onGo={goTo} />}
          <Result outcome={outcome} onChange={setOutcome} />
          {recent.length === 0 && outcome.run === undefined && !outcome.isRunning && (
            <Examples
              deployment={deployment}
              tables={tables.answer?.tables ?? []}
              onPick={(sql) => editor.current?.replace(sql)}
            />
          )}
          <Recent
            recent={recent}
            onPick={(one) => {
              setParams({ q: one.sql, dialect: one.dialect === 'duckdb' ? one.dialect : undefined });
              editor.current?.replace(one.sql);
            }}
            onClear={() => remember(undefined)}
          />
        </div>
        <aside class="sql-side" aria-label="Tables">
          {tables.error && <Problem error={tables.error} />}
          <TableTree tables={tables.answer?.tables ?? []} onInsert={(text) => editor.current?.insert(text)} />
        </aside>
      </div>
    </Page>
  );
}

/** Starts a query, polls it, and reads its first rows. Stops it when the signal aborts before it has ended. */
async function runAthena(
  sql: string,
  signal: AbortSignal,
  show: (change: Partial<Outcome>) => void,
): Promise<void> {
  let run = await callApi<SqlRun>('/api/sql/start', { body: { sql }, signal });
  const { id } = run;
  if (id === null) {
    show({ run });
    return;
  }
  const stop = () => void callApi('/api/sql/cancel', { body: { id } }).catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (let poll = 0; run.state === 'queued' || run.state === 'running'; poll += 1) {
      show({ run, isRunning: true });
      await new Promise((resolve) => window.setTimeout(resolve, POLLS_MS[poll] ?? POLLS_MS.at(-1)));
      run = await callApi<SqlRun>('/api/sql/run', { params: { id }, signal });
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
  if (run.state !== 'succeeded') {
    show({ run });
    return;
  }
  show({ run, isRunning: true });
  const page = await callApi<SqlPage>('/api/sql/rows', { params: { id, limit: PAGE_ROWS }, signal });
  show({ run, pages: [page] });
}

/** All rows as pages, as Athena answers them. */
function cut(page: SqlPage): readonly SqlPage[] {
  const starts = Array.from({ length: Math.max(1, Math.ceil(page.rows.length / PAGE_ROWS)) }, (_, i) => i);
  return starts.map((i) => ({ ...page, rows: page.rows.slice(i * PAGE_ROWS, (i + 1) * PAGE_ROWS) }));
}

function State(props: { readonly outcome: Outcome; readonly dialect: Dialect; readonly isLocal: boolean }) {
  const { run, isRunning } = props.outcome;
  if (run === undefined)
    return (
      <span class="faint" role="status">
        {isRunning ? 'Running …' : ''}
      </span>
    );
  const { state, elapsedMs, scannedBytes, usd, id } = run;
  const tone = state === 'succeeded' ? 'good' : state === 'failed' ? 'bad' : 'plain';
  return (
    <span class="sql-state" role="status">
      <Badge tone={tone}>{state}</Badge>
      <span class="faint">
        {formatSpan(elapsedMs)}
        {id !== null && (
          <>
            {' · '}
            <Bytes n={scannedBytes} /> read
            {usd !== null && usd > 0 && (
              <>
                {' · '}
                <span title={props.isLocal ? LOCAL_PRICE : 'At list price, of us-east-1.'}>
                  {formatUsd(usd)}
                  {props.isLocal && ' on AWS'}
                </span>
              </>
            )}
          </>
        )}
      </span>
    </span>
  );
}

function Failure(props: { readonly run: SqlRun; readonly onGo: (line: number, column: number) => void }) {
  const { problem, state } = props.run;
  if (problem === null) return null;
  const { line, column, message } = problem;
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{state === 'cancelled' ? 'The query was stopped.' : 'The query failed.'}</strong>
      </p>
      <pre>{message}</pre>
      {line !== null && (
        <p>
          <button type="button" class="link" onClick={() => props.onGo(line, column ?? 1)}>
            Go to line {line}
            {column !== null && `, column ${column}`}
          </button>
        </p>
      )}
    </div>
  );
}

function Result(props: { readonly outcome: Outcome; readonly onChange: (outcome: Outcome) => void }) {
  const { outcome, onChange } = props;
  const { pages, at, run, hasMore } = outcome;
  const [isPlotted, setPlotted] = useState(false);
  const [note, setNote] = useState('');
  const page = pages[at];
  // A note about a download belongs to its result only.
  useEffect(() => setNote(''), [run]);
  if (page === undefined) return null;
  const id = run?.id ?? null;
  const count = pages.slice(0, at).reduce((sum, { rows }) => sum + rows.length, 0);
  const go = async (to: number) => {
    if (pages[to] !== undefined || id === null) {
      onChange({ ...outcome, at: to });
      return;
    }
    try {
      const params = { id, limit: PAGE_ROWS, cursor: pages.at(-1)?.next ?? undefined };
      const next = await callApi<SqlPage>('/api/sql/rows', { params });
      onChange({ ...outcome, pages: [...pages, next], at: to });
    } catch (error) {
      onChange({ ...outcome, error: asErrorObject(error) });
    }
  };
  const download = async () => {
    setNote('Reading …');
    try {
      const { csv, isComplete } =
        id === null
          ? { csv: csvOf(pages), isComplete: hasMore !== true }
          : await callApi<CsvAnswer>('/api/sql/csv', { params: { id } });
      save(csv);
      setNote(
        isComplete
          ? ''
          : id === null
            ? 'The first rows only: `sluice query --csv` has all.'
            : `The first 16 MB only: all of it is in ${run?.location}.`,
      );
    } catch (error) {
      setNote(asErrorObject(error).message);
    }
  };
  if (page.columns.length === 0) return <Empty title="The statement has no rows to show." />;
  const isLast = at === pages.length - 1 && page.next === null;
  return (
    <Card
      title={
        page.rows.length === 0
          ? 'No rows'
          : `Rows ${count + 1} to ${count + page.rows.length}${isLast && hasMore !== true ? '' : ', and more'}`
      }
      tools={
        <span class="tools">
          <span class="faint" role="status">
            {note}
          </span>
          <button type="button" aria-pressed={isPlotted} onClick={() => setPlotted(!isPlotted)}>
            Plot
          </button>
          <button type="button" onClick={() => void download()}>
            CSV
          </button>
        </span>
      }
    >
      {isPlotted && <ResultPlot page={page} />}
      {page.rows.length > 0 && <RowTable key={at} caption="Result" columns={page.columns} rows={page.rows} />}
      {(at > 0 || !isLast) && (
        <nav class="pager" aria-label="Pages">
          <button type="button" disabled={at === 0} onClick={() => void go(at - 1)}>
            Back
          </button>
          <span>Page {at + 1}</span>
          <button type="button" disabled={isLast} onClick={() => void go(at + 1)}>
            More
          </button>
        </nav>
      )}
      {isLast && hasMore === true && (
        <p class="faint">
          DuckDB's answer ends here. Add a LIMIT and an OFFSET, or use Athena's dialect for all rows.
        </p>
      )}
    </Card>
  );
}

function csvOf(pages: readonly SqlPage[]): string {
  const header = pages[0]?.columns.map(({ name }) => name) ?? [];
  return [header, ...pages.flatMap(({ rows }) => rows)].map(csvLine).join('');
}

/** Saves a text as a file of the browser. */
function save(csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: 'text/csv' }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = 'sluice-query.csv';
  anchor.click();
  URL.revokeObjectURL(url);
}

function TableTree(props: {
  readonly tables: readonly TableSummary[];
  readonly onInsert: (text: string) => void;
}) {
  return (
    <Card title="Tables">
      {props.tables.map(({ name, columns }) => (
        <details key={name}>
          <summary class="mono">{name}</summary>
          <p class="tree-links">
            <button type="button" class="link" onClick={() => props.onInsert(name)}>
              Insert the name
            </button>{' '}
            <a href={link('/tables', { table: name })}>Days and rows</a>
          </p>
          <ul class="tree">
            {columns.map((column) => (
              <li key={column.name}>
                <button
                  type="button"
                  class="link mono"
                  title={column.comment}
                  onClick={() => props.onInsert(column.name)}
                >
                  {column.name}
                </button>{' '}
                <span class="faint">{column.type}</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </Card>
  );
}

/** Shows examples until a query is run. */
function Examples(props: {
  readonly deployment: DeploymentAnswer;
  readonly tables: readonly TableSummary[];
  readonly onPick: (sql: string) => void;
}) {
  const examples = examplesFor(props.tables, props.deployment.now.slice(0, 10));
  if (examples.length === 0) return null;
  return (
    <Empty title="Write a query, or begin with one of these.">
      <div class="tools">
        {examples.map(([name, sql]) => (
          <button key={name} type="button" title={sql} onClick={() => props.onPick(sql)}>
            {name}
          </button>
        ))}
      </div>
      <p class="faint sql-tools">Ctrl-Enter or Cmd-Enter runs it. Tab leaves the editor.</p>
    </Empty>
  );
}

/** Queries of tables that the deployment has, in what both dialects understand; each reads a few days if it can. */
function examplesFor(
  tables: readonly TableSummary[],
  today: string,
): readonly (readonly [name: string, sql: string])[] {
  const named = (name: string) => tables.find((table) => table.name === name);
  const first = (kind: TableSummary['kind'], column: string) =>
    tables.find((table) => table.kind === kind && table.columns.some((one) => one.name === column));
  const events = named('product_events') ?? first('forwarded', 'event_name');
  const exposures = named('first_exposures');
  const refused = first('quarantine', 'reason');
  const dropped = tables.find(({ kind, days }) => kind === 'ingested' && days?.last != null);
  const week = new Date(Date.parse(today) - 6 * 86_400_000).toISOString().slice(0, 10);
  return [
    ...(events === undefined
      ? []
      : [
          [
            'Events by name, today',
            `SELECT event_name, count(*) AS events\nFROM ${events.name}\nWHERE ds = DATE '${today}'\nGROUP BY event_name\nORDER BY events DESC`,
          ] as const,
        ]),
    ...(exposures === undefined
      ? []
      : [
          [
            'Units by experiment and group',
            `SELECT experiment_id, group_id, count(*) AS units\nFROM ${exposures.name}\nGROUP BY experiment_id, group_id\nORDER BY experiment_id, units DESC`,
          ] as const,
        ]),
    ...(refused === undefined
      ? []
      : [
          [
            'Refused events of this week, by reason',
            `SELECT reason, count(*) AS refused, max(received_at) AS newest\nFROM ${refused.name}\nWHERE ds >= DATE '${week}'\nGROUP BY reason\nORDER BY refused DESC`,
          ] as const,
        ]),
    ...(dropped?.days?.last == null
      ? []
      : [
          [
            `Newest rows of ${dropped.name}`,
            `SELECT *\nFROM ${dropped.name}\nWHERE ds = DATE '${dropped.days.last}'\nLIMIT 100`,
          ] as const,
        ]),
  ];
}

/** A query that was run before. */
interface RecentQuery {
  readonly sql: string;
  readonly dialect: Dialect;
}

const MOST_RECENT = 20;

function Recent(props: {
  readonly recent: readonly RecentQuery[];
  readonly onPick: (one: RecentQuery) => void;
  readonly onClear: () => void;
}) {
  const { recent, onPick, onClear } = props;
  if (recent.length === 0) return null;
  return (
    <Card
      title="Recent queries"
      tools={
        <button type="button" onClick={onClear}>
          Forget them
        </button>
      }
    >
      <ul class="recent">
        {recent.map((one, i) => (
          <li key={i}>
            <button type="button" class="link mono" onClick={() => onPick(one)}>
              {one.sql.length > 200 ? `${one.sql.slice(0, 200)}…` : one.sql}
            </button>
            {one.dialect === 'duckdb' && <Badge tone="plain">DuckDB</Badge>}
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Queries that were run, the newest first, kept by the browser for a deployment; undefined forgets them. */
function useRecent(deployment: string): [readonly RecentQuery[], (one: RecentQuery | undefined) => void] {
  const key = `sluice-sql-${deployment}`;
  const [recent, setRecent] = useState(() => readRecent(key));
  return [
    recent,
    (one) => {
      const before = recent.filter(({ sql, dialect }) => sql !== one?.sql || dialect !== one.dialect);
      const kept = one === undefined ? [] : [one, ...before].slice(0, MOST_RECENT);
      try {
        localStorage.setItem(key, JSON.stringify(kept));
      } catch {
        // The browser keeps no more. The query runs all the same.
      }
      setRecent(kept);
    },
  ];
}

function readRecent(key: string): readonly RecentQuery[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(key) ?? '[]');
    return Array.isArray(stored) ? stored.filter(isRecent) : [];
  } catch {
    return [];
  }
}

function isRecent(value: unknown): value is RecentQuery {
  return (
    typeof value === 'object' &&
    value !== null &&
    'sql' in value &&
    typeof value.sql === 'string' &&
    'dialect' in value &&
    (value.dialect === 'athena' || value.dialect === 'duckdb')
  );
}
