import { visibleLine } from '../../../lib/base/text.ts';
import type { CountedReason, QuarantineCounts } from '../../../observe/quarantine/countQuarantine.ts';
import type { QuarantinedPage, QuarantinedRow } from '../../../observe/quarantine/listQuarantined.ts';
import type { RedriveReport } from '../../../operate/quarantine/redriveQuarantine.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import { useApi } from '../parts/api.ts';
import { DryRun } from '../parts/DryRun.tsx';
import { formatCount, formatNoun } from '../parts/format.ts';
import {
  Bytes,
  Card,
  Count,
  DataTable,
  Empty,
  Figure,
  Loading,
  Page,
  Problem,
  Time,
  usePages,
} from '../parts/parts.tsx';
import { link, type Route, setParams } from '../parts/router.ts';
import { StackedBars } from '../parts/StackedBars.tsx';
import { QuarantinedItem, RedriveResult } from './QuarantinedItem.tsx';

const SPANS: readonly (readonly [hours: number, name: string])[] = [
  [1, 'last hour'],
  [24, 'last 24 hours'],
  [168, 'last 7 days'],
  [720, 'last 30 days'],
  [2_160, 'last 90 days'],
];
const PARTS: Readonly<Record<CountedReason['part'], string>> = {
  body: 'whole body',
  event: 'event',
  row: 'row of a stream',
  file_row: "row of a customer's file",
};
const UNIT_MS = { hour: 3_600_000, day: 86_400_000 };

/** The page Quarantine: reasons over time, the rows of one, and one row. */
export function Quarantine({
  route,
  deployment,
}: {
  readonly route: Route;
  readonly deployment: DeploymentAnswer;
}) {
  const { hours = '24', reason, at, item, day } = route.params;
  const { answer, error, isLoading, reload } = useApi<QuarantineCounts>('/api/quarantine', { hours });
  const span = { hours: route.params['hours'] };
  const found = answer?.reasons.find(({ code }) => code === reason);
  return (
    <Page
      title="Quarantine"
      intro="Refused events and bodies, kept as they came. A row arrives here with the next delivery of its stream, and stays after it was redriven."
      tools={
        <>
          <label class="inline">
            Received in the{' '}
            <select
              value={hours}
              onChange={({ currentTarget }) => setParams({ hours: currentTarget.value, at: undefined })}
            >
              {SPANS.map(([count, name]) => (
                <option key={count} value={count}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <button type="button" onClick={reload} disabled={isLoading}>
            {isLoading ? 'Reading …' : 'Read again'}
          </button>
        </>
      }
    >
      {error && <Problem error={error} />}
      {answer === undefined && !error && <Loading />}
      {answer?.notes.map((note) => (
        <p key={note}>{note}</p>
      ))}
      {answer?.rows === 0 && (
        <Empty title="Nothing was refused in this time.">
          <p>
            Rows that were refused in the last minutes may still be in a buffer: the local cloud delivers them
            with “Deliver now”.
          </p>
        </Empty>
      )}
      {answer !== undefined && answer.rows > 0 && (
        <Reasons isLocal={deployment.isLocal} {...{ answer, span, reason, at }} />
      )}
      {answer !== undefined && reason !== undefined && (
        <ReasonRows key={`${reason} ${at} ${answer.from}`} {...{ answer, found, reason, at, span, item }} />
      )}
      {item !== undefined && day !== undefined && (
        <QuarantinedItem key={`${item} ${day}`} id={item} day={day} onDone={reload} />
      )}
    </Page>
  );
}

interface Chosen {
  readonly answer: QuarantineCounts;
  readonly span: { readonly hours: string | undefined };
  readonly at: string | undefined;
}

function Reasons({
  answer,
  span,
  reason,
  at,
  isLocal,
}: Chosen & { readonly reason: string | undefined; readonly isLocal: boolean }) {
  const { reasons, unit } = answer;
  return (
    <Card title={`By reason and ${unit}`}>
      <StackedBars
        label={`Rows by reason and ${unit}. The table below has the same figures.`}
        from={Date.parse(answer.from)}
        to={Date.parse(answer.to)}
        step={UNIT_MS[unit]}
        series={reasons.map(({ code, counts }) => ({
          name: code,
          values: new Map(counts.map((one) => [Date.parse(one.at), one.rows])),
        }))}
        chosen={at === undefined ? undefined : Date.parse(at)}
        hrefOf={(bar) => {
          const iso = new Date(bar).toISOString();
          const most = mostFrequentAt(reasons, iso);
          return link('/quarantine', { ...span, reason: reason ?? most, at: at === iso ? undefined : iso });
        }}
      />
      <DataTable
        caption="Reasons"
        rows={reasons}
        keyOf={({ code }) => code}
        classOf={({ code }) => (code === reason ? 'chosen-row' : undefined)}
        columns={[
          {
            name: 'Reason',
            show: ({ code }) => (
              <a
                class="mono"
                href={link('/quarantine', { ...span, reason: code })}
                aria-current={code === reason ? 'true' : undefined}
              >
                {code}
              </a>
            ),
          },
          { name: 'Refused', show: ({ part }) => PARTS[part] },
          { name: 'Rows', isNumber: true, show: ({ rows }) => <Count n={rows} /> },
          { name: 'Items', isNumber: true, show: ({ items }) => <Count n={items} /> },
          {
            name: 'Last, UTC',
            show: ({ lastAt }) => (
              <span class="nowrap">
                <Time at={lastAt} />
              </span>
            ),
          },
          { name: 'Meaning', show: ({ cause }) => cause },
        ]}
      />
      <p class="faint">
        Items count once, however often an SDK sent them; rows do not.
        {!isLocal && (
          <>
            {' '}
            Athena read <Bytes n={answer.scannedBytes} /> for these figures.
          </>
        )}
      </p>
    </Card>
  );
}

function mostFrequentAt(reasons: readonly CountedReason[], iso: string): string | undefined {
  const rowsAt = ({ counts }: CountedReason) => counts.find((one) => one.at === iso)?.rows ?? 0;
  return [...reasons].sort((a, b) => rowsAt(b) - rowsAt(a))[0]?.code;
}

function ReasonRows(
  props: Chosen & {
    readonly reason: string;
    readonly found: CountedReason | undefined;
    readonly item: string | undefined;
  },
) {
  const { answer, found, reason, at, span, item } = props;
  const bar = at === undefined ? undefined : Date.parse(at);
  const from =
    bar === undefined ? answer.from : new Date(Math.max(bar, Date.parse(answer.from))).toISOString();
  const end = bar === undefined ? Date.parse(answer.to) : bar + UNIT_MS[answer.unit] - 1;
  const to = new Date(Math.min(end, Date.parse(answer.to))).toISOString();
  const { cursor, pager } = usePages(`${reason} ${from} ${to}`);
  const page = useApi<QuarantinedPage>('/api/quarantine/rows', { reason, from, to, cursor, limit: 10 });
  return (
    <Card
      title={<span class="wrap mono">{reason}</span>}
      tools={
        at !== undefined && (
          <a class="button" href={link('/quarantine', { ...span, reason })}>
            All hours
          </a>
        )
      }
    >
      {found !== undefined && (
        <>
          <p>
            {found.cause} <strong>Cure:</strong> {found.cure}
          </p>
          <div class="figures">
            <Figure name="Rows">
              <Count n={found.rows} />
            </Figure>
            <Figure name="Items">
              <Count n={found.items} />
            </Figure>
            <Figure name="First, UTC">
              <Time at={found.firstAt} />
            </Figure>
            <Figure name="Last, UTC">
              <Time at={found.lastAt} />
            </Figure>
          </div>
          {found.isRedrivable ? (
            <RedriveReason reason={reason} from={from.slice(0, 10)} to={to.slice(0, 10)} />
          ) : (
            <p>
              Rows of customers’ files cannot be redriven: correct the mapping and{' '}
              <a href={link('/drops')}>load their day again</a>, or ask for a corrected file.
            </p>
          )}
        </>
      )}
      {page.error && <Problem error={page.error} />}
      {page.answer === undefined && !page.error && <Loading />}
      {page.answer !== undefined && (
        <>
          <p class="faint">
            Received from <Time at={from} /> to <Time at={to} /> UTC, the newest first.
          </p>
          {page.answer.rows.length === 0 ? (
            <p>None in this time.</p>
          ) : (
            <Rows rows={page.answer.rows} {...{ span, reason, at, item }} />
          )}
          {pager(page.answer.next)}
        </>
      )}
    </Card>
  );
}

function RedriveReason(wanted: { readonly reason: string; readonly from: string; readonly to: string }) {
  const days = wanted.from === wanted.to ? `on ${wanted.from}` : `from ${wanted.from} to ${wanted.to}`;
  const total = ({ delivered }: RedriveReport) => delivered.exposures + delivered.events;
  return (
    <DryRun<RedriveReport>
      label="Redrive this reason …"
      path="/api/quarantine/redrive"
      body={wanted}
      wouldDo={(report) => (
        <>
          <p>
            All rows of this reason that were received {days} (whole UTC days) were validated again with the
            configuration of now.
          </p>
          <RedriveResult report={report} isDry />
        </>
      )}
      confirm={(report) => (total(report) === 0 ? null : `Deliver ${formatNoun(total(report), 'row')}`)}
      did={(report) => <RedriveResult report={report} isDry={false} />}
    />
  );
}

function Rows(props: {
  readonly rows: readonly QuarantinedRow[];
  readonly span: Chosen['span'];
  readonly reason: string;
  readonly at: string | undefined;
  readonly item: string | undefined;
}) {
  const { rows, span, reason, at, item } = props;
  return (
    <DataTable
      caption="Refused rows, the newest first"
      rows={rows}
      keyOf={({ quarantineId, receivedAt }) => `${quarantineId} ${receivedAt}`}
      classOf={({ quarantineId }) => (quarantineId === item ? 'chosen-row' : undefined)}
      columns={[
        {
          name: 'Received, UTC',
          show: ({ receivedAt, quarantineId, day }) => (
            <a class="nowrap" href={link('/quarantine', { ...span, reason, at, item: quarantineId, day })}>
              <Time at={receivedAt} />
            </a>
          ),
        },
        { name: 'Detail', show: ({ detail }) => <span class="wrap">{visibleLine(detail ?? '')}</span> },
        { name: 'Key', show: ({ keyLabel }) => <span class="wrap">{keyLabel}</span> },
        {
          name: 'SDK',
          show: ({ sdkType, sdkVersion }) => (
            <span class="wrap roomy">
              {visibleLine([sdkType, sdkVersion].filter((one) => one !== null).join(' '))}
            </span>
          ),
        },
        { name: 'Path', show: ({ path }) => <span class="wrap mono">{visibleLine(path ?? '')}</span> },
        {
          name: 'Raw',
          show: ({ raw, rawLocation, rawLength }) => (
            <code class="clip">
              {raw === null ? (rawLocation ?? 'nothing was kept') : excerpt(raw, rawLength)}
            </code>
          ),
        },
      ]}
    />
  );
}

function excerpt(raw: string, length: number | null): string {
  const shown = visibleLine(raw.slice(0, 160));
  return (length ?? raw.length) > 160 ? `${shown}… (${formatCount(length ?? raw.length)} characters)` : shown;
}
