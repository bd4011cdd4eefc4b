import { useEffect, useRef, useState } from 'preact/hooks';
import type { ErrorObject } from '../../../lib/base/errors.ts';
import { counted } from '../../../lib/base/text.ts';
import type { TableList } from '../../../observe/facts/tables/tables.ts';
import type { SqlPage, SqlRun } from '../../../observe/runSql.ts';
import { asErrorObject, callApi, useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { Answered, Badge, Card, Page, Problem } from '../parts/parts.tsx';
import { link, setParams } from '../parts/router.ts';
import { RowTable } from '../parts/tables.tsx';
import { formatBytes, formatSpan } from '../texts/format.ts';

/** What the field begins with. */
const EXAMPLE = `SELECT event_name, count(*) AS events, count(DISTINCT user_id) AS users
FROM product_events
WHERE ds >= current_date - INTERVAL '7' DAY
GROUP BY event_name
ORDER BY events DESC`;

/** Milliseconds between two polls: short ones at first, then always the last. */
const POLLS_MS = [100, 200, 400, 800, 1_500];

/** The last query, and the rows of it that were read. */
interface Outcome {
  /** Whether a query runs. */
  readonly isRunning: boolean;
  /** The query that runs, or ran last; absent before the first. */
  readonly run?: SqlRun;
  /** Why the last query failed; absent if it did not. */
  readonly error?: ErrorObject;
  /** The rows of the last query; absent without a result. */
  readonly result?: SqlPage;
}

/** The page SQL: a statement, the tables, and the result. `?q=` is the text, which nothing runs by itself. */
export function Sql() {
  const { deployment } = useConsole();
  const { outcome, start, cancel } = useQuery();
  return (
    <Page
      title="SQL"
      intro={`Athena's dialect, in the workgroup ${deployment.workgroup}. Names without a database are those of ${deployment.database}.`}
    >
      <div class="sql">
        <div>
          <Editor outcome={outcome} onRun={start} onCancel={cancel} />
          {outcome.error && <Problem error={outcome.error} />}
          {outcome.run?.problem != null && (
            <div class="note bad" role="alert">
              <pre>{outcome.run.problem}</pre>
            </div>
          )}
          {outcome.run !== undefined && outcome.result !== undefined && (
            <Result key={outcome.run.id} run={outcome.run} first={outcome.result} />
          )}
        </div>
        <TableNames />
      </div>
    </Page>
  );
}

/** The query that runs or ran last. Another one, and leaving the page, stop it. */
function useQuery() {
  const [outcome, setOutcome] = useState<Outcome>({ isRunning: false });
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  const start = async (sql: string) => {
    running.current?.abort();
    const leaving = new AbortController();
    running.current = leaving;
    // A query that another one has stopped shows nothing any more.
    const show = (next: Outcome) => {
      if (running.current === leaving) setOutcome(next);
    };
    setParams({ q: sql });
    show({ isRunning: true });
    try {
      await runAthena(sql, leaving.signal, show);
    } catch (error) {
      if (!leaving.signal.aborted) setOutcome({ isRunning: false, error: asErrorObject(error) });
    }
  };
  const cancel = () => {
    running.current?.abort();
    setOutcome({ isRunning: false });
  };
  return { outcome, start, cancel };
}

/** The field of the statement and its buttons. */
function Editor(props: {
  /** What became of the last query. */
  readonly outcome: Outcome;
  /** Runs the text of the editor. */
  readonly onRun: (sql: string) => Promise<void>;
  /** Stops the query that runs. */
  readonly onCancel: () => void;
}) {
  const { outcome, onRun, onCancel } = props;
  const { q = '' } = useConsole().route.params;
  const field = useRef<HTMLTextAreaElement>(null);
  // A link with another text: what somebody typed is the same as the address after a run.
  useEffect(() => {
    if (field.current !== null && q !== '' && field.current.value.trim() !== q.trim())
      field.current.value = q;
  }, [q]);
  const run = () => {
    const sql = field.current?.value.trim() ?? '';
    if (sql !== '') void onRun(sql);
  };
  return (
    <>
      <textarea
        ref={field}
        class="mono"
        rows={8}
        aria-label="SQL"
        spellcheck={false}
        defaultValue={q || EXAMPLE}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
          event.preventDefault();
          run();
        }}
      />
      <div class="tools">
        {outcome.isRunning ? (
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        ) : (
          <>
            <button type="button" onClick={run}>
              Run
            </button>
            <span class="faint">or Ctrl+Enter</span>
          </>
        )}
        <State outcome={outcome} />
      </div>
    </>
  );
}

/** The tables and views that a statement may name, each with its columns. */
function TableNames() {
  const tables = useApi<TableList>('/api/tables');
  return (
    <aside aria-label="Tables">
      <h2>Tables</h2>
      <Answered state={tables}>
        {({ tables: found }) =>
          found.map(({ name, columns }) => (
            <details key={name}>
              <summary class="mono">{name}</summary>
              <a href={link('/tables', { table: name })}>Days and files</a>
              <ul>
                {columns.map((column) => (
                  <li key={column.name} title={column.comment}>
                    <span class="mono">{column.name}</span> <span class="faint">{column.type}</span>
                  </li>
                ))}
              </ul>
            </details>
          ))
        }
      </Answered>
    </aside>
  );
}

/**
 * Starts a query, polls it, and reads its first rows. Stops it when the signal aborts before it has ended, and when a poll fails, as nobody
 * sees its end then. Shows why if it cannot be stopped.
 */
async function runAthena(sql: string, signal: AbortSignal, show: (outcome: Outcome) => void): Promise<void> {
  // The call is not cancelled: without the ID that it answers nobody can stop the query.
  let run = await callApi<SqlRun>('/api/sql/start', { body: { sql } });
  const { id } = run;
  // Athena has no query of a text that it did not accept: there is nothing to stop or to poll.
  if (id === null) {
    if (!signal.aborted) show({ run, isRunning: false });
    return;
  }
  const stop = () => {
    callApi('/api/sql/cancel', { body: { id } }).catch((error: unknown) =>
      show({ run, isRunning: false, error: asErrorObject(error) }),
    );
  };
  if (signal.aborted) stop();
  signal.throwIfAborted();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for (let poll = 0; run.state === 'queued' || run.state === 'running'; poll += 1) {
      show({ run, isRunning: true });
      await new Promise((resolve) => window.setTimeout(resolve, POLLS_MS[poll] ?? POLLS_MS.at(-1)));
      run = await callApi<SqlRun>('/api/sql/run', { params: { id }, signal });
    }
  } catch (error) {
    if (!signal.aborted) stop();
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  const isDone = run.state === 'succeeded';
  show({ run, isRunning: isDone });
  if (isDone) show({ run, isRunning: false, result: await readRows(run, signal) });
}

/** Reads a page of rows. @param cursor Where it begins. Default: the first page. */
function readRows({ id }: SqlRun, signal?: AbortSignal, cursor?: string): Promise<SqlPage> {
  return callApi<SqlPage>('/api/sql/rows', { params: { id: id ?? '', cursor }, signal });
}

/** How far the query is, in words. */
function State({ outcome: { run, isRunning } }: { readonly outcome: Outcome }) {
  if (run === undefined) return <span role="status">{isRunning ? 'Running …' : ''}</span>;
  const { state, elapsedMs, scannedBytes, id } = run;
  const endedTone = state === 'succeeded' ? 'good' : 'plain';
  const tone = state === 'failed' ? 'bad' : endedTone;
  return (
    <span role="status">
      <Badge tone={tone}>{state}</Badge> {formatSpan(elapsedMs)}
      {id !== null && `, ${formatBytes(scannedBytes)} read`}
    </span>
  );
}

/** The rows that were read, and a button for more. */
function Result({ run, first }: { readonly run: SqlRun; readonly first: SqlPage }) {
  const [result, setResult] = useState(first);
  const [note, setNote] = useState('');
  const { columns, rows, next } = result;
  if (columns.length === 0) return <p>The statement has no rows to show.</p>;
  const readMore = async () => {
    setNote('Reading …');
    try {
      const page = await readRows(run, undefined, next ?? undefined);
      setResult({ ...page, rows: [...rows, ...page.rows] });
      setNote('');
    } catch (error) {
      setNote(asErrorObject(error).message);
    }
  };
  return (
    <Card
      title={`${next === null ? '' : 'First '}${counted(rows.length, 'row')}`}
      tools={<span role="status">{note}</span>}
    >
      {rows.length > 0 && <RowTable caption="Result" columns={columns} rows={rows} />}
      {next !== null && (
        <button type="button" class="outline" onClick={() => void readMore()}>
          More rows
        </button>
      )}
    </Card>
  );
}
