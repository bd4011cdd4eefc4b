import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import type { TableList, TableSummary } from '../../../observe/facts/tables/tables.ts';
import type { SqlPage, SqlRun } from '../../../observe/runSql.ts';
import type { CsvAnswer } from '../../api/sql.ts';
import { asErrorObject, callApi, useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { formatBytes, formatSpan, formatUsd } from '../parts/format.ts';
import { Answered, Badge, Card, Page, Problem } from '../parts/parts.tsx';
import { link, setParams } from '../parts/router.ts';
import { Pager, RowTable } from '../parts/tables.tsx';

/** Rows of a page. */
const PAGE_ROWS = 100;
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
}

const NOTHING: Outcome = { isRunning: false, pages: [], at: 0 };

/** The page SQL: a statement, the tables, and the result. `?q=` is the text, which nothing runs by itself. */
export function Sql() {
  const { route, deployment } = useConsole();
  const { q = '' } = route.params;
  const tables = useApi<TableList>('/api/tables');
  const editor = useRef<HTMLTextAreaElement>(null);
  const [outcome, setOutcome] = useState<Outcome>(NOTHING);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  // A link with another text: what somebody typed is the same as the address after a run.
  useEffect(() => {
    if (editor.current !== null && q !== '' && editor.current.value.trim() !== q.trim())
      editor.current.value = q;
  }, [q]);
  const run = async () => {
    const sql = editor.current?.value.trim() ?? '';
    if (sql === '') return;
    running.current?.abort();
    const left = new AbortController();
    running.current = left;
    setParams({ q: sql });
    const show = (change: Partial<Outcome>) => setOutcome({ ...NOTHING, ...change });
    show({ isRunning: true });
    try {
      await runAthena(sql, left.signal, show);
    } catch (error) {
      if (!left.signal.aborted) show({ error: asErrorObject(error) });
    }
  };
  const cancel = () => {
    running.current?.abort();
    setOutcome(NOTHING);
  };
  /** Selects a place of the text, from 1. */
  const goTo = (line: number, column: number) => {
    const before = (editor.current?.value ?? '').split('\n').slice(0, line - 1);
    const at = before.reduce((sum, one) => sum + one.length + 1, 0) + column - 1;
    editor.current?.focus();
    editor.current?.setSelectionRange(at, at);
  };
  const insert = (text: string) => {
    const field = editor.current;
    field?.setRangeText(text, field.selectionStart, field.selectionEnd, 'end');
    field?.focus();
  };
  return (
    <Page
      title="SQL"
      intro={`Athena's dialect, in the workgroup ${deployment.workgroup}. Unqualified names are tables of ${deployment.database}.`}
    >
      <div class="sql">
        <div>
          <textarea
            ref={editor}
            class="mono"
            rows={8}
            aria-label="SQL"
            placeholder="SELECT …"
            spellcheck={false}
            defaultValue={q}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
              event.preventDefault();
              void run();
            }}
          />
          <div class="tools">
            {outcome.isRunning ? (
              <button type="button" onClick={cancel}>
                Cancel
              </button>
            ) : (
              <button type="button" title="Ctrl-Enter or Cmd-Enter" onClick={() => void run()}>
                Run
              </button>
            )}
            <State outcome={outcome} />
          </div>
          {outcome.error && <Problem error={outcome.error} />}
          <Failure run={outcome.run} onGo={goTo} />
          <Result outcome={outcome} onChange={setOutcome} />
        </div>
        <aside aria-label="Tables">
          <Answered of={tables}>
            {({ tables: found }) => (
              <>
                {outcome === NOTHING && <Examples tables={found} onPick={(sql) => setParams({ q: sql })} />}
                <TableTree tables={found} onInsert={insert} />
              </>
            )}
          </Answered>
        </aside>
      </div>
    </Page>
  );
}

type Show = (change: Partial<Outcome>) => void;

/** Starts a query, polls it, and reads its first rows. Stops it when the signal aborts before it has ended. */
async function runAthena(sql: string, signal: AbortSignal, show: Show): Promise<void> {
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

function State({ outcome: { run, isRunning } }: { readonly outcome: Outcome }) {
  if (run === undefined) return <span role="status">{isRunning ? 'Running …' : ''}</span>;
  const { state, elapsedMs, scannedBytes, usd, id } = run;
  const tone = state === 'succeeded' ? 'good' : state === 'failed' ? 'bad' : 'plain';
  const price = usd !== null && usd > 0 ? `, ${formatUsd(usd)} on AWS at most` : '';
  return (
    <span role="status">
      <Badge tone={tone}>{state}</Badge> {formatSpan(elapsedMs)}
      {id !== null && `, ${formatBytes(scannedBytes)} read${price}`}
    </span>
  );
}

function Failure(props: {
  readonly run: SqlRun | undefined;
  readonly onGo: (line: number, column: number) => void;
}) {
  const problem = props.run?.problem ?? null;
  if (problem === null) return null;
  const { line, column, message } = problem;
  return (
    <div class="note bad" role="alert">
      <p>
        <strong>{props.run?.state === 'cancelled' ? 'The query was stopped.' : 'The query failed.'}</strong>
      </p>
      <pre>{message}</pre>
      {line !== null && (
        <button type="button" class="link" onClick={() => props.onGo(line, column ?? 1)}>
          Go to line {line}
          {column !== null && `, column ${column}`}
        </button>
      )}
    </div>
  );
}

function Result(props: { readonly outcome: Outcome; readonly onChange: (outcome: Outcome) => void }) {
  const { outcome, onChange } = props;
  const { pages, at, run } = outcome;
  const [note, setNote] = useState('');
  // A note about a download belongs to its result only.
  useEffect(() => setNote(''), [run]);
  const page = pages[at];
  if (page === undefined) return null;
  if (page.columns.length === 0) return <p>The statement has no rows to show.</p>;
  const id = run?.id ?? null;
  const before = pages.slice(0, at).reduce((sum, { rows }) => sum + rows.length, 0);
  const isLast = at === pages.length - 1 && page.next === null;
  const go = async (to: number) => {
    if (pages[to] !== undefined || id === null) {
      onChange({ ...outcome, at: to });
      return;
    }
    try {
      const params = { id, limit: PAGE_ROWS, cursor: page.next ?? undefined };
      const next = await callApi<SqlPage>('/api/sql/rows', { params });
      onChange({ ...outcome, pages: [...pages, next], at: to });
    } catch (error) {
      onChange({ ...outcome, error: asErrorObject(error) });
    }
  };
  const download = async () => {
    setNote('Reading …');
    try {
      const { csv, isComplete } = await callApi<CsvAnswer>('/api/sql/csv', { params: { id: id ?? '' } });
      save(csv);
      setNote(isComplete ? '' : `The first part only: all of it is in ${run?.location}.`);
    } catch (error) {
      setNote(asErrorObject(error).message);
    }
  };
  const count = page.rows.length;
  return (
    <Card
      title={count === 0 ? 'No rows' : `Rows ${before + 1} to ${before + count}${isLast ? '' : ', and more'}`}
      tools={
        <>
          <span role="status">{note}</span>
          <button type="button" class="outline" onClick={() => void download()}>
            CSV
          </button>
        </>
      }
    >
      {count > 0 && <RowTable key={at} caption="Result" columns={page.columns} rows={page.rows} />}
      {(at > 0 || !isLast) && (
        <Pager
          page={at + 1}
          onBack={at === 0 ? undefined : () => void go(at - 1)}
          onMore={isLast ? undefined : () => void go(at + 1)}
        />
      )}
    </Card>
  );
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

/** Tables with their columns, which a click writes into the statement. */
function TableTree(props: {
  readonly tables: readonly TableSummary[];
  readonly onInsert: (text: string) => void;
}) {
  return (
    <>
      {props.tables.map(({ name, columns }) => (
        <details key={name}>
          <summary class="mono">{name}</summary>
          <p>
            <button type="button" class="link" onClick={() => props.onInsert(name)}>
              Insert the name
            </button>
            , or see its <a href={link('/tables', { table: name })}>days and rows</a>
          </p>
          <ul>
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
    </>
  );
}

/** Queries of tables that every deployment has; each reads few days. */
function Examples(props: {
  readonly tables: readonly TableSummary[];
  readonly onPick: (sql: string) => void;
}) {
  const { now } = useConsole().deployment;
  const has = (name: string) => props.tables.some((table) => table.name === name);
  const refused = props.tables.find(({ kind }) => kind === 'quarantine')?.name ?? '';
  const week = new Date(Date.parse(now) - 6 * 86_400_000).toISOString().slice(0, 10);
  const examples = [
    [
      'product_events',
      'Events by name, today',
      `SELECT event_name, count(*) AS events\nFROM product_events\nWHERE ds = DATE '${now.slice(0, 10)}'\nGROUP BY event_name\nORDER BY events DESC`,
    ],
    [
      'first_exposures',
      'Units by experiment and group',
      'SELECT experiment_id, group_id, count(*) AS units\nFROM first_exposures\nGROUP BY experiment_id, group_id\nORDER BY experiment_id, units DESC',
    ],
    [
      refused,
      'Refused events of this week, by reason',
      `SELECT reason, count(*) AS refused, max(received_at) AS newest\nFROM ${refused}\nWHERE ds >= DATE '${week}'\nGROUP BY reason\nORDER BY refused DESC`,
    ],
  ] as const;
  return (
    <ul>
      {examples
        .filter(([table]) => has(table))
        .map(([table, name, sql]) => (
          <li key={table}>
            <button type="button" class="link" onClick={() => props.onPick(sql)}>
              {name}
            </button>
          </li>
        ))}
    </ul>
  );
}
