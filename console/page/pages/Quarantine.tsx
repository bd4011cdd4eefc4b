import { counted, visibleLine } from '../../../lib/base/text.ts';
import type { CountedReason, QuarantineCounts } from '../../../observe/facts/tables/countQuarantine.ts';
import type { QuarantinedPage, QuarantinedRow } from '../../../observe/facts/tables/listQuarantined.ts';
import type { RedriveReport } from '../../../operate/quarantine/redriveQuarantine.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { Choice } from '../parts/filters.tsx';
import { Answered, Card, Prose, RawText } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable, More, ROWS_SHOWN } from '../parts/tables.tsx';
import { formatCount } from '../texts/format.ts';

/** The windows that can be chosen, by their hours. */
const SPANS = [
  ['1', 'last hour'],
  ['24', 'last 24 hours'],
  ['168', 'last 7 days'],
  ['2160', 'last 90 days'],
] as const;

/** Shows what was refused and kept as it came, by reason; the rows of one reason; and one whole row. */
export function Quarantine() {
  const { route } = useConsole();
  const { hours = '24' } = route.params;
  const counts = useApi<QuarantineCounts>('/api/quarantine', { hours });
  return (
    <Card
      title="Quarantine"
      tools={
        <>
          <Choice label="Received in the" name="hours" value={hours} choices={SPANS} />
          <button
            type="button"
            class="outline"
            aria-busy={counts.isLoading}
            disabled={counts.isLoading}
            onClick={counts.reload}
          >
            Read again
          </button>
        </>
      }
    >
      <Answered state={counts}>
        {(answer) => (
          <>
            {answer.notes.map((note) => (
              <p key={note}>
                <Prose text={note} />
              </p>
            ))}
            {answer.rows === 0 ? (
              <p>Nothing is in quarantine.</p>
            ) : (
              <DataTable
                caption="Reasons"
                rows={answer.reasons}
                keyOf={({ code }) => code}
                params={['reason']}
                unfold={(reason) => <Reason reason={reason} answer={answer} onDone={counts.reload} />}
                columns={[
                  ['Reason', ({ code }) => code, 'mono'],
                  ['Rows', ({ rows }) => rows, 'number'],
                  ['Without resends', ({ items }) => items, 'number'],
                  ['Last', ({ lastAt }) => lastAt, 'time'],
                  ['Meaning', ({ cause }) => cause],
                ]}
              />
            )}
          </>
        )}
      </Answered>
    </Card>
  );
}

/** What a reason that is unfolded shows. */
interface ReasonProps {
  /** The reason that is unfolded. */
  readonly reason: CountedReason;
  /** The answer that counted it, whose window its rows are from. */
  readonly answer: QuarantineCounts;
  /** Called after its rows were delivered. */
  readonly onDone: () => void;
}

/** A reason that is unfolded: what to do, and its newest rows. */
function Reason(props: ReasonProps) {
  const { reason, answer } = props;
  const { from, to } = answer;
  const page = useApi<QuarantinedPage>('/api/quarantine/rows', {
    reason: reason.code,
    from,
    to,
    limit: ROWS_SHOWN,
  });
  return (
    <>
      <p>
        <Prose text={reason.cure} />
      </p>
      {reason.isRedrivable ? (
        <Redrive {...props} />
      ) : (
        <p>
          Rows of customers’ files cannot be redriven: correct the mapping and{' '}
          <a href={link('/days')}>load their day again</a>, or ask for a corrected file.
        </p>
      )}
      <Answered state={page}>
        {({ rows, hasMore }) => (
          <>
            <DataTable
              caption="Refused rows, the newest first"
              rows={rows}
              keyOf={({ quarantineId, receivedAt }) => `${quarantineId} ${receivedAt}`}
              unfold={(row) => <Item row={row} />}
              columns={[
                ['Received', ({ receivedAt }) => receivedAt, 'time'],
                ['Detail', ({ detail }) => visibleLine(detail ?? '')],
                ['Key', ({ keyLabel }) => keyLabel],
                ['SDK', sdkOf],
                ['Path', ({ path }) => visibleLine(path ?? ''), 'mono'],
              ]}
            />
            <More hasMore={hasMore} how="choose fewer hours, or list them with sluice quarantine" />
          </>
        )}
      </Answered>
    </>
  );
}

/** An action that validates all rows of a reason again, and delivers those that pass. */
function Redrive({ reason, answer, onDone }: ReasonProps) {
  const from = answer.from.slice(0, DAY);
  const to = answer.to.slice(0, DAY);
  return (
    <DryRun<RedriveReport>
      label="Redrive this reason …"
      path="/api/quarantine/redrive"
      body={{ reason: reason.code, from, to }}
      about={`All rows of this reason that were received from ${from} to ${to} (whole UTC days) were validated again with the current configuration.`}
      wouldDo={(report) => <RedriveResult report={report} isDry />}
      confirm={({ delivered }) => {
        const rows = delivered.exposures + delivered.events;
        return rows === 0 ? null : `Deliver ${counted(rows, 'row')}`;
      }}
      did={(report) => <RedriveResult report={report} isDry={false} />}
      onDone={onDone}
    />
  );
}

/** Characters of a time, ISO 8601, that are its day. */
const DAY = '2026-11-20'.length;

/** `javascript-client 3.2.0`: what is known of the SDK that sent a row. */
function sdkOf({ sdkType, sdkVersion }: QuarantinedRow): string {
  return visibleLine([sdkType, sdkVersion].filter((part) => part !== null).join(' '));
}

/** Shows what became of one row of quarantine. */
function Item({ row }: { readonly row: QuarantinedRow }) {
  return (
    <>
      {row.raw !== null && <RawText text={row.raw} label="Refused text" isCut={row.isCut} />}
      {row.raw === null && row.rawLocation === null && <p>Nothing of it was kept.</p>}
      {row.rawEncoding === 'base64' && <p>It is no UTF-8 text, so it is shown as base64.</p>}
      {row.rawLocation !== null && <p class="mono">{row.rawLocation}</p>}
    </>
  );
}

/** Shows the result of a redrive, or of its dry run. */
function RedriveResult(props: { readonly report: RedriveReport; readonly isDry: boolean }) {
  const { found, delivered, refused, ignored, gone, failed } = props.report;
  const landed = props.isDry ? 'would be delivered' : 'delivered';
  const lines: (readonly [string, number])[] = [
    ['rows found, resends counted once', found],
    [`exposures ${landed}`, delivered.exposures],
    [`events ${landed}`, delivered.events],
    ...Object.entries(refused).map(([code, n]) => [`still refused: ${code}`, n] as const),
    ...(ignored > 0 ? [['events ignored by the configuration', ignored] as const] : []),
    ...(gone > 0 ? [['gone: the body expired or was erased', gone] as const] : []),
    ...Object.entries(failed).map(([code, n]) => [`not accepted by the bucket: ${code}`, n] as const),
  ];
  return (
    <>
      <ul>
        {lines.map(([what, n]) => (
          <li key={what}>
            <strong>{formatCount(n)}</strong> {what}
          </li>
        ))}
      </ul>
      {!props.isDry && <p>The writer makes files of delivered rows within minutes.</p>}
      {Object.keys(failed).length > 0 && (
        <p>Redrive again when the bucket accepts objects. Rows that were delivered keep their event_id.</p>
      )}
    </>
  );
}
