import { counted } from '../../../lib/base/text.ts';
import { tableKinds } from '../../../lib/schema/kinds.ts';
import { hourStrips, STRIP_LEGEND } from '../../../observe/facts/hourStrips.ts';
import type { TableArrivals } from '../../../observe/facts/tables/landedRows.ts';
import type { Finding } from '../../../observe/findings/catalogue.ts';
import type { Status as StatusOf } from '../../../observe/findings/status.ts';
import { useApi } from '../parts/api.ts';
import { firstEventCommand, useConsole } from '../parts/context.ts';
import { formatBytes, formatSpan } from '../parts/format.ts';
import { Answered, Badge, Card, Copyable, Empty, Figures, Page, Time, type Tone } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable } from '../parts/tables.tsx';
import { Alarms, Doctor, Findings } from './Health.tsx';
import { OverTime } from './OverTime.tsx';
import { Quarantine } from './Quarantine.tsx';

/** The page Status: what `sluice status` says, and the way of an event with its figures. */
export function Status() {
  const { deployment } = useConsole();
  const status = useApi<StatusOf>('/api/findings', {}, { every: deployment.isLocal ? 10_000 : 300_000 });
  return (
    <Page
      title="Status"
      intro="Whether all is well, and if not, what to do. The same answer as sluice status."
      tools={status.answer !== undefined && <Verdict status={status.answer} />}
    >
      <Answered state={status}>{(answer) => <Known status={answer} />}</Answered>
      {(status.answer === undefined || !isEmpty(status.answer)) && (
        <OverTime usual={status.answer?.lastDay?.usualHours ?? []} />
      )}
      <Hours hours={status.answer?.receivedHours ?? []} />
      <Way status={status.answer} />
      <Accepted status={status.answer} />
      <Quarantine />
      <Card title="More">
        <Doctor />
        {status.answer?.alarms && <Alarms alarms={status.answer.alarms} />}
      </Card>
    </Page>
  );
}

function Verdict({ status: { problems, at } }: { readonly status: StatusOf }) {
  const count = (severity: Finding['severity']) =>
    problems.filter((problem) => problem.severity === severity).length;
  const bad = count('problem');
  const warnings = count('warning');
  return (
    <>
      {bad > 0 && <Badge tone="bad">{counted(bad, 'problem')}</Badge>}
      {warnings > 0 && <Badge tone="warning">{counted(warnings, 'warning')}</Badge>}
      {bad + warnings === 0 && <Badge tone="good">All is well</Badge>}
      <span class="faint">
        as of <Time at={at} />
      </span>
    </>
  );
}

/** Whether nothing has ever come. */
function isEmpty({ lastRequestAt, lastEventAt, waiting: { buffered } }: StatusOf): boolean {
  return lastRequestAt === null && lastEventAt === null && !((buffered.count ?? 0) > 0);
}

function Known({ status }: { readonly status: StatusOf }) {
  const { deployment } = useConsole();
  return (
    <>
      {isEmpty(status) && (
        <Empty title="No event has come in yet.">
          <p>
            {deployment.collector === null
              ? `Send one as an SDK does. The address is the output CollectorUrl of the stack: npx serverless info --stage ${deployment.stage} --region ${deployment.region}.`
              : 'Send one as an SDK does. It appears here within seconds:'}
          </p>
          <Copyable text={firstEventCommand(deployment)} />
        </Empty>
      )}
      <Findings findings={status.problems} />
      {Object.entries(status.more).map(([code, count]) => (
        <p key={code}>
          {count} more {code}: the page <a href={link('/days')}>Days</a> has what they are about.
        </p>
      ))}
      {!deployment.isLocal && (
        <p class="faint">
          Asked every five minutes while this page is visible. Athena read {formatBytes(status.scannedBytes)}{' '}
          for it.
        </p>
      )}
    </>
  );
}

/** The hours of three days as the nights have judged them. */
function Hours({ hours }: { readonly hours: NonNullable<StatusOf['receivedHours']> }) {
  return (
    <Card title="Received hours, UTC">
      <pre>{hourStrips(hours).join('\n')}</pre>
      <p>{hours.length === 0 ? 'No night has judged an hour yet.' : STRIP_LEGEND}</p>
    </Card>
  );
}

/** The way of an event from the SDK to a query. Before the first answer its figures are dashes. */
function Way({ status }: { readonly status: StatusOf | undefined }) {
  const { lastHour, lastDay, waiting, partitions, tables, relay = null, at = '' } = status ?? {};
  const { count: buffered, oldest } = waiting?.buffered ?? {};
  const refused = lastHour && sum(Object.values(lastHour.refusedBy));
  const failed = lastHour && sum(Object.values(lastHour.failedBy));
  const missing = partitions?.gaps.length;
  const notRelayed = sum(relay?.refused.map((refusal) => refusal.count) ?? []);
  const toneOf = (found: number | null | undefined, tone: Tone): Tone => ((found ?? 0) > 0 ? tone : 'plain');
  return (
    <div class="way">
      <Card title={<a href={link('/live')}>Requests</a>}>
        <Figures
          figures={[
            ['last hour', lastHour?.requests],
            ['of these refused', refused, toneOf(refused, 'warning')],
            ['503', failed, toneOf(failed, 'bad')],
            ['24 hours', lastDay?.requests],
            ['refused in 24 h', lastDay?.refused],
            ['503 in 24 h', lastDay?.failed, toneOf(lastDay?.failed, 'bad')],
            ['last request', ago(status?.lastRequestAt, at)],
          ]}
        />
      </Card>
      <Card title={<a href={link('/live')}>Accepted</a>}>
        <Figures
          figures={[
            ['last hour', lastHour?.landed],
            ['in the buffer', buffered],
            ['oldest of it', ago(oldest, at)],
            ['quarantined', lastHour?.quarantined, toneOf(lastHour?.quarantined, 'warning')],
          ]}
        />
      </Card>
      <Card title={<a href={link('/tables')}>Waiting</a>}>
        <Figures
          figures={[
            ['objects in landing/', waiting?.landing?.count],
            ['days without partition', missing, toneOf(missing, 'bad')],
            ...(relay === null
              ? []
              : ([
                  ['relay waits', relay.waiting.count],
                  ['relay refused', notRelayed, toneOf(notRelayed, 'bad')],
                ] as const)),
          ]}
        />
      </Card>
      <Card title={<a href={link('/sql')}>Queryable</a>}>
        <Figures
          figures={[['rows, last hour', tables && sum(tables.map(({ rowsLastHour }) => rowsLastHour))]]}
        />
      </Card>
    </div>
  );
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

type Row = Pick<TableArrivals, 'table' | 'name' | 'newestRowAt'> & { readonly rowsLastHour: number | null };

/** What is shown before the first answer. */
const NO_ROWS = tableKinds.map((table) => ({ table, name: table, newestRowAt: null, rowsLastHour: null }));

function Accepted({ status }: { readonly status: StatusOf | undefined }) {
  const tables = status?.tables;
  return (
    <Card title="Tables">
      <DataTable<Row>
        caption="Tables: newest row, and rows of the last hour"
        rows={tables ?? NO_ROWS}
        keyOf={({ table }) => table}
        columns={[
          ['Table', ({ name }) => <a href={link('/tables', { table: name })}>{name}</a>],
          ['Newest row', ({ newestRowAt }) => newestRowAt ?? (tables && 'none within 24 hours'), 'time'],
          ['Rows, last hour', ({ rowsLastHour }) => rowsLastHour, 'number'],
        ]}
      />
    </Card>
  );
}

/** `3 min`, by the time of the deployment. */
function ago(at: string | null | undefined, now: string): string {
  if (at === null || at === undefined) return '–';
  const ms = Date.parse(now) - Date.parse(at);
  return ms < 1_000 ? 'now' : formatSpan(ms);
}
