import { useLayoutEffect, useState } from 'preact/hooks';
import type { LiveEntry } from '../../../observe/facts/flow/liveEntries.ts';
import { entryParts } from '../../../observe/live/entryText.ts';
import type { GateAnswer } from '../../api/live.ts';
import { useApi } from '../parts/api.ts';
import { type Burst, burstsOf, type NumberedEntry } from '../parts/bursts.ts';
import { useConsole } from '../parts/context.ts';
import type { Tone } from '../parts/figures.ts';
import { Choice, Filters, TextFilter } from '../parts/filters.tsx';
import { firstEventCommand } from '../parts/firstEventCommand.ts';
import { useLiveFeed } from '../parts/liveFeed.ts';
import { Badge, Copyable, Empty, Loading, Page, Problem, Prose } from '../parts/parts.tsx';
import { link } from '../parts/router.ts';
import { DataTable } from '../parts/tables.tsx';
import { formatCount } from '../texts/format.ts';
import { Traced } from './Trace.tsx';

/** The filters by a text, as the parameters of the address. */
const FILTERS = [
  { name: 'user', label: 'User or unit', placeholder: 'user-17' },
  { name: 'event', label: 'Event, experiment or gate', placeholder: 'checkout_*' },
  { name: 'sdk', label: 'SDK', placeholder: 'javascript-client' },
] as const;
/** All parameters that filter. */
const NAMES = ['errors', ...FILTERS.map(({ name }) => name)];

/** Milliseconds between two questions where the first event stopped. */
const GATE_MS = 15_000;

/** The page Live: requests and events as they come, refused ones beside the others. */
export function Live() {
  const { route, deployment } = useConsole();
  const filter = Object.fromEntries(
    NAMES.map((name) => [name, route.params[name]?.trim() ?? ''] as const).filter(([, text]) => text !== ''),
  );
  const feed = useLiveFeed(filter);
  // While the page is paused, it shows the list as it was.
  const [paused, setPaused] = useState<readonly NumberedEntry[]>();
  useLayoutEffect(() => setPaused(undefined), [JSON.stringify(filter)]);
  const list = paused ?? feed.kept;
  const unseen = paused === undefined ? 0 : feed.total - (paused.at(-1)?.number ?? 0);
  const pause = () => setPaused(list);
  const news = unseen > 0 ? `: ${formatCount(unseen)} new` : '';
  return (
    <Page
      title="Live"
      intro={
        deployment.isLocal
          ? 'Requests and rows as they come. A row unfolds to where it is and what it holds.'
          : 'Requests as they come, without contents.'
      }
      tools={
        <button
          type="button"
          class="outline"
          aria-pressed={paused !== undefined}
          onClick={() => (paused === undefined ? pause() : setPaused(undefined))}
        >
          {paused === undefined ? 'Pause' : `Resume${news}`}
        </button>
      }
    >
      <LiveFilters />
      {feed.error !== undefined && <Problem error={feed.error} />}
      {feed.notes.map((note) => (
        <p key={note} class="faint">
          <Prose text={note} />
        </p>
      ))}
      {!feed.hasBegun && <Loading />}
      {feed.hasBegun && feed.error === undefined && list.length === 0 && (
        <Nothing isFiltered={Object.keys(filter).length > 0} />
      )}
      {list.length > 0 && <Entries bursts={burstsOf(list)} onUnfold={pause} />}
      {feed.dropped > 0 && (
        <Badge tone="warning">{formatCount(feed.dropped)} went before they could be read</Badge>
      )}
    </Page>
  );
}

/** An entry unfolds to where it is, and a burst to its entries. */
function Entries({ bursts, onUnfold }: { readonly bursts: readonly Burst[]; readonly onUnfold: () => void }) {
  return (
    <DataTable<Burst>
      caption="Requests and rows, newest first"
      rows={bursts}
      keyOf={({ entries }) => entries.at(-1)?.number ?? 0}
      onUnfold={onUnfold}
      unfold={({ newest, entries }) =>
        entries.length === 1 ? (
          <Unfolded entry={newest.entry} />
        ) : (
          <Entries
            bursts={entries.map((entry) => ({ newest: entry, entries: [entry] }))}
            onUnfold={onUnfold}
          />
        )
      }
      columns={[
        ['Time', ({ newest: { entry } }) => <time dateTime={entry.at}>{timeText(entry)}</time>],
        [
          'Request or row',
          ({ newest: { entry }, entries }) => (
            <>
              {entries.length > 1 && <strong>{entries.length} × </strong>}
              <What entry={entry} isBurst={entries.length > 1} />
            </>
          ),
        ],
      ]}
    />
  );
}

/** The filters, which are in the address. */
function LiveFilters() {
  const { params } = useConsole().route;
  return (
    <Filters>
      <Choice
        label="Outcome"
        name="errors"
        value={params['errors'] ?? ''}
        choices={[
          ['', 'accepted and refused'],
          ['true', 'only refused and failed'],
        ]}
      />
      {FILTERS.map((filter) => (
        <TextFilter key={filter.name} value={params[filter.name]} {...filter} />
      ))}
    </Filters>
  );
}

/** What stands in place of an empty list: what to do, or where the first event stopped. */
function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  const { deployment } = useConsole();
  const { answer } = useApi<GateAnswer>('/api/live/gate', {}, { every: GATE_MS, isOff: isFiltered });
  if (isFiltered) return <Empty title="Nothing has come that fits the filters." />;
  return (
    <Empty title="Nothing has come since this console was started.">
      {answer?.gate && (
        <p>
          <Prose text={answer.gate.text} />
        </p>
      )}
      {deployment.isLocal ? (
        <Copyable text={firstEventCommand(deployment)} />
      ) : (
        <p>
          Requests appear some seconds after their answer. <a href={link('/')}>Status</a> shows what came in
          the last hour.
        </p>
      )}
    </Empty>
  );
}

/** Shows where the entry is, as the page Trace does. */
function Unfolded({ entry }: { readonly entry: LiveEntry }) {
  const id = entry.type === 'request' ? entry.request_id : entry.event_id;
  if (id === null) return <p>It has no ID by which it could be traced.</p>;
  return (
    <>
      <Traced id={id} as={entry.type} />
      <a href={link('/trace', { id, as: entry.type })}>On a page of its own</a>
    </>
  );
}

/** An entry in words; of a burst, those that its entries share. */
function What({ entry, isBurst }: { readonly entry: LiveEntry; readonly isBurst: boolean }) {
  const { shared, own } = entryParts(entry);
  const [head, ...rest] = isBurst ? shared : [...shared, ...own];
  return (
    <>
      <Badge tone={toneOf(entry)}>{head}</Badge> <bdi>{rest.join(' · ')}</bdi>
    </>
  );
}

/** `11-20 10:05:00.123`: the year is nearly always the same. */
function timeText({ at }: LiveEntry): string {
  return at.slice('2026-'.length, '2026-11-20T10:05:00.123'.length).replace('T', ' ');
}

/** The tone of an entry: of a request by its answer, of an event by the table that it is in. */
function toneOf(entry: LiveEntry): Tone {
  if (entry.type === 'event') return entry.kind === 'quarantine' ? 'bad' : 'accent';
  if (entry.status >= 400) return 'bad';
  const hasProblem = Object.keys(entry.refused).length > 0 || entry.overflowed > 0;
  return hasProblem ? 'warning' : 'good';
}
