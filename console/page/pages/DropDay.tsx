import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { FileFate } from '../../../lib/ledger/LedgerEntry.ts';
import type { DatasetCalendar } from '../../../observe/ingest/calendar.ts';
import type { DayExplanation, ExplainedDay, ExplainedExport } from '../../../observe/ingest/explainDay.ts';
import type { QuarantinedPage } from '../../../observe/quarantine/listQuarantined.ts';
import type {
  BackfillRequest,
  DayStates,
  ExportDaysRequest,
  RequestedDays,
} from '../../../operate/ingest/requests.ts';
import { useApi } from '../parts/api.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { DATASET_MARKS } from '../parts/dropDays.ts';
import { formatCount, formatSpan } from '../parts/format.ts';
import {
  Badge,
  Bytes,
  Card,
  Count,
  DataTable,
  Empty,
  Figure,
  Loading,
  Problem,
  SameCommand,
  Time,
  type Tone,
  usePages,
} from '../parts/parts.tsx';
import { RawText } from '../parts/RawText.tsx';
import { link } from '../parts/router.ts';

const NO_ENTRY = 'SLUICE_INGEST_DAY_UNKNOWN';
const STATE_TONES: Readonly<Record<string, Tone>> = {
  good: 'good',
  bad: 'bad',
  accent: 'accent',
  plain: 'plain',
};

/** A day of a dataset: what happened, why, and what to do. */
export function DropDay(props: {
  readonly of: DatasetCalendar | undefined;
  readonly source: string;
  readonly dataset: string;
  readonly day: string;
  /** Changes after an action. */
  readonly turn: number;
  /** Milliseconds between two looks. */
  readonly every: number;
  readonly onDone: () => void;
}) {
  const { of, source, dataset, day, turn, every } = props;
  const { answer, error, reload } = useApi<ExplainedDay>(
    '/api/drops/day',
    { source, dataset, day },
    { every },
  );
  useEffect(() => {
    if (turn > 0) reload();
  }, [turn]);
  const [to, setTo] = useState(day);
  const name = `${source}/${dataset}`;
  const again = (
    <>
      <label class="inline">
        {day} to{' '}
        <input
          type="date"
          value={to}
          min={day}
          max={of?.today}
          onChange={({ currentTarget }) => setTo(currentTarget.value === '' ? day : currentTarget.value)}
        />
      </label>
      <DryRun<BackfillRequest>
        label={to === day ? 'Load this day again …' : 'Load these days again …'}
        path="/api/drops/backfill"
        body={{ source, dataset, from: day, to }}
        wouldDo={(asked) => (
          <>
            <p>
              Each day is loaded as its folder is now, even if nothing has changed. Queries see the old
              version until the new one is complete. Missing files are accepted: their rows go.
            </p>
            <AskedDays asked={[{ name, ...asked }]} />
          </>
        )}
        confirm={({ days }) => (days === 1 ? `Load ${day} again` : `Load ${days} days again`)}
        did={({ days }) => (
          <p>
            Requested. {days === 1 ? 'The day is' : `The ${days} days are`} loaded in a moment, and this page
            shows the result.
          </p>
        )}
        onDone={props.onDone}
      />
    </>
  );
  if (error?.code === NO_ENTRY) {
    const late = of?.late.find((one) => one.day === day);
    return (
      <Card title={`${name} ${day}`}>
        <Empty
          title={late === undefined ? 'No files of this day were seen.' : 'The drop of this day is late.'}
        >
          {late !== undefined && (
            <p>
              It was expected by <Time at={late.due} /> UTC. Ask whoever delivers it.
            </p>
          )}
          <p>
            Files are looked for on the schedule, in the last {of?.lookbackDays ?? 0} days. An older day is
            loaded on request.
          </p>
          {again}
        </Empty>
      </Card>
    );
  }
  if (answer === undefined)
    return (
      <Card title={`${name} ${day}`}>{error === undefined ? <Loading /> : <Problem error={error} />}</Card>
    );
  const { explanation, rows, rowsByDaysLate, version, superseded, attempts, durations, bytes } = answer;
  const late = Object.entries(rowsByDaysLate).filter(([days]) => days !== '0');
  return (
    <Card
      title={<Heading name={`${name} ${day}`} state={answer.state} />}
      tools={<div class="tools">{again}</div>}
    >
      <Explanation explanation={explanation} />
      <div class="figures">
        <Figure name="Rows in files">
          <Count n={rows.in} />
        </Figure>
        <Figure name="Loaded">
          <Count n={rows.out} />
        </Figure>
        <Figure name="Refused" {...(rows.refused > 0 ? { tone: 'warning' as const } : {})}>
          <Count n={rows.refused} />
        </Figure>
        <Figure name="Bytes read">
          <Bytes n={bytes} />
        </Figure>
        <Figure name="Attempts">
          <Count n={attempts} />
        </Figure>
        <Figure name="Took">{formatSpan(Object.values(durations).reduce((sum, ms) => sum + ms, 0))}</Figure>
      </div>
      <h3>Files</h3>
      {answer.files.length === 0 ? (
        <p class="faint">None.</p>
      ) : (
        <Files files={answer.files} meanings={answer.explanation.leftOut} />
      )}
      {late.length > 0 && (
        <p>
          Rows of other days than the folder’s:{' '}
          {late.map(([days, n]) => `${formatCount(n)} with ${days} days distance`).join(', ')}.
        </p>
      )}
      <h3>Versions</h3>
      <ul class="plain">
        {version !== undefined && (
          <li>
            <code>{version}</code> <Badge tone="good">queries read this one</Badge>
          </li>
        )}
        {superseded.map((one) => (
          <li key={one.version}>
            <code>{one.version}</code> <span class="faint">replaced</span> <Time at={one.at} />{' '}
            <span class="faint">UTC, kept for a day for queries that began before</span>
          </li>
        ))}
        {version === undefined && superseded.length === 0 && (
          <li class="faint">None: nothing was loaded yet.</li>
        )}
      </ul>
      {version !== undefined && (
        <p>
          <a href={link('/tables', { table: answer.table, day })}>
            Rows of {day} in {answer.table}
          </a>
        </p>
      )}
      {explanation.refused.length > 0 && (
        <>
          <h3>Refused rows</h3>
          <RefusedReasons refused={explanation.refused} />
          <RefusedRows key={answer.updatedAt} {...{ source, dataset, day }} />
        </>
      )}
      <SameCommand words={['ingest', 'explain', '--source', source, '--dataset', dataset, '--day', day]} />
    </Card>
  );
}

function Heading({ name, state }: { readonly name: string; readonly state: ExplainedDay['state'] }) {
  const { word, tone } = DATASET_MARKS[state];
  return (
    <>
      {name} <Badge tone={STATE_TONES[tone] ?? 'plain'}>{word}</Badge>
    </>
  );
}

function Explanation({ explanation }: { readonly explanation: DayExplanation }) {
  const { meaning, served, next, failure } = explanation;
  return (
    <>
      {failure !== null && (
        <Problem
          error={{
            code: failure.code,
            message: failure.message,
            cause: failure.cause,
            cure: failure.cure === '' ? 'This version of Sluice does not know the code.' : failure.cure,
          }}
        />
      )}
      <p>
        {meaning.join(' ')} {served}
      </p>
      <p>
        <strong>Next:</strong> {next.filter((one) => one !== failure?.cure).join(' ')}
      </p>
    </>
  );
}

const FATES: Readonly<Record<FileFate['fate'], { readonly word: string; readonly tone: Tone }>> = {
  loaded: { word: 'loaded', tone: 'good' },
  left_out: { word: 'left out', tone: 'warning' },
  failed: { word: 'failed', tone: 'bad' },
  held: { word: 'held', tone: 'warning' },
  gone: { word: 'gone', tone: 'plain' },
};

function Files(props: { readonly files: readonly FileFate[]; readonly meanings: DayExplanation['leftOut'] }) {
  const { files, meanings } = props;
  return (
    <DataTable
      caption="Files of the day and what became of them"
      rows={files}
      keyOf={({ key }) => key}
      columns={[
        { name: 'File', show: ({ key }) => <span class="wrap mono">{key}</span> },
        { name: 'Fate', show: ({ fate }) => <Badge tone={FATES[fate].tone}>{FATES[fate].word}</Badge> },
        { name: 'Size', isNumber: true, show: ({ size }) => <Bytes n={size} /> },
        { name: 'Rows in', isNumber: true, show: ({ rows }) => <Count n={rows?.in} /> },
        { name: 'Loaded', isNumber: true, show: ({ rows }) => <Count n={rows?.out} /> },
        { name: 'Refused', isNumber: true, show: ({ rows }) => <Count n={rows?.refused} /> },
        { name: 'Why', show: (file) => <Why file={file} meanings={meanings} /> },
      ]}
    />
  );
}

function Why(props: {
  readonly file: FileFate;
  readonly meanings: DayExplanation['leftOut'];
}): ComponentChildren {
  const { reason, detail } = props.file;
  if (reason === undefined) return null;
  return (
    <span class="wrap">
      <span class="code">{reason}</span> {detail ?? props.meanings[reason]}
    </span>
  );
}

function RefusedReasons({ refused }: { readonly refused: DayExplanation['refused'] }) {
  return (
    <DataTable
      caption="Refused rows by reason"
      rows={refused}
      keyOf={({ code }) => code}
      columns={[
        { name: 'Reason', show: ({ code }) => <span class="code">{code}</span> },
        { name: 'Rows', isNumber: true, show: ({ rows }) => <Count n={rows} /> },
        { name: 'Meaning', show: ({ cause }) => cause },
        { name: 'Cure', show: ({ cure }) => cure },
      ]}
    />
  );
}

function RefusedRows(wanted: { readonly source: string; readonly dataset: string; readonly day: string }) {
  const { cursor, pager } = usePages();
  const { answer, error } = useApi<QuarantinedPage>('/api/drops/refused', {
    ...wanted,
    cursor,
    limit: 10,
  });
  if (error) return <Problem error={error} />;
  if (answer === undefined) return <Loading />;
  return (
    <>
      <DataTable
        caption="Refused rows, in the order of the files"
        rows={answer.rows}
        keyOf={({ quarantineId }) => quarantineId}
        columns={[
          { name: 'File', show: ({ path }) => <span class="mono">{path?.split('/').at(-1)}</span> },
          { name: 'Where', show: ({ detail }) => <span class="wrap">{detail}</span> },
          { name: 'Reason', show: ({ reason }) => <span class="code">{reason}</span> },
          {
            name: 'Row',
            show: ({ raw, isCut }) => <RawText text={raw ?? ''} label="The refused row" isCut={isCut} />,
          },
        ]}
      />
      {pager(answer.next)}
    </>
  );
}

/** A day of an export: what happened, why, and what to do. */
export function ExportDay(props: {
  readonly name: string;
  readonly day: string;
  readonly every: number;
  readonly onDone: () => void;
}) {
  const { name, day, every } = props;
  const { answer, error, reload } = useApi<ExplainedExport>(
    '/api/exports/day',
    { export: name, day },
    { every },
  );
  const again = (
    <DryRun<ExportDaysRequest>
      label="Export this day now …"
      path="/api/exports/run"
      body={{ export: name, from: day }}
      wouldDo={({ asked }) => (
        <>
          <p>The day is exported even if it has not changed.</p>
          <AskedDays asked={asked.map((one) => ({ name: one.export, ...one }))} />
        </>
      )}
      confirm={() => `Export ${day}`}
      did={() => <p>Requested. The day is exported in a moment, and this page shows the result.</p>}
      onDone={() => {
        reload();
        props.onDone();
      }}
    />
  );
  if (error?.code === NO_ENTRY)
    return (
      <Card title={`${name} ${day}`}>
        <Empty title="This day was not exported.">
          <p>Changed days of the lookback are exported on the schedule; today is never exported.</p>
          {again}
        </Empty>
      </Card>
    );
  if (answer === undefined)
    return (
      <Card title={`${name} ${day}`}>{error === undefined ? <Loading /> : <Problem error={error} />}</Card>
    );
  return (
    <Card title={<Heading name={`${name} ${day}`} state={answer.state} />} tools={again}>
      <Explanation explanation={answer.explanation} />
      <div class="figures">
        <Figure name="Files">
          <Count n={answer.files.length} />
        </Figure>
        <Figure name="Bytes">
          <Bytes n={answer.bytes} />
        </Figure>
        <Figure name="Attempts">
          <Count n={answer.attempts} />
        </Figure>
      </div>
      <p class="faint wrap">
        {answer.table} to {answer.target}
      </p>
      {answer.files.length > 0 && <Files files={answer.files} meanings={answer.explanation.leftOut} />}
    </Card>
  );
}

/** Days of a request, with what the ledger says of them now. */
export function AskedDays(props: { readonly asked: readonly (RequestedDays & { readonly name: string })[] }) {
  return (
    <ul>
      {props.asked.map(({ name, from, to, days, states }) => (
        <li key={name}>
          <strong>{name}</strong>: {from === to ? from : `${from} to ${to}, ${days} days`}
          {states !== undefined && ` (${statesText(states)})`}
        </li>
      ))}
    </ul>
  );
}

function statesText(states: DayStates): string {
  return Object.entries(states)
    .map(([state, n]) => `${n} ${state === 'none' ? 'without files' : (STATE_WORDS[state] ?? state)}`)
    .join(', ');
}

const STATE_WORDS: Readonly<Record<string, string>> = {
  succeeded: 'loaded',
  succeeded_no_data: 'without data',
  failed: 'failed',
  loading: 'being loaded',
  waiting: 'waiting',
};
