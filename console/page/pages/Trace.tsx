import { useEffect, useState } from 'preact/hooks';
import { counted, visibleLine } from '../../../lib/base/text.ts';
import type { TraceState } from '../../../observe/trace/copies.ts';
import type { Trace as TraceAnswer } from '../../../observe/trace/trace.ts';
import { useApi } from '../parts/api.ts';
import { useConsole } from '../parts/context.ts';
import type { Tone } from '../parts/figures.ts';
import { Filters } from '../parts/filters.tsx';
import { Answered, Badge, Card, Empty, Page, Prose, RawText } from '../parts/parts.tsx';
import { go, link } from '../parts/router.ts';

/** Milliseconds after which an event that is not queryable yet is looked for again. */
const AGAIN_MS = 3_000;

/** Characters of a day: a time has more. */
const DAY = '2026-11-20'.length;

/** The look and the meaning of each state. docs/observe.md lists them too. */
const STATES: Readonly<Record<TraceState, readonly [tone: Tone, means: string]>> = {
  queryable: ['good', 'It is in a table.'],
  buffered: ['accent', "It waits in the stream's buffer."],
  landing: ['accent', 'It waits in landing/ until the function `write` makes a file of it.'],
  damaged: ['bad', 'It is in damaged/: the writer could not read it.'],
  accepted: ['accent', 'A stream has it. Its rows were not found, or not looked for.'],
  quarantined: ['bad', 'It was refused, and is in quarantine or on its way there.'],
  refused: ['bad', 'The request was refused. Nothing of it is stored.'],
  failed: ['bad', 'The request failed. The SDK sends it again.'],
  ignored: ['plain', 'It is valid and not stored, by the configuration or because it is telemetry.'],
  nowhere: ['bad', 'Nothing of it was found.'],
};

/** The page Trace: the journey of an event, the events of a user, or a request. */
export function Trace() {
  const { params } = useConsole().route;
  const { id, as, since } = params;
  return (
    <Page title="Trace">
      <Search key={JSON.stringify(params)} />
      {id === undefined ? (
        <Empty title="Enter an ID.">
          <p>
            An <code>event_id</code>, a user or another unit ID, or the ID of a request from the header{' '}
            <code>apigw-requestid</code> of its answer.
          </p>
        </Empty>
      ) : (
        <Card title={<bdi>{visibleLine(id)}</bdi>}>
          {/* Another search is another answer: that to one ID must never stand below another. */}
          <Traced key={JSON.stringify(params)} id={id} as={as} since={since} />
        </Card>
      )}
    </Page>
  );
}

/** The form of the search, filled with what was searched for. */
function Search() {
  const { route, deployment } = useConsole();
  // Before a search it is today: of a search it is what was asked.
  const usual = deployment.isLocal ? '' : deployment.now.slice(0, DAY);
  const { id, since = id === undefined ? usual : '' } = route.params;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? '').trim();
    go('/trace', { id: text('id'), since: text('since') });
  };
  return (
    <form aria-label="Search" onSubmit={submit}>
      <Filters>
        <label class="wide">
          Event, user or request ID
          <input name="id" type="text" required spellcheck={false} defaultValue={id ?? ''} />
        </label>
        {/* A field for days would show a time as nothing, and the next search would lose it. */}
        {since.length > DAY ? (
          <label>
            Received since
            <input name="since" type="text" defaultValue={since} />
          </label>
        ) : (
          <label>
            Received since
            <input name="since" type="date" defaultValue={since} />
          </label>
        )}
        <button type="submit">Search</button>
      </Filters>
    </form>
  );
}

/** What is traced. */
interface TracedProps {
  /** The ID that is traced. */
  readonly id: string;
  /** What the ID is of; undefined if nobody has said it. */
  readonly as?: string | undefined;
  /** From when on it is looked for, ISO 8601; undefined for the API's own span. */
  readonly since?: string | undefined;
}

/** Shows where something is. */
export function Traced({ id, as, since }: TracedProps) {
  const { deployment } = useConsole();
  const [every, setEvery] = useState<number>();
  const found = useApi<TraceAnswer>('/api/trace', { id, as, since }, every === undefined ? {} : { every });
  const state = found.answer?.state ?? 'nowhere';
  const isMoving = deployment.isLocal && ['buffered', 'landing'].includes(state);
  useEffect(() => setEvery(isMoving ? AGAIN_MS : undefined), [isMoving]);
  return <Answered state={found}>{(answer) => <Journey id={id} since={since} found={answer} />}</Answered>;
}

/** What is known of the ID, step by step, and its row. */
function Journey({ id, since, found }: Omit<TracedProps, 'as'> & { readonly found: TraceAnswer }) {
  const { subject, state, steps, found: count, hasMore, row, notes } = found;
  const [tone, means] = STATES[state];
  const isList = subject === 'user' && count > 0;
  const listed = steps.length < count || hasMore ? `${steps.length} are listed` : 'first';
  return (
    <>
      <p>
        <Badge tone={tone}>{state}</Badge>{' '}
        {isList ? (
          `${counted(count, 'event')}${hasMore ? ' or more' : ''} of a user or unit, the newest ${listed}.`
        ) : (
          <Prose text={means} />
        )}
      </p>
      <ol class="journey">
        {steps.map((step, i) => (
          <li key={i}>
            <span class="faint mono">
              {step.at === null ? '' : new Date(step.at).toISOString().replace('T', ' ').replace('Z', '')}
            </span>{' '}
            {step.eventId === undefined || step.eventId === id ? (
              <bdi>{visibleLine(step.what)}</bdi>
            ) : (
              <a href={link('/trace', { id: step.eventId, as: 'event', since })}>
                <bdi>{visibleLine(step.what)}</bdi>
              </a>
            )}
          </li>
        ))}
      </ol>
      {notes.map((note) => (
        <p key={note} class="faint">
          <Prose text={visibleLine(note)} />
        </p>
      ))}
      {row !== null && (
        <>
          <h3>Its row of {row.kind}</h3>
          <RawText text={JSON.stringify(row.columns)} label={`The row of ${row.kind}`} />
        </>
      )}
    </>
  );
}
