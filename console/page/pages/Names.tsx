import type { Names as NamesAnswer } from '../../../observe/names/names.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import { DaysFilter, EnvironmentFilter, Filters, TextFilter } from '../parts/filters.tsx';
import { formatBytes, formatCount, formatShare, formatUsd } from '../parts/format.ts';
import { Answered, Badge, Card, Empty, type Tone } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable, More } from '../parts/tables.tsx';

type EventName = NamesAnswer['events'][number];
type Warning = NamesAnswer['warnings'][number];
type TypeShare = EventName['value'][number];

/** Event names; each unfolds to its warnings and properties. */
export function Names() {
  const { days = '7', search, environment } = useConsole().route.params;
  const names = useApi<NamesAnswer>('/api/names', { days, search, environment });
  return (
    <>
      <Filters>
        <DaysFilter days={days} choices={['7', '14', '30', '90']} />
        <TextFilter label="Event name contains" name="search" value={search} />
        <EnvironmentFilter value={environment} />
      </Filters>
      <Card>
        <Answered of={names}>
          {(answer) => (
            <>
              {answer.events.length === 0 ? (
                <Empty title={`No events in ${answer.environment}`}>
                  <p>
                    Looked from {answer.from} to {answer.to}. An event is here once its stream delivered it;
                    telemetry of the SDKs is left out. <a href={link('/live')}>See what comes in</a>.
                  </p>
                </Empty>
              ) : (
                <DataTable
                  caption="Event names"
                  rows={answer.events}
                  keyOf={({ event }) => event}
                  params={['event']}
                  unfold={(one) => <OneEvent of={one} names={answer} />}
                  columns={[
                    ['Event', ({ event }) => event],
                    ['To look at', ({ warnings }) => <Warnings kinds={warnings} />],
                    ['Rows', ({ rows }) => rows, 'number'],
                    ['Value', ({ value }) => typesText(value)],
                    ['Properties', (one) => one.property_count, 'number'],
                    ['First seen', (one) => one.first_seen.slice(0, 10)],
                    ['Last seen', (one) => one.last_seen, 'time'],
                  ]}
                />
              )}
              <More hasMore={answer.events.length < answer.total} how="filter by a part of the name" />
              <p class="faint">
                {formatCount(answer.total)} names from {answer.from} to {answer.to}.{' '}
                {formatBytes(answer.scanned_bytes)} read, {formatUsd(answer.usd)} on AWS.
                {answer.cut && ' There are more events: those with the fewest rows are left out.'}
              </p>
            </>
          )}
        </Answered>
      </Card>
    </>
  );
}

const TONES: Readonly<Record<Warning['kind'], Tone>> = {
  type_changed: 'bad',
  stopped: 'warning',
  new_event: 'accent',
};

function Warnings({ kinds }: { readonly kinds: readonly Warning['kind'][] }) {
  return (
    <>
      {kinds.map((kind) => (
        <Badge key={kind} tone={TONES[kind]}>
          {kind.replaceAll('_', ' ')}
        </Badge>
      ))}
    </>
  );
}

/** `string`, or each type with its share. */
function typesText(types: readonly TypeShare[]): string {
  if (types.length === 1) return types[0]?.type ?? '';
  return types.map(({ type, share }) => `${type} ${formatShare(share)}`).join(', ');
}

function OneEvent({ of, names }: { readonly of: EventName; readonly names: NamesAnswer }) {
  const warnings = names.warnings.filter(({ event }) => event === of.event);
  return (
    <>
      <ul>
        {warnings.map((warning) => (
          <li key={`${warning.kind} ${warning.property} ${warning.day}`}>
            <Warnings kinds={[warning.kind]} /> {warning.property} {warning.text}
          </li>
        ))}
      </ul>
      <DataTable
        caption={`Properties of ${of.event}`}
        rows={of.properties}
        keyOf={({ property }) => property}
        columns={[
          ['Property', ({ property }) => property],
          ['Types', ({ types }) => typesText(types)],
          ['Rows', ({ rows }) => rows, 'number'],
          ['In rows', ({ share }) => formatShare(share), 'number'],
          ['Last seen', ({ last_seen }) => last_seen, 'time'],
        ]}
      />
      <More hasMore={of.properties.length < of.property_count} how="sluice names --event" />
      <a href={link('/sql', { q: queryOf(of.event, names.to) })}>Query it</a>
    </>
  );
}

function queryOf(event: string, day: string): string {
  return `SELECT *\nFROM product_events\nWHERE ds = DATE '${day}'\n  AND event_name = '${event.replaceAll("'", "''")}'\nLIMIT 100`;
}
