import type { namesJson } from '../../../observe/names/names.ts';
import { useApi } from '../parts/api.ts';
import { DaysFilter, EnvironmentFilter, SearchFilter } from '../parts/filters.tsx';
import { formatBytes, formatCount, formatShare, formatUsd } from '../parts/format.ts';
import { Plot, Spark } from '../parts/Plot.tsx';
import {
  Badge,
  Card,
  Count,
  DataTable,
  Empty,
  Figure,
  Loading,
  Page,
  Problem,
  Time,
  type Tone,
  usePages,
} from '../parts/parts.tsx';
import { link, type Route, setParams } from '../parts/router.ts';

type Names = ReturnType<typeof namesJson>;
type EventName = Names['events'][number];
type Warning = Names['warnings'][number];
type TypeShare = EventName['value'][number];

/** Choices of the days that are read. */
const DAYS = ['7', '14', '30', '90'];

const KINDS: Readonly<Record<Warning['kind'], { readonly tone: Tone; readonly words: string }>> = {
  type_changed: { tone: 'bad', words: 'type changed' },
  mixed_types: { tone: 'warning', words: 'mixed types' },
  stopped: { tone: 'warning', words: 'stopped' },
  similar_names: { tone: 'warning', words: 'similar names' },
  too_many_properties: { tone: 'warning', words: 'too many properties' },
  too_many_events: { tone: 'warning', words: 'too many events' },
  new_event: { tone: 'accent', words: 'new event' },
  new_property: { tone: 'accent', words: 'new property' },
};

/** The page Names: all events, or the one that the address names. */
export function Names({ route }: { readonly route: Route }) {
  const { event } = route.params;
  if (event !== undefined) return <OneEvent key={event} name={event} params={route.params} />;
  return <AllEvents params={route.params} />;
}

function AllEvents({ params }: { readonly params: Route['params'] }) {
  const { search = '' } = params;
  const { cursor, pager } = usePages(JSON.stringify([asked(params), search]));
  const { answer, error, isLoading } = useApi<Names>('/api/names', { ...asked(params), search, cursor });
  return (
    <Page
      title="Names"
      intro="Every event name with its properties and their types, and what is odd about them: changed types, new, similar and missing names."
    >
      <search class="filters">
        <DaysFilter days={params['days'] ?? '7'} choices={DAYS} />
        <SearchFilter label="Event name contains" search={search} />
        <EnvironmentFilter environment={params['environment'] ?? ''} />
      </search>
      {error !== undefined && <Problem error={error} />}
      {answer !== undefined && isLoading && <Loading />}
      {answer === undefined ? error === undefined && <Loading /> : <Found names={answer} params={params} />}
      {pager(answer?.next)}
    </Page>
  );
}

/** Parameters of the address that the API takes. */
function asked({ days = '7', environment }: Route['params']) {
  return { days, environment };
}

function Found({ names, params }: { readonly names: Names; readonly params: Route['params'] }) {
  if (names.events.length === 0)
    return (
      <Empty title={`No events in ${names.environment}`}>
        <p>
          Looked from {names.from} to {names.to}. An event is here once its stream delivered it; telemetry of
          the SDKs is left out.
        </p>
        <p>
          <a href={link('/live')}>See what comes in</a>.
        </p>
      </Empty>
    );
  return (
    <>
      <Warnings names={names} params={params} />
      <Card
        title={`${formatCount(names.total)} event name${names.total === 1 ? '' : 's'}`}
        tools={<Read names={names} />}
      >
        <DataTable
          caption="Event names"
          rows={names.events}
          keyOf={({ event }) => event}
          columns={[
            {
              name: 'Event',
              show: (one) => (
                <div class="name-cell">
                  <a href={link('/names', { event: one.event, ...asked(params) })}>{one.event}</a>
                  <span class="badges">
                    {one.warnings.map((kind) => (
                      <Badge key={kind} tone={KINDS[kind].tone}>
                        {KINDS[kind].words}
                      </Badge>
                    ))}
                  </span>
                </div>
              ),
            },
            { name: 'Rows', isNumber: true, show: ({ rows }) => <Count n={rows} /> },
            {
              name: 'By day',
              show: ({ days, event }) => (
                <div class="spark-cell">
                  <Spark label={`Rows of ${event} by day: ${days.join(', ')}`} values={days} />
                </div>
              ),
            },
            { name: 'Value', show: ({ value }) => <Types types={value} /> },
            { name: 'Properties', show: (one) => <Properties one={one} /> },
            {
              name: 'First seen',
              show: ({ first_seen }) => <span class="nowrap">{first_seen.slice(0, 10)}</span>,
            },
            {
              name: 'Last seen',
              show: ({ last_seen }) => (
                <span class="nowrap">
                  <Time at={last_seen} />
                </span>
              ),
            },
          ]}
        />
      </Card>
      {names.cut && <p class="faint">There are more events: those with the fewest rows are left out.</p>}
    </>
  );
}

function Read({ names }: { readonly names: Names }) {
  return (
    <span class="faint">
      {names.from} to {names.to} · {formatBytes(names.scanned_bytes)} read, {formatUsd(names.usd)} on AWS
    </span>
  );
}

/** Warnings that are shown at first. */
const WARNINGS_SHOWN = 12;

function Warnings({ names, params }: { readonly names: Names; readonly params: Route['params'] }) {
  const { warnings, warnings_left_out } = names;
  if (warnings.length === 0)
    return (
      <Card>
        <p class="faint">
          Nothing to warn of: no type changed, no name is new, and no event stopped within these days.
        </p>
      </Card>
    );
  const isAll = params['warnings'] === 'all';
  const shown = isAll ? warnings : warnings.slice(0, WARNINGS_SHOWN);
  const hidden = warnings.length - shown.length;
  return (
    <Card title={`${formatCount(warnings.length + warnings_left_out)} to look at`}>
      <ul class="warnings">
        {shown.map((warning) => (
          <li key={`${warning.kind} ${warning.event} ${warning.property} ${warning.day}`}>
            <Badge tone={KINDS[warning.kind].tone}>{KINDS[warning.kind].words}</Badge>
            <div>
              {warning.event !== null && (
                <a class="strong" href={link('/names', { event: warning.event, ...asked(params) })}>
                  {warning.event}
                </a>
              )}
              {warning.property !== null && <span class="strong"> · {warning.property}</span>}
              <div>{warning.text}</div>
            </div>
          </li>
        ))}
      </ul>
      {hidden > 0 && (
        <button type="button" onClick={() => setParams({ warnings: 'all' })}>
          Show {formatCount(hidden)} more
        </button>
      )}
      {isAll && warnings_left_out > 0 && (
        <p class="faint">
          {formatCount(warnings_left_out)} more are left out: look at fewer days, or at one event.
        </p>
      )}
    </Card>
  );
}

/** Properties that a line names. */
const PROPERTIES_SHOWN = 6;

function Properties({ one }: { readonly one: EventName }) {
  const shown = one.properties.slice(0, PROPERTIES_SHOWN);
  const rest = one.property_count - shown.length;
  if (shown.length === 0) return <span class="faint">none</span>;
  return (
    <span class="properties">
      {shown.map(({ property }) => property).join(', ')}
      {rest > 0 && <span class="faint"> and {formatCount(rest)} more</span>}
    </span>
  );
}

/** `string`, or each type with its share. */
function Types({ types }: { readonly types: readonly TypeShare[] }) {
  const [only] = types;
  if (types.length === 1 && only !== undefined)
    return <span class={only.type === 'none' ? 'faint' : undefined}>{only.type}</span>;
  return (
    <span>
      {types.map(({ type, share }, i) => (
        <span key={type} class="nowrap">
          {i > 0 && ', '}
          {type} <span class="faint">{formatShare(share)}</span>
        </span>
      ))}
    </span>
  );
}

function OneEvent({ name, params }: { readonly name: string; readonly params: Route['params'] }) {
  const { answer, error } = useApi<Names>('/api/names', { ...asked(params), event: name });
  const one = answer?.events[0];
  return (
    <Page
      title={name}
      intro={
        <>
          <a href={link('/names', asked(params))}>All names</a>
          {answer !== undefined && ` · ${answer.environment}, ${answer.from} to ${answer.to}`}
        </>
      }
      tools={<DaysFilter days={params['days'] ?? '7'} choices={DAYS} />}
    >
      {error !== undefined && <Problem error={error} />}
      {one === undefined || answer === undefined ? (
        error === undefined && <Loading />
      ) : (
        <>
          <div class="figures card">
            <Figure name="Rows">{formatCount(one.rows)}</Figure>
            <Figure name="Properties">{formatCount(one.property_count)}</Figure>
            <Figure name="First seen">{one.first_seen.slice(0, 10)}</Figure>
            <Figure name="Last seen">
              <Time at={one.last_seen} />
            </Figure>
          </div>
          {answer.warnings.length > 0 && <Warnings names={answer} params={params} />}
          <Card title="Properties">
            <PropertyTable one={one} warnings={answer.warnings} />
          </Card>
          <ByDay one={one} from={answer.from} />
          <p>
            <Read names={answer} />
          </p>
        </>
      )}
    </Page>
  );
}

/** Properties as rows, the event's value first. */
function PropertyTable({
  one,
  warnings,
}: {
  readonly one: EventName;
  readonly warnings: readonly Warning[];
}) {
  const withValue = one.value.filter(({ type }) => type !== 'none');
  const valueRows = withValue.reduce((sum, { rows }) => sum + rows, 0);
  const value = {
    property: null,
    rows: valueRows,
    share: valueRows / one.rows,
    first_seen: one.first_seen,
    last_seen: one.last_seen,
    types: withValue.map((type) => ({ ...type, share: type.rows / Math.max(1, valueRows) })),
  };
  const rest = one.property_count - one.properties.length;
  return (
    <>
      <DataTable
        caption={`Properties of ${one.event}`}
        rows={[value, ...one.properties]}
        keyOf={({ property }) => property ?? ' value'}
        columns={[
          {
            name: 'Property',
            show: ({ property }) => (
              <div class="name-cell">
                {property ?? <span class="faint">value</span>}
                <span class="badges">
                  {[
                    ...new Set(
                      warnings
                        .filter((one) => one.property === property && OF_PROPERTY.has(one.kind))
                        .map(({ kind }) => kind),
                    ),
                  ].map((kind) => (
                    <Badge key={kind} tone={KINDS[kind].tone}>
                      {KINDS[kind].words}
                    </Badge>
                  ))}
                </span>
              </div>
            ),
          },
          {
            name: 'Types',
            show: ({ types }) =>
              types.length === 0 ? <span class="faint">none</span> : <Types types={types} />,
          },
          {
            name: 'Types since',
            show: ({ types }) => (
              <span class="properties">
                {types
                  .map(({ type, first_day }) => `${types.length > 1 ? `${type} ` : ''}${first_day}`)
                  .join(', ')}
              </span>
            ),
          },
          { name: 'Rows', isNumber: true, show: ({ rows }) => <Count n={rows} /> },
          { name: 'In rows', isNumber: true, show: ({ share }) => formatShare(share) },
          {
            name: 'Last seen',
            show: ({ rows, last_seen }) => (
              <span class="nowrap">{rows === 0 ? '–' : <Time at={last_seen} />}</span>
            ),
          },
        ]}
      />
      {rest > 0 && <p class="faint">{formatCount(rest)} more properties, those in the fewest rows.</p>}
    </>
  );
}

/** Warnings that are about a property, or about the value. */
const OF_PROPERTY: ReadonlySet<Warning['kind']> = new Set(['type_changed', 'mixed_types', 'new_property']);

function ByDay({ one, from }: { readonly one: EventName; readonly from: string }) {
  const start = Date.parse(from);
  const days = one.days.map((rows, day) => ({
    day: new Date(start + day * 86_400_000).toISOString().slice(0, 10),
    rows,
  }));
  return (
    <Card title="Rows by day">
      <Plot
        label={`Rows of ${one.event} by day; the table below has the figures`}
        x={days.map(({ day }) => Date.parse(day) / 1_000)}
        series={[{ name: 'rows', values: one.days }]}
        kind="bars"
        isDaily
        height={180}
      />
      <details>
        <summary>As a table</summary>
        <DataTable
          caption="Rows by day"
          rows={[...days].reverse()}
          keyOf={({ day }) => day}
          columns={[
            { name: 'Day', show: ({ day }) => day },
            { name: 'Rows', isNumber: true, show: ({ rows }) => <Count n={rows} /> },
          ]}
        />
      </details>
    </Card>
  );
}
