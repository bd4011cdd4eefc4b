import { useEffect, useState } from 'preact/hooks';
import { visibleLine } from '../../../lib/base/text.ts';
import type { Trace as TraceOf, TraceRow, TraceState } from '../../../observe/trace/trace.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import { useApi } from '../parts/api.ts';
import { formatBytes, formatCount, formatUsd } from '../parts/format.ts';
import { Badge, Card, Empty, Loading, Page, Problem, type Tone } from '../parts/parts.tsx';
import { go, link, type Route } from '../parts/router.ts';

/** The answer of `/api/trace`. */
type TraceAnswer = TraceOf & { readonly mostUsd: number };

/** An event that is not queryable yet is looked for again. */
const AGAIN_MS = 3_000;
/** Characters of a value of a row that are shown at first. */
const SHOWN = 1_000;
/** USD that a search may cost once its price is known. */
const MOST_USD = 100;

/** The meaning and look of each state. docs/observe.md lists them too. */
const STATES: Readonly<Record<TraceState, { readonly tone: Tone; readonly means: string }>> = {
  queryable: { tone: 'good', means: 'It is in a table.' },
  delivered: {
    tone: 'warning',
    means:
      'It is in a file of a day that has no partition yet. Queries read it once the registrar has made one.',
  },
  buffered: { tone: 'accent', means: 'It is in the buffer of its stream, and is delivered with that.' },
  landing: {
    tone: 'accent',
    means: 'It is in an object of the landing, of which the function write makes files.',
  },
  accepted: {
    tone: 'accent',
    means: 'It was answered 202, and a stream has it. Its rows were not found, or not looked for.',
  },
  parked: {
    tone: 'bad',
    means: 'The writer could not read it. docs/landing.md says what to do.',
  },
  quarantined: { tone: 'bad', means: 'It was refused, and is in quarantine with the reason.' },
  refused: { tone: 'bad', means: 'The request was refused. Nothing of it is stored.' },
  failed: { tone: 'bad', means: 'The request failed. The SDK sends it again.' },
  ignored: {
    tone: 'plain',
    means: 'It is valid and not stored, by the configuration or because it is telemetry.',
  },
  nowhere: { tone: 'bad', means: 'Nothing of it was found.' },
};

interface PageProps {
  readonly route: Route;
  readonly deployment: DeploymentAnswer;
}

/** The page Trace: the journey of an event, the events of a user, or a request. */
export function Trace(props: PageProps) {
  // Another search is another page: the answer to one ID must never stand below another.
  return <OneTrace key={JSON.stringify(props.route.params)} {...props} />;
}

function OneTrace({ route, deployment }: PageProps) {
  const { id, as, since, paid } = route.params;
  const [every, setEvery] = useState<number>();
  // Of a deployment the price is asked for first: nothing is read for no money.
  const maxUsd = deployment.isLocal ? undefined : paid === 'true' ? MOST_USD : 0;
  const found = useApi<TraceAnswer>(
    '/api/trace',
    { id, as, since, maxUsd },
    { isOff: id === undefined, ...(every === undefined ? {} : { every }) },
  );
  const { answer, error } = found;
  const isMoving =
    answer !== undefined && deployment.isLocal && ['buffered', 'landing', 'delivered'].includes(answer.state);
  useEffect(() => setEvery(isMoving ? AGAIN_MS : undefined), [isMoving]);
  return (
    <Page title="Trace" intro="Where an event, the events of a user, or a request is, and when it got there.">
      <Search route={route} deployment={deployment} />
      {error !== undefined && <Problem error={error} />}
      {error?.code === 'SLUICE_TRACE_TOO_EXPENSIVE' && (
        <p>
          <a class="button" href={link('/trace', { id, as, since, paid: true })}>
            Search for that price
          </a>
        </p>
      )}
      {id === undefined && (
        <Empty title="Enter an ID.">
          <p>
            An <code>event_id</code>, a user or another unit ID, or the ID of a request from the header{' '}
            <code>apigw-requestid</code> of its answer. Or open an entry of <a href={link('/live')}>Live</a>.
          </p>
        </Empty>
      )}
      {id !== undefined && answer === undefined && error === undefined && <Loading />}
      {id !== undefined && answer !== undefined && error === undefined && <Found id={id} found={answer} />}
    </Page>
  );
}

function Search({ route: { params }, deployment }: PageProps) {
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? '').trim();
    go('/trace', { id: text('id'), as: text('as'), since: text('since') });
  };
  return (
    <form class="filters" aria-label="Search" onSubmit={submit}>
      <label>
        Event, user or request ID
        <input
          name="id"
          type="search"
          size={36}
          required
          spellcheck={false}
          defaultValue={params['id'] ?? ''}
        />
      </label>
      <label>
        Kind of ID
        <select name="as" defaultValue={params['as'] ?? ''}>
          <option value="">recognize it</option>
          <option value="event">an event</option>
          <option value="user">a user or unit</option>
          <option value="request">a request</option>
        </select>
      </label>
      <label>
        Received since {deployment.isLocal ? '(optional)' : ''}
        <input
          name="since"
          type="date"
          defaultValue={params['since'] ?? (deployment.isLocal ? '' : deployment.now.slice(0, 10))}
        />
      </label>
      <button type="submit" class="primary">
        Search
      </button>
    </form>
  );
}

function Found({ id, found }: { readonly id: string; readonly found: TraceAnswer }) {
  const { subject, state, steps, found: count, hasMore, row, notes, scannedBytes, mostUsd } = found;
  const { tone, means } = STATES[state];
  const isList = subject === 'user' && count > 0;
  return (
    <>
      <Card
        title={
          <>
            <bdi>{visibleLine(id)}</bdi>{' '}
            <span class="faint">
              ({subject}
              {isList ? `, ${formatCount(count)}${hasMore ? ' or more' : ''} found, the newest first` : ''}
              {isList && steps.length < count ? `, ${steps.length} are listed` : ''})
            </span>
          </>
        }
        tools={<Badge tone={tone}>{state}</Badge>}
      >
        {!isList && <p>{means}</p>}
        <ol class="journey">
          {steps.map((step, i) => (
            <li key={i}>
              <span class="journey-time mono">
                {step.at === null ? '' : new Date(step.at).toISOString().replace('T', ' ').replace('Z', '')}
              </span>
              {step.eventId === undefined || step.eventId === id ? (
                <bdi>{visibleLine(step.what)}</bdi>
              ) : (
                <a href={link('/trace', { id: step.eventId, as: 'event' })}>
                  <bdi>{visibleLine(step.what)}</bdi>
                </a>
              )}
            </li>
          ))}
        </ol>
        {notes.map((note) => (
          <p key={note} class="faint">
            {visibleLine(note)}
          </p>
        ))}
        {scannedBytes > 0 && (
          <p class="faint">
            Athena read {formatBytes(scannedBytes)}
            {mostUsd > 0 ? `, for at most ${formatUsd(mostUsd)}` : ''}.
          </p>
        )}
      </Card>
      {row !== null && <RowOf row={row} />}
    </>
  );
}

function RowOf({ row: { kind, columns } }: { readonly row: TraceRow }) {
  return (
    <Card title={`Row of ${kind}`}>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Columns of the row">
        <table class="columns">
          <caption class="hidden">Columns of the row</caption>
          <thead>
            <tr>
              <th scope="col">Column</th>
              <th scope="col">Value</th>
            </tr>
          </thead>
          <tbody>
            {Object.entries(columns).map(([name, value]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>
                  {value === null ? (
                    <span class="faint">null</span>
                  ) : (
                    <Value text={typeof value === 'string' ? value : JSON.stringify(value)} />
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Card>
  );
}

/** A value as text; a long one in full only when somebody asks. */
function Value({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? text : text.slice(0, SHOWN);
  return (
    <>
      <pre>{visibleLine(shown)}</pre>
      {text.length > SHOWN && (
        <button type="button" class="link" onClick={() => setWhole(!isWhole)}>
          {isWhole ? 'Show less' : `Show all ${formatCount(text.length)} characters`}
        </button>
      )}
    </>
  );
}
