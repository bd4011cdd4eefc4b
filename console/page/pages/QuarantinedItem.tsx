import { visibleLine } from '../../../lib/base/text.ts';
import type { ExaminedRow, RedriveOutcome } from '../../../observe/quarantine/examineQuarantined.ts';
import type { RedriveReport } from '../../../operate/quarantine/redriveQuarantine.ts';
import { useApi } from '../parts/api.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { formatCount, formatNoun } from '../parts/format.ts';
import { Badge, Card, Loading, Problem, SameCommand, Time, type Tone } from '../parts/parts.tsx';
import { RawText } from '../parts/RawText.tsx';

const OUTCOMES: Readonly<
  Record<RedriveOutcome['outcome'], { readonly tone: Tone; readonly word: string; readonly text: string }>
> = {
  delivered: { tone: 'good', word: 'would land', text: 'A redrive would deliver all of it.' },
  partly: {
    tone: 'warning',
    word: 'would land in part',
    text: 'A redrive would deliver a part of it. The rest is still refused.',
  },
  refused: {
    tone: 'bad',
    word: 'still refused',
    text: 'A redrive would deliver nothing: it is still refused.',
  },
  ignored: {
    tone: 'plain',
    word: 'ignored',
    text: 'A redrive would deliver nothing: the configuration lands no such events.',
  },
  not_redrivable: {
    tone: 'plain',
    word: 'not redrivable',
    text: 'It is a row of a customer’s file: correct the mapping and load the day again, or ask for a corrected file.',
  },
};

/** One row of quarantine: what it is, what came, and what would happen if it were redriven. */
export function QuarantinedItem(props: {
  readonly id: string;
  readonly day: string;
  readonly onDone: () => void;
}) {
  const { id, day } = props;
  const { answer, error, reload } = useApi<ExaminedRow>('/api/quarantine/item', { id, day });
  if (answer === undefined)
    return <Card title="One row">{error === undefined ? <Loading /> : <Problem error={error} />}</Card>;
  const { row, reason, copies, redrive } = answer;
  const { tone, word, text } = OUTCOMES[redrive.outcome];
  const total = redrive.delivered.exposures + redrive.delivered.events;
  const landed = redrive.documents.filter(({ isInTable }) => isInTable === true).length;
  return (
    <Card
      title={
        <>
          One row <Badge tone={tone}>{word}</Badge>{' '}
          {landed > 0 && <Badge tone="accent">in the table already</Badge>}
        </>
      }
    >
      <dl class="row-facts">
        <dt>Reason</dt>
        <dd>
          <span class="code">{reason.code}</span> {reason.cause}
        </dd>
        {row.detail !== null && (
          <>
            <dt>Detail</dt>
            <dd>{visibleLine(row.detail)}</dd>
          </>
        )}
        <dt>Received</dt>
        <dd>
          <Time at={row.receivedAt} /> UTC
          {copies > 1 && ` (${formatCount(copies)} rows on this day: it was sent again)`}
        </dd>
        <dt>Key</dt>
        <dd>{row.keyLabel ?? '–'}</dd>
        <dt>SDK</dt>
        <dd>{visibleLine([row.sdkType, row.sdkVersion].filter((one) => one !== null).join(' ') || '–')}</dd>
        <dt>Path</dt>
        <dd class="mono">{visibleLine(row.path ?? '–')}</dd>
        <dt>ID</dt>
        <dd class="mono">{row.quarantineId}</dd>
        {row.rawLocation !== null && (
          <>
            <dt>Object</dt>
            <dd class="mono">{row.rawLocation}</dd>
          </>
        )}
      </dl>
      <h3>As it came{row.rawEncoding === 'base64' && ', as base64: it is not UTF-8 text'}</h3>
      {row.raw === null ? (
        <p>Nothing of it was kept.</p>
      ) : (
        <RawText text={row.raw} label="Refused text" isCut={row.isCut} />
      )}
      <h3>If it were redriven</h3>
      <p>{text}</p>
      {landed > 0 && (
        <p>
          {landed === 1 ? 'Its row is' : `${formatCount(landed)} of its rows are`} in the table already.
          Delivering again makes a double with the same <code>event_id</code>, which views show once.
        </p>
      )}
      {redrive.refused.map(({ code, cause, cure, detail, count }) => (
        <div key={code} class="problem">
          <p>
            <strong>
              {count > 1 && `${formatCount(count)} × `}
              {cause} {visibleLine(detail)}
            </strong>
          </p>
          <p>{cure}</p>
          <p class="code">{code}</p>
        </div>
      ))}
      {redrive.documents.map(({ eventId, table, row: document, isInTable }) => (
        <div key={eventId} class="restored">
          <p>
            A row of <code>{table}</code>{' '}
            {isInTable === true && <Badge tone="accent">is there already</Badge>}
          </p>
          {document === row.raw ? (
            <p class="faint">The row as it came.</p>
          ) : (
            <RawText text={document} label={`The row of ${table}`} />
          )}
        </div>
      ))}
      {total > redrive.documents.length && (
        <p class="faint">{formatCount(total - redrive.documents.length)} more rows.</p>
      )}
      {total > 0 && (
        <DryRun<RedriveReport>
          label="Redrive this row …"
          path="/api/quarantine/redrive-item"
          body={{ id, day }}
          wouldDo={(report) => <RedriveResult report={report} isDry />}
          confirm={({ delivered }) => `Deliver ${formatNoun(delivered.exposures + delivered.events, 'row')}`}
          did={(report) => <RedriveResult report={report} isDry={false} />}
          onDone={() => {
            reload();
            props.onDone();
          }}
        />
      )}
      <SameCommand words={['quarantine', '--item', id, '--day', day]} />
    </Card>
  );
}

/** Shows the result of a redrive, or of its dry run. */
export function RedriveResult(props: { readonly report: RedriveReport; readonly isDry: boolean }) {
  const { found, delivered, refused, ignored, failed } = props.report;
  const landed = props.isDry ? 'would be delivered' : 'delivered';
  const lines: (readonly [string, number])[] = [
    ['rows found, resends counted once', found],
    [`exposures ${landed}`, delivered.exposures],
    [`events ${landed}`, delivered.events],
    ...Object.entries(refused).map(([code, n]) => [`still refused: ${code}`, n] as const),
    ...(ignored > 0 ? [['events ignored by the configuration', ignored] as const] : []),
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
      {!props.isDry && delivered.exposures + delivered.events > 0 && (
        <p>The writer makes files of them within minutes.</p>
      )}
      {Object.keys(failed).length > 0 && (
        <p>
          Redrive again when the bucket accepts objects. Delivered events are then delivered again with the
          same <code>event_id</code>.
        </p>
      )}
    </>
  );
}
