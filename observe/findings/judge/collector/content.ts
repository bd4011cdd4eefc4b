import { quoteText } from '../../../../lib/base/sql.ts';
import { counted, listed, quotedName } from '../../../../lib/base/text.ts';
import { DAY_MS, utcDay } from '../../../../lib/base/time.ts';
import { NameFilter } from '../../../../lib/collect/eventFilter.ts';
import type { ForwardedKind } from '../../../../lib/schema/kinds.ts';
import { qualifiedName } from '../../../../lib/views/View.ts';
import type { StatusFacts } from '../../../facts/statusFacts.ts';
import type { ComparedPart, ContentChange } from '../../../facts/tables/contentChanges.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';

/** Changes that are told of one kind. */
const MOST_TOLD = 20;

/** A change of one kind as a person reads it. */
interface Wording {
  /** The case of the finding. */
  readonly case: CaseOf<'SLUICE_FINDING_EVENTS_UNUSUAL'>;
  /** The tables that its command asks. */
  readonly table: ForwardedKind;
  /** What is so, as a sentence without its stop. */
  readonly title: (change: ContentChange) => string;
  /** SQL of the columns by which the command tells the rows apart. */
  readonly columns: string;
  /** SQL of the rows that the command shows. */
  readonly where: (change: ContentChange) => string;
}

const ofExperiment = ({ subject, value }: ContentChange) =>
  `"experiment_id" = ${quoteText(subject || value)}`;
const ofSdk = ({ subject }: ContentChange) => `"sdk_type" = ${quoteText(subject)}`;
const percent = (share: number) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`;
const before = ({ days }: ContentChange) => `on each of ${counted(days, 'day')} before`;
const names = (what: string) => (change: ContentChange) =>
  `${change.of} names of ${what} came, where at most ${change.usual} came ${before(change)}; a new one is ${quotedName(change.value)}`;
/** `40 of 50 events from js-client 3 have no user_id, where at most 12 % came so on each of 3 days before` */
function shareTitle(change: ContentChange, what: string, has: string, had: string): string {
  const usual = change.usual === 0 ? 'none' : `at most ${percent(change.usual)}`;
  return `${change.count} of ${counted(change.of, what)} ${has}, where ${usual} ${had} ${before(change)}`;
}
const CONFIG_AND_SDK = '"config_version", "sdk_type", "sdk_version"';

/** What is told of each change. */
const WORDINGS: Readonly<Record<ContentChange['kind'], Partial<Record<ComparedPart, Wording>>>> = {
  missing: {
    experiment: {
      case: 'experiment',
      table: 'exposures',
      title: (change) =>
        `No exposure to the experiment ${quotedName(change.value)} came, where at least ${change.of} came ${before(change)}`,
      columns: `"group_id", ${CONFIG_AND_SDK}`,
      where: ofExperiment,
    },
    group: {
      case: 'group',
      table: 'exposures',
      title: (change) =>
        `No exposure to the group ${quotedName(change.label ?? change.value)} of ${quotedName(change.subject)} came, where at least ${change.of} came ${before(change)}, and other groups come`,
      columns: `"group_id", ${CONFIG_AND_SDK}`,
      where: ofExperiment,
    },
  },
  names: {
    event: {
      case: 'names',
      table: 'events',
      title: names('events'),
      columns: '"event_name", "sdk_type", "sdk_version"',
      where: () => '"event_name" IS NOT NULL',
    },
    experiment: {
      case: 'names',
      table: 'exposures',
      title: names('experiments'),
      columns: '"experiment_id", "sdk_type", "sdk_version"',
      where: () => '"experiment_id" IS NOT NULL',
    },
  },
  more: {
    unit: {
      case: 'unit',
      table: 'events',
      title: (change) => shareTitle(change, 'event', `from ${change.sdk} have no user_id`, 'came so'),
      columns: '"sdk_version", "user_id" IS NULL AS "no_user", "stable_id" IS NULL AS "no_device"',
      where: ofSdk,
    },
    environment: {
      case: 'environment',
      table: 'events',
      title: (change) =>
        shareTitle(
          change,
          'event',
          `from ${change.sdk} are of the environment ${quotedName(change.value)}`,
          'were',
        ),
      columns: '"sdk_version", "environment"',
      where: ofSdk,
    },
    crossover: {
      case: 'crossover',
      table: 'exposures',
      title: (change) =>
        shareTitle(change, 'unit', `of ${quotedName(change.subject)} saw several groups`, 'did'),
      columns: `"group_id", ${CONFIG_AND_SDK}`,
      where: ofExperiment,
    },
  },
};

/** What came within 24 hours and is not as on the days before: names, groups, and shares of what an SDK sends. */
export function* contentFindings(
  { contentChanges }: StatusFacts,
  { commands, config, now }: Place,
): Findings {
  // What the configured lists leave out is meant to stay away.
  const filters = { events: new NameFilter(config.events), exposures: new NameFilter(config.exposures) };
  const isMeant = ({ what, kind, value }: ContentChange) =>
    kind === 'missing' && !filters[what === 'event' ? 'events' : 'exposures'].passes([value]);
  const told = (contentChanges ?? []).filter((change) => change.what === 'group' || !isMeant(change));
  const isEvent = ({ kind, what }: ContentChange) => kind === 'missing' && what === 'event';
  const show = (table: ForwardedKind, columns: string, where: string) => {
    const places = columns.split(', ').map((_, i) => i + 1);
    const from = `${qualifiedName(config, config.tables[table])} WHERE ${where} AND "ds" >= DATE '${utcDay(now - 7 * DAY_MS)}'`;
    const sql = `SELECT ${columns}, count(*) AS "rows", min("received_at") AS "first", max("received_at") AS "last" FROM ${from} GROUP BY ${places.join(', ')} ORDER BY "last" DESC LIMIT 100`;
    return commands.sluice('query', sql);
  };
  yield* missingEvents(told.filter(isEvent), (name) =>
    show('events', '"sdk_type", "sdk_version"', `"event_name" = ${quoteText(name)}`),
  );
  const kinds = Map.groupBy(
    told.filter((change) => !isEvent(change)),
    ({ kind, what, subject }) => `${kind} ${what} ${kind === 'missing' ? '' : subject}`.trim(),
  );
  for (const [subject, alike] of kinds) {
    const [first] = alike;
    const wording = first === undefined ? undefined : WORDINGS[first.kind][first.what];
    if (first === undefined || wording === undefined) continue;
    const others = alike.length - 1;
    const more = others === 0 ? '' : `; and ${counted(others, 'other')} like it`;
    const texts = alike
      .slice(0, MOST_TOLD)
      .map((change) => `${wording.title(change)}, since ${change.since}`);
    yield finding(
      'SLUICE_FINDING_EVENTS_UNUSUAL',
      {
        case: wording.case,
        title: `${wording.title(first)}${more}`,
        since: alike.map(({ since }) => since).sort()[0] ?? null,
        detail: `${listed(texts, '; ')}.`,
        subject,
        isOfDay: first.kind !== 'missing',
      },
      [
        show(wording.table, wording.columns, wording.where(first)),
        ...(wording.case === 'environment' ? [commands.sluice('keys', 'list')] : []),
      ],
    );
  }
}

/** Names of events that came each day and stay away, where others come. @param show The command that shows who sent one last. */
function* missingEvents(missing: readonly ContentChange[], show: (name: string) => string): Findings {
  const [first, ...others] = missing;
  if (first === undefined) return;
  const texts = missing
    .slice(0, MOST_TOLD)
    .map(
      ({ value, of, days, since }) =>
        `${quotedName(value)}, since ${since}: at least ${of} on each of ${counted(days, 'day')} before`,
    );
  const more = others.length === 0 ? '' : `, and none of ${counted(others.length, 'other name')}`;
  const told = {
    title: `No event ${quotedName(first.value)} came within 24 hours, where each of ${counted(first.days, 'day')} before had at least ${first.of}${more}`,
    since: missing.map(({ since }) => since).sort()[0] ?? null,
    detail: `${listed(texts, '; ')}.`,
  };
  yield finding('SLUICE_FINDING_EVENT_MISSING', told, [show(first.value)]);
}
