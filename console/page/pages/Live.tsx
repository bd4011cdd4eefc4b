import { useEffect, useRef, useState } from 'preact/hooks';
import { visibleLine } from '../../../lib/base/text.ts';
import type { LiveEntry, LiveEvent, LiveRequest } from '../../../observe/facts/flow/liveEntries.ts';
import { summarizeRequest } from '../../../observe/live/summary.ts';
import { firstEventCommand, useConsole } from '../parts/context.ts';
import { Choice, Filters } from '../parts/filters.tsx';
import { formatCount } from '../parts/format.ts';
import { MOST_KEPT, type NumberedEntry, useLiveFeed } from '../parts/liveFeed.ts';
import { Badge, Copyable, Empty, Loading, Page, Problem, type Tone } from '../parts/parts.tsx';
import { link, setParams } from '../parts/router.ts';
import { DataTable } from '../parts/tables.tsx';
import { Traced } from './Trace.tsx';

/** A filter is applied when typing rests. */
const REST_MS = 300;

const FILTERS = [
  { name: 'user', label: 'User or unit', hint: 'user-17' },
  { name: 'event', label: 'Event, experiment or gate', hint: 'checkout_*' },
  { name: 'sdk', label: 'SDK', hint: 'javascript-client' },
] as const;
const NAMES = ['errors', ...FILTERS.map(({ name }) => name)];

/** The page Live: requests and events as they come, refused ones beside the others. */
export function Live() {
  const { route, deployment } = useConsole();
  const filter = Object.fromEntries(Object.entries(route.params).filter(([name]) => NAMES.includes(name)));
  const feed = useLiveFeed(filter);
  // While it is paused, the list is what was there.
  const [paused, setPaused] = useState<readonly NumberedEntry[]>();
  useEffect(() => setPaused(undefined), [JSON.stringify(filter)]);
  const list = paused ?? feed.kept;
  const unseen = paused === undefined ? 0 : feed.total - (paused.at(-1)?.number ?? 0);
  const pause = () => setPaused(list);
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
          {paused === undefined ? 'Pause' : `Resume${unseen > 0 ? `: ${formatCount(unseen)} new` : ''}`}
        </button>
      }
    >
      <LiveFilters />
      {feed.error !== undefined && <Problem error={feed.error} />}
      {feed.source?.notes.map((note) => (
        <p key={note} class="faint">
          {note}
        </p>
      ))}
      {!feed.isOpen && <Loading />}
      {feed.isOpen && feed.error === undefined && list.length === 0 && (
        <Nothing isFiltered={Object.keys(filter).length > 0} />
      )}
      {list.length > 0 && (
        <>
          <DataTable<NumberedEntry>
            caption="Requests and rows, newest first"
            rows={list.toReversed()}
            keyOf={({ number }) => number}
            onUnfold={pause}
            unfold={({ entry }) => <Unfolded entry={entry} />}
            columns={[
              ['Time', ({ entry }) => <At of={entry} />],
              ['What', ({ entry }) => <What of={entry} />],
              ['Name or counts', ({ entry }) => <bdi>{visibleLine(nameOf(entry))}</bdi>],
              ['Unit', ({ entry }) => (entry.type === 'event' ? visibleLine(entry.unit ?? '') : '')],
              ['SDK', ({ entry }) => sdkOf(entry)],
              ['Key', ({ entry }) => (entry.type === 'request' ? (entry.key_label ?? '') : '')],
              ['ms', ({ entry }) => (entry.type === 'request' ? entry.ms : ''), 'number'],
            ]}
          />
          <div class="tools">
            <span class="faint">
              {paused === undefined ? 'Following' : 'Paused'}. {formatCount(feed.total)} read
              {feed.total > MOST_KEPT && `; the newest ${MOST_KEPT} are shown`}.
            </span>
            {feed.dropped > 0 && (
              <Badge tone="warning">{formatCount(feed.dropped)} went before they could be read</Badge>
            )}
          </div>
        </>
      )}
    </Page>
  );
}

/** The filters, which are in the address. */
function LiveFilters() {
  const { params } = useConsole().route;
  const rest = useRef<number | undefined>(undefined);
  // A filter that was being typed belongs to this page only.
  useEffect(() => () => window.clearTimeout(rest.current), []);
  const type = (name: string, value: string) => {
    window.clearTimeout(rest.current);
    rest.current = window.setTimeout(() => setParams({ [name]: value.trim() }), REST_MS);
  };
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
      {FILTERS.map(({ name, label, hint }) => (
        <label key={name}>
          {label}
          <input
            type="text"
            placeholder={hint}
            spellcheck={false}
            defaultValue={params[name] ?? ''}
            onInput={({ currentTarget }) => type(name, currentTarget.value)}
          />
        </label>
      ))}
    </Filters>
  );
}

function Nothing({ isFiltered }: { readonly isFiltered: boolean }) {
  const { deployment } = useConsole();
  if (isFiltered) return <Empty title="Nothing has come that fits the filters." />;
  return (
    <Empty title="Nothing has come since this console was started.">
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

/** Where the entry is, as the page Trace has it. */
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

function At({ of }: { readonly of: LiveEntry }) {
  return (
    <time dateTime={of.at} title={of.at}>
      {of.at.slice(5, 23).replace('T', ' ')}
    </time>
  );
}

const KINDS = { events: 'event', exposures: 'exposure', quarantine: 'refused' } as const;

function What({ of }: { readonly of: LiveEntry }) {
  if (of.type === 'event')
    return <Badge tone={of.kind === 'quarantine' ? 'bad' : 'accent'}>{KINDS[of.kind]}</Badge>;
  const hasProblem = Object.keys(of.refused).length > 0 || of.overflowed > 0;
  const tone: Tone = of.status >= 400 ? 'bad' : hasProblem ? 'warning' : 'good';
  return <Badge tone={tone}>{of.status}</Badge>;
}

function nameOf(entry: LiveEntry): string {
  if (entry.type === 'request') return requestText(entry);
  const { name, group, code } = entry;
  const more = [group === null ? '' : `, group ${group}`, code === null ? '' : `, ${code}`].join('');
  return `${name === null || name === '' ? '(no name)' : name}${more}`;
}

/** A refused request is shown with its code, once. */
function requestText(request: LiveRequest): string {
  const { code, refused } = request;
  const parts = [code === null || code in refused ? '' : code, summarizeRequest(request)];
  return parts.filter((part) => part !== '').join(': ');
}

function sdkOf({ sdk_type, sdk_version }: Pick<LiveEvent, 'sdk_type' | 'sdk_version'>): string {
  return visibleLine([sdk_type, sdk_version].filter((part) => part !== null).join(' '));
}
