import type { ComponentChildren } from 'preact';
import type { FileFate } from '../../../lib/ledger/LedgerEntry.ts';
import type { DatasetDays } from '../../../observe/facts/days/dropDays.ts';
import type { QuarantinedPage } from '../../../observe/facts/tables/listQuarantined.ts';
import type { DayExplanation, ExplainedDay } from '../../../observe/ingest/explainDay.ts';
import { useApi } from '../parts/api.ts';
import { useEvery } from '../parts/context.ts';
import { DryRun } from '../parts/DryRun.tsx';
import type { Tone } from '../parts/figures.ts';
import { Answered, Badge, Bytes, Figures, Problem, Prose, RawText, Time } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable, More, ROWS_SHOWN } from '../parts/tables.tsx';
import { formatTimesIn } from '../texts/format.ts';
import { lookOfState } from './cells.ts';

/** The code of a day that the ledger does not have. */
const NO_ENTRY = 'SLUICE_INGEST_DAY_UNKNOWN';

/** A day of a dataset: what happened, why, and what to do. */
export function DropDay(props: {
  /** The dataset, with all of its days that were read. */
  readonly dataset: DatasetDays;
  /** The day that is shown, `YYYY-MM-DD`. */
  readonly day: string;
  /** Called after its load was requested. */
  readonly onDone: () => void;
}) {
  const { day, onDone } = props;
  const { source, dataset } = props.dataset;
  const explained = useApi<ExplainedDay>('/api/drops/day', { source, dataset, day }, useEvery('day'));
  const isLoaded = explained.answer?.version !== undefined;
  const again = isLoaded ? ' again' : '';
  const old = isLoaded
    ? ' Queries see the old version until the new one is complete, and go on seeing it if no file has rows.'
    : '';
  const load = (
    <DryRun<unknown>
      label={`Load this day${again} …`}
      path="/api/drops/backfill"
      body={{ source, dataset, from: day }}
      about={`The day is loaded as its folder is now.${old}`}
      confirm={() => `Load ${day}${again}`}
      onDone={() => {
        explained.reload();
        onDone();
      }}
    />
  );
  if (explained.error?.code === NO_ENTRY) return <NoDrop dataset={props.dataset} day={day} load={load} />;
  return (
    <Answered state={explained}>
      {(answer) => (
        <>
          <Happened answer={answer} />
          {answer.version !== undefined && (
            <p>
              <a href={link('/tables', { table: answer.table, day })}>
                Files of {day} in {answer.table}
              </a>
            </p>
          )}
          {answer.explanation.refused.length > 0 && (
            <RefusedRows key={answer.updatedAt} explained={answer} asked={{ source, dataset, day }} />
          )}
          {load}
        </>
      )}
    </Answered>
  );
}

/** A day of which the ledger has nothing: whether it is late, and until when it is looked for. */
function NoDrop(props: {
  /** The dataset of the day. */
  readonly dataset: DatasetDays;
  /** The day, `YYYY-MM-DD`. */
  readonly day: string;
  /** The action that loads the day. */
  readonly load: ComponentChildren;
}) {
  const late = props.dataset.late.find((lateDay) => lateDay.day === props.day);
  return (
    <>
      <p>
        {late === undefined ? (
          'No files of this day were seen.'
        ) : (
          <>
            The drop of this day is late. It was expected by <Time at={late.due} /> UTC. Ask whoever delivers
            it.
          </>
        )}{' '}
        Files are looked for on the schedule, in the last {props.dataset.lookbackDays} days.
      </p>
      {props.load}
    </>
  );
}

/** What happened to a day, what is next, and its files. */
function Happened({ answer }: { readonly answer: ExplainedDay }) {
  const { state, rows, files, bytes, attempts, explanation } = answer;
  const { meaning, served, next, failure, leftOut } = explanation;
  const look = lookOfState(state);
  return (
    <>
      {failure !== null && <Problem error={failure} />}
      <p>
        <Badge tone={look.tone}>{look.words}</Badge>{' '}
        <Prose text={formatTimesIn(`${meaning.join(' ')} ${served}`)} />
      </p>
      <p>
        <strong>Next:</strong> <Prose text={formatTimesIn(next)} />
      </p>
      <Figures
        figures={[
          ['Rows in files', rows.in],
          ['Loaded', rows.out],
          ['Refused', rows.refused, rows.refused > 0 ? 'warning' : 'plain'],
          ['Bytes', <Bytes key="bytes" n={bytes} />],
          ['Attempts', attempts],
        ]}
      />
      {files.length > 0 && <Files files={files} meanings={leftOut} />}
    </>
  );
}

/** The tone of each fate of a file. */
const FATES: Readonly<Record<FileFate['fate'], Tone>> = {
  loaded: 'good',
  left_out: 'warning',
  failed: 'bad',
  held: 'warning',
  gone: 'plain',
  kept: 'warning',
};

/** The files of a day, with what became of each and why. */
function Files(props: {
  /** The files of the day, as the ledger has them. */
  readonly files: readonly FileFate[];
  /** What each reason of a file that is left out means. */
  readonly meanings: DayExplanation['leftOut'];
}) {
  const why = ({ reason, detail }: FileFate) =>
    reason === undefined ? '' : `${reason}: ${detail ?? props.meanings[reason] ?? ''}`;
  return (
    <DataTable
      caption="Files of the day and what became of them"
      rows={props.files}
      keyOf={({ key }) => key}
      columns={[
        ['File', ({ key }) => key, 'mono'],
        ['Fate', ({ fate }) => <Badge tone={FATES[fate]}>{fate.replaceAll('_', ' ')}</Badge>],
        ['Size', ({ size }) => size, 'bytes'],
        ['Rows', ({ rows }) => rows?.in, 'number'],
        ['Refused', ({ rows }) => rows?.refused, 'number'],
        ['Why', why],
      ]}
    />
  );
}

/** The refused rows of a day: how many for each reason, and the first of them. */
function RefusedRows(props: {
  /** The day, with its refused rows by reason. */
  readonly explained: ExplainedDay;
  /** The parameters that name the day to the API. */
  readonly asked: { readonly source: string; readonly dataset: string; readonly day: string };
}) {
  const page = useApi<QuarantinedPage>('/api/drops/refused', { ...props.asked, limit: ROWS_SHOWN });
  return (
    <>
      <DataTable
        caption="Refused rows by reason"
        rows={props.explained.explanation.refused}
        keyOf={({ code }) => code}
        columns={[
          ['Reason', ({ code }) => code, 'mono'],
          ['Rows', ({ rows }) => rows, 'number'],
          ['Meaning', ({ cause }) => cause],
          ['Cure', ({ cure }) => <Prose text={cure} />],
        ]}
      />
      <Answered state={page}>
        {({ rows, hasMore }) => (
          <>
            <DataTable
              caption="Refused rows, in the order of the files"
              rows={rows}
              keyOf={({ quarantineId }) => quarantineId}
              unfold={({ raw, isCut }) => <RawText text={raw ?? ''} label="The refused row" isCut={isCut} />}
              columns={[
                ['Where', ({ detail }) => detail ?? ''],
                ['File', ({ path }) => path?.split('/').at(-1), 'mono'],
                ['Reason', ({ reason }) => reason, 'mono'],
              ]}
            />
            <More hasMore={hasMore} how="sluice ingest refused lists up to 1,000" />
          </>
        )}
      </Answered>
    </>
  );
}
