import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { visibleLine } from '../../../lib/base/text.ts';
import type { LiveEntry, LiveEvent, LiveFile, LiveRequest } from '../../../observe/live/entries.ts';
import { counted, summarizeRequest } from '../../../observe/live/summary.ts';
import type { DeploymentAnswer } from '../../api/deployment.ts';
import { firstEventCommand } from '../deployment.ts';
import { formatBytes, formatCount } from '../parts/format.ts';
import { MOST_KEPT, type NumberedEntry, useLiveFeed } from '../parts/liveFeed.ts';
import { Badge, Copyable, Empty, Loading, Page, Problem, type Tone } from '../parts/parts.tsx';
import { link, type Route, setParams } from '../parts/router.ts';

/** Rows that are drawn; older and newer ones are pages away. */
const DRAWN = 150;
/** Scrolling so far pauses: what is read must not move. */
const PAUSE_AT_PX = 30;
/** A filter is applied when typing rests. */
const REST_MS = 300;

const FILTERS = [
  { name: 'user', label: 'User or unit', hint: 'user-17' },
  { name: 'event', label: 'Event', hint: 'checkout_*' },
  { name: 'experiment', label: 'Experiment or gate', hint: 'checkout_button' },
  { name: 'sdk', label: 'SDK', hint: 'javascript-client' },
  { name: 'code', label: 'Code', hint: 'SLUICE_EVENT_*' },
] as const;

/** The page Live: requests and events as they come. */
export function Live({
  route,
  deployment,
}: {
  readonly route: Route;
  readonly deployment: DeploymentAnswer;
}) {
  const filter = Object.fromEntries(
    ['only', 'errors', ...FILTERS.map(({ name }) => name)].flatMap((name) =>
      route.params[name] === undefined ? [] : [[name, route.params[name]]],
    ),
  );
  const isFiltered = Object.keys(filter).length > 0;
  const feed = useLiveFeed(filter);
  // While it is paused, the list is what was there, and how far it was paged back.
  const [paused, setPaused] = useState<{ readonly list: readonly NumberedEntry[]; readonly back: number }>();
  const box = useRef<HTMLElement>(null);
  useEffect(() => setPaused(undefined), [JSON.stringify(filter)]);
  const list = paused?.list ?? feed.kept;
  const back = paused?.back ?? 0;
  const end = list.length - back * DRAWN;
  const shown = list.slice(Math.max(0, end - DRAWN), end).toReversed();
  const unseen = paused === undefined ? 0 : feed.total - (paused.list.at(-1)?.number ?? 0);
  const toTop = () => box.current?.scrollTo({ top: 0 });
  const resume = () => {
    setPaused(undefined);
    toTop();
  };
  const turn = (pages: number) => {
    setPaused({ list, back: back + pages });
    toTop();
  };
  // Who scrolls reads, and who has the focus on a link is about to open it.
  const pauseOnScroll = () => {
    if (paused === undefined && (box.current?.scrollTop ?? 0) > PAUSE_AT_PX) setPaused({ list, back: 0 });
  };
  const pauseOnFocus = (event: FocusEvent) => {
    if (paused === undefined && event.target !== box.current) setPaused({ list, back: 0 });
  };
  return (
    <Page
      title="Live"
      intro={
        deployment.isLocal
          ? 'Requests and rows as they come. Open a row to follow its journey.'
          : 'Requests and delivered files as they come, without contents.'
      }
      tools={
        <button
          type="button"
          aria-pressed={paused !== undefined}
          onClick={() => (paused === undefined ? setPaused({ list, back: 0 }) : resume())}
        >
          {paused === undefined ? 'Pause' : unseen > 0 ? `Resume: ${formatCount(unseen)} new` : 'Resume'}
        </button>
      }
    >
      <Filters route={route} />
      {feed.error !== undefined && <Problem error={feed.error} />}
      {feed.source?.notes.map((note) => (
        <p key={note} class="faint">
          {note}
        </p>
      ))}
      {!feed.isOpen && <Loading />}
      {feed.isOpen && feed.error === undefined && list.length === 0 && (
        <Nothing deployment={deployment} isFiltered={isFiltered} />
      )}
      {list.length > 0 && <List shown={shown} box={box} onScroll={pauseOnScroll} onFocus={pauseOnFocus} />}
      {list.length > 0 && (
        <div class="pager">
          <button type="button" disabled={back === 0} onClick={() => turn(-1)}>
            Newer
          </button>
          <button type="button" disabled={end <= DRAWN} onClick={() => turn(1)}>
            Older
          </button>
          <span class="faint">
            {paused === undefined ? 'Following. ' : 'Paused. '}
            {counted(feed.total, 'entry').replace('entrys', 'entries')}
            {feed.total > MOST_KEPT && `; the newest ${formatCount(MOST_KEPT)} are kept`}.
          </span>
          {feed.dropped > 0 && (
            <Badge tone="warning">{formatCount(feed.dropped)} went before they could be read</Badge>
          )}
        </div>
      )}
    </Page>
  );
}

function List(props: {
  readonly shown: readonly NumberedEntry[];
  readonly box: RefObject<HTMLElement | null>;
  readonly onScroll: () => void;
  readonly onFocus: (event: FocusEvent) => void;
}) {
  const { shown, box, onScroll, onFocus } = props;
  const listeners = { onScroll, onFocusIn: onFocus };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <section class="live" tabIndex={0} aria-label="Entries, newest first" ref={box} {...listeners}>
      <table>
        <caption class="hidden">Requests and rows, newest first</caption>
        <thead>
          <tr>
            {['Time (UTC)', 'What', 'Name or counts', 'Unit', 'SDK', 'Key', 'ms'].map((name) => (
              <th key={name} scope="col" class={name === 'ms' ? 'number' : undefined}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(({ entry }, i) => (
            <Row key={i} entry={entry} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** The filters, which are in the address. */
function Filters({ route: { params } }: { readonly route: Route }) {
  const rest = useRef<number | undefined>(undefined);
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>({});
  const given = (name: string) => params[name] ?? '';
  // An address that somebody opens replaces what was typed; a space at the end is no reason to.
  useEffect(() => {
    setTyped((before) =>
      Object.fromEntries(
        FILTERS.map(({ name }) => [
          name,
          before[name]?.trim() === given(name) ? (before[name] ?? '') : given(name),
        ]),
      ),
    );
  }, [JSON.stringify(params)]);
  // A filter that was being typed belongs to this page only.
  useEffect(() => () => window.clearTimeout(rest.current), []);
  const type = (name: string, value: string) => {
    const now = { ...typed, [name]: value };
    setTyped(now);
    window.clearTimeout(rest.current);
    rest.current = window.setTimeout(() => {
      setParams(Object.fromEntries(Object.entries(now).map(([one, text]) => [one, text.trim()])));
    }, REST_MS);
  };
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <label>
        Show
        <select
          value={params['only'] ?? ''}
          onChange={(event) => setParams({ only: event.currentTarget.value })}
        >
          <option value="">everything</option>
          <option value="requests">requests</option>
          <option value="rows">rows</option>
        </select>
      </label>
      {FILTERS.map(({ name, label, hint }) => (
        <label key={name}>
          {label}
          <input
            type="search"
            size={Math.max(13, hint.length)}
            placeholder={hint}
            spellcheck={false}
            value={typed[name] ?? given(name)}
            onInput={(event) => type(name, event.currentTarget.value)}
          />
        </label>
      ))}
      <label class="check">
        <input
          type="checkbox"
          checked={params['errors'] === 'true'}
          onChange={(event) => setParams({ errors: event.currentTarget.checked })}
        />
        only errors
      </label>
      {Object.keys(params).length > 0 && (
        <a class="button" href={link('/live')} onClick={() => window.clearTimeout(rest.current)}>
          Clear
        </a>
      )}
    </form>
  );
}

function Nothing({
  deployment,
  isFiltered,
}: {
  readonly deployment: DeploymentAnswer;
  readonly isFiltered: boolean;
}) {
  if (isFiltered)
    return (
      <Empty title="Nothing has come that fits the filters.">
        <a href={link('/live')}>Show everything</a>
      </Empty>
    );
  if (!deployment.isLocal || deployment.collector === null)
    return (
      <Empty title="Nothing has come yet.">
        <p>
          Requests appear some seconds after their answer, and files when Firehose has written them.{' '}
          <a href={link('/')}>Now</a> shows what came in the last hour; <a href={link('/trace')}>Trace</a>{' '}
          finds an event or a request.
        </p>
      </Empty>
    );
  return (
    <Empty title="Nothing has come yet.">
      <p>Post an event, or point an SDK at the collector:</p>
      <Copyable text={firstEventCommand(deployment)} />
    </Empty>
  );
}

interface Cells {
  readonly what: string;
  readonly tone: Tone;
  /** Name or counts, and where it leads. */
  readonly name: string;
  readonly href: string | undefined;
  /** The text beside the name. */
  readonly detail: string;
  readonly unit: string | null;
  readonly sdk: string;
  readonly keyLabel: string | null;
  readonly ms: number | null;
}

/** One row of the table. All have the same elements, so that drawing the next entry in its place makes no new ones. */
function Row({ entry }: Pick<NumberedEntry, 'entry'>) {
  const { what, tone, name, href, detail, unit, sdk, keyLabel, ms } = cellsOf(entry);
  return (
    <tr>
      <td class="mono">
        <time dateTime={entry.at} title={entry.at}>
          {entry.at.slice(5, 23).replace('T', ' ')}
        </time>
      </td>
      <td>
        <Badge tone={tone}>{what}</Badge>
      </td>
      <td class="wide">
        <a {...(href === undefined ? {} : { href })}>
          <Name text={name} />
        </a>
        <span class="faint">
          <Name text={detail} />
        </span>
      </td>
      {[unit, sdk, keyLabel].map((text, i) => (
        <td key={i} class="text" title={text === null ? undefined : visibleLine(text)}>
          <Name text={text ?? ''} />
        </td>
      ))}
      <td class="number">{ms ?? ''}</td>
    </tr>
  );
}

function cellsOf(entry: LiveEntry): Cells {
  if (entry.type === 'request') return cellsOfRequest(entry);
  return entry.type === 'event' ? cellsOfEvent(entry) : cellsOfFile(entry);
}

function cellsOfRequest(request: LiveRequest): Cells {
  const { status, request_id, code, key_label, ms } = request;
  const hasProblem = Object.keys(request.refused).length > 0 || request.overflowed > 0;
  return {
    what: String(status),
    tone: status >= 400 ? 'bad' : hasProblem ? 'warning' : 'good',
    // Refused requests are shown with their code.
    name: [code === null || code in request.refused ? '' : code, summarizeRequest(request)]
      .filter((part) => part !== '')
      .join(': '),
    href: request_id === null ? undefined : link('/trace', { id: request_id, as: 'request' }),
    detail: '',
    ...{ unit: null, sdk: sdkOf(request), keyLabel: key_label, ms },
  };
}

const KINDS = { events: 'event', exposures: 'exposure', quarantine: 'refused' } as const;

function cellsOfEvent(event: LiveEvent): Cells {
  const { kind, name, code, group, unit, event_id } = event;
  return {
    what: KINDS[kind],
    tone: kind === 'quarantine' ? 'bad' : 'accent',
    name: name === null || name === '' ? '(no name)' : name,
    href: event_id === null ? undefined : link('/trace', { id: event_id, as: 'event' }),
    detail: [group === null ? '' : ` group ${group}`, code === null ? '' : ` ${code}`].join(''),
    ...{ unit, sdk: sdkOf(event), keyLabel: null, ms: null },
  };
}

function cellsOfFile({ kind, rows, bytes, key }: LiveFile): Cells {
  const count = rows === null ? 'rows unknown' : counted(rows, 'row');
  return {
    ...{ what: kind === null ? 'waits' : 'file', tone: 'plain', href: undefined },
    name: `${kind ?? 'landing'}: ${count}, ${formatBytes(bytes)}`,
    ...{ detail: ` ${key}`, unit: null, sdk: '', keyLabel: null, ms: null },
  };
}

function sdkOf({ sdk_type, sdk_version }: Pick<LiveEvent, 'sdk_type' | 'sdk_version'>): string {
  return [sdk_type, sdk_version].filter((part) => part !== null).join(' ');
}

/** Shows foreign text: hidden characters are escaped, and its direction does not affect the line. */
function Name({ text }: { readonly text: string }) {
  return <bdi>{visibleLine(text)}</bdi>;
}
