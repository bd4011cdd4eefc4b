import { qualifiedName, quoteText } from '../../../../lib/base/sql.ts';
import { sum } from '../../../../lib/base/sum.ts';
import { counted, displayValue, listed, percent, quotedName } from '../../../../lib/base/text.ts';
import { TEXT_FORMS, type TextFormName } from '../../../../lib/base/textForms.ts';
import { DAY_MS, HOUR_MS, isoTimestamp, utcDay } from '../../../../lib/base/time.ts';
import { contentPart, METADATA_PART, type SharedPart, type StatusFacts } from '../../../facts/statusFacts.ts';
import { type ContentChange, READ_DAYS } from '../../../facts/tables/contentChanges.ts';
import {
  ABSENT_USER,
  hasTextForm,
  idForm,
  isPresent,
  textFormKey,
  userForm,
  valueForm,
} from '../../../facts/tables/contentParts.ts';
import { readTime, timestampText } from '../../../facts/tables/tracedRows.ts';
import { type CaseOf, finding } from '../../catalogue.ts';
import type { Findings, Place } from '../place.ts';
import { leftOutNames, type WithheldCase, withheldOf } from './withheld.ts';

/** Changes that are told of one kind. */
const MOST_TOLD = 20;

/** A change of one kind as a person reads it. */
interface Wording {
  /** What is so, as a sentence without its stop. */
  readonly title: (change: ContentChange) => string;
  /** SQL of each column by which the command tells the rows apart. */
  readonly columns: readonly string[];
  /** SQL of a column of which the command shows a value of each kind; default none. */
  readonly example?: string;
  /** SQL of the number by which that value is the largest; default its text. */
  readonly exampleBy?: string;
  /** What the command leaves out of its rows by their receipt: those before the change, or those of more than a day before, telling both apart; default neither. */
  readonly from?: 'change' | 'dayBefore';
  /** SQL of the groups that the command shows; default all. */
  readonly having?: string;
  /** SQL of the rows that the command shows. */
  readonly where: (change: ContentChange) => string;
  /** By what the command shows the largest first; default `last`, the last receipt. */
  readonly order?: 'rows';
}

/** What is compared by its name: the column that has it, and how it stands in a sentence. */
const NAMED = {
  event: { column: 'event_name', which: quotedName },
  sdk: { column: 'sdk_type', which: (name: string) => `from ${name}` },
  experiment: {
    column: 'experiment_id',
    which: (name: string) => `to the experiment ${quotedName(name)}`,
  },
} as const;
type Named = ContentChange & { readonly what: keyof typeof NAMED };
const isNamed = (change: ContentChange): change is Named => Object.hasOwn(NAMED, change.what);
const whichOf = (change: ContentChange) =>
  isNamed(change) ? NAMED[change.what].which(change.value) : groupOf(change);
const groupOf = ({ label, value, subject }: ContentChange) =>
  `to the group ${quotedName(label ?? value)} of ${quotedName(subject)}`;
/** The days that are compared: those that are not curated yet are not. */
const before = ({ days }: ContentChange) => `on each of the last ${counted(days, 'curated day')}`;
const nounOf = ({ table }: ContentChange) => (table === 'events' ? 'event' : 'exposure');
/** `No event "buy" came, where at least 120 came on each of the last 7 curated days` */
function lessTitle(change: ContentChange): string {
  const came = change.count === 0 ? `No ${nounOf(change)}` : counted(change.count, nounOf(change));
  return `${came} ${whichOf(change)} came, where at least ${change.of} came ${before(change)}`;
}
/** `40 of 50 events from js-client 3 have no user_id, where at most 12 % came so on each of the last 3 curated days` */
function shareTitle(change: ContentChange, what: string, has: string): string {
  const usual = change.usual === 0 ? 'none' : `at most ${percent(change.usual, change.usual < 0.1 ? 1 : 0)}`;
  return `${change.count} of ${counted(change.of, what)} ${has}, where ${usual} came so ${before(change)}`;
}
/** SQL of the rows of a change: those of what is named, or of its subject. */
const isOf = (column: string) => (change: ContentChange) =>
  `"${isNamed(change) ? NAMED[change.what].column : column}" = ${quoteText(isNamed(change) ? change.value : change.subject)}`;
const SDK = ['"sdk_type"', '"sdk_version"'];
const GROUP_AND_SDK = ['"group_id"', '"config_version"', ...SDK];
const ofNamed = isOf('');
const ofSdk = isOf('sdk_type');
const ofName = isOf('event_name');
const ofSdkAndName = (change: ContentChange) =>
  `${ofName(change)} AND "sdk_type" = ${quoteText(change.value)}`;
/** `420 events "buy" from js-client 3` */
const eventsOf = ({ count, subject, sdk }: ContentChange) =>
  `${counted(count, 'event')} ${quotedName(subject)} from ${sdk}`;
/** Two figures of a number, as `21,000` or `0.15`. */
const twoFigures = (number: number) => Number(number.toPrecision(2)).toLocaleString('en-US');
const ofExperiment = isOf('experiment_id');

/** What is told of exposures without an evaluation. */
const UNEVALUATED: Wording = {
  title: (change) =>
    shareTitle(change, 'exposure', `from ${change.sdk} have the reason ${quotedName(change.value)}`),
  columns: ['"sdk_version"', '"reason"'],
  where: ofSdk,
};

/** What is told of events whose texts have a form that hardly any had. */
const formed = (form: TextFormName): Wording => ({
  title: (change) => {
    const where = change.label === null ? 'their metadata' : quotedName(change.label);
    const has = `have ${TEXT_FORMS[form].words} in ${where}`;
    return shareTitle(change, 'event', `${quotedName(change.subject)} from ${change.sdk} ${has}`);
  },
  columns: [...SDK, `${textFormKey(form)} AS "key"`],
  where: (change) => `${ofName(change)} AND ${hasTextForm(form)}`,
});

/** What is told of each change, by the case of the finding; `missing` has a code of its own. */
const WORDINGS: Readonly<
  Record<Exclude<CaseOf<'SLUICE_FINDING_EVENTS_UNUSUAL'>, WithheldCase> | 'missing', Wording>
> = {
  missing: { title: lessTitle, columns: SDK, where: ofNamed },
  fewer: { title: lessTitle, columns: ['"ds"', ...SDK], where: ofNamed },
  sdk: { title: lessTitle, columns: ['"ds"', '"sdk_version"'], where: ofNamed },
  experiment: { title: lessTitle, columns: GROUP_AND_SDK, where: ofNamed },
  group: { title: lessTitle, columns: GROUP_AND_SDK, where: ofExperiment },
  more: {
    title: (change) => shareTitle(change, nounOf(change), `are ${whichOf(change)}`),
    columns: ['"ds"', ...SDK],
    where: ofNamed,
  },
  names: {
    title: (change) =>
      `${change.of} names of ${change.what}s came, where at most ${change.usual} came ${before(change)}; a new one is ${quotedName(change.value)}`,
    columns: SDK,
    where: ofNamed,
  },
  unit: {
    title: (change) => {
      const has = change.value === ABSENT_USER ? 'no user_id' : `the user_id ${quotedName(change.value)}`;
      return shareTitle(change, 'event', `from ${change.sdk} have ${has}`);
    },
    columns: ['"sdk_version"', `${userForm} AS "user"`, '"stable_id" IS NULL AS "no_device"'],
    where: ofSdk,
  },
  idForm: {
    title: (change) =>
      shareTitle(change, 'event', `with a user from ${change.sdk} have user IDs that are ${change.value}`),
    columns: ['"sdk_version"', `${idForm} AS "form"`],
    example: '"user_id"',
    where: ofSdk,
  },
  unitId: {
    title: (change) => shareTitle(change, 'event', `from ${change.sdk} have no ${change.value}`),
    columns: ['"ds"', '"sdk_version"'],
    where: (change) =>
      [ofSdk(change), ...change.value.split(', ').map((column) => `"${column}" IS NULL`)].join(' AND '),
  },
  noValues: UNEVALUATED,
  unrecognized: UNEVALUATED,
  overridden: UNEVALUATED,
  value: {
    title: (change) => {
      const { label } = change;
      const one = label === null ? '' : `, as of the shape ${displayValue(label)}`;
      const has = change.value === 'none' ? 'no value' : `a value that is no number${one}`;
      return shareTitle(change, 'event', `${quotedName(change.subject)} have ${has}`);
    },
    columns: [...SDK, `${valueForm} AS "value"`],
    example: '"event_value"',
    where: ofName,
  },
  email: formed('email'),
  mojibake: formed('mojibake'),
  environment: {
    title: (change) =>
      shareTitle(change, 'event', `from ${change.sdk} are of the environment ${quotedName(change.value)}`),
    columns: ['"sdk_version"', '"environment"'],
    where: ofSdk,
  },
  time: {
    title: (change) => {
      const most = isoTimestamp(readTime(change.label));
      const have =
        change.times === 1 ? `the time ${most}` : `one of ${change.times} times, most often ${most}`;
      return shareTitle(change, 'event', `from ${change.sdk} have ${have}`);
    },
    columns: ['"timestamp"', '"sdk_version"'],
    example: '"event_name"',
    where: (change) => `${ofSdk(change)} AND NOT (${isPresent})`,
    order: 'rows',
  },
  amount: {
    title: (change) => {
      const { mean, usual } = change;
      const times =
        mean > usual ? `${twoFigures(mean / usual)} times those` : `1/${twoFigures(usual / mean)} of those`;
      return `The values of ${eventsOf(change)} are about ${times} of each of the last ${counted(change.days, 'curated day')}`;
    },
    columns: ['"ds"', '"sdk_version"'],
    example: '"event_value"',
    exampleBy: 'abs(TRY_CAST("event_value" AS double))',
    from: 'dayBefore',
    where: ofSdkAndName,
  },
  size: {
    title: (change) =>
      `${eventsOf(change)} have about ${twoFigures(change.mean)} characters of metadata each, where they had about ${twoFigures(change.usual)} ${before(change)}`,
    columns: ['"ds"', '"sdk_version"'],
    example: 'substr("company_metadata", 1, 200)',
    exampleBy: 'length("company_metadata")',
    from: 'dayBefore',
    where: ofSdkAndName,
  },
  repeats: {
    title: (change) =>
      shareTitle(
        change,
        'event',
        `${quotedName(change.subject)} from ${change.sdk} came again within a second with the same user, value and metadata`,
      ),
    columns: [
      '"sdk_version"',
      '"user_id"',
      '"stable_id"',
      '"event_value"',
      '"company_metadata"',
      `date_trunc('second', "timestamp") AS "second"`,
    ],
    where: ofSdkAndName,
    from: 'change',
    having: 'count(*) > 1',
  },
  split: {
    title: (change) => shareTitle(change, 'unit', `came ${groupOf(change)}`),
    columns: GROUP_AND_SDK,
    where: ofExperiment,
  },
  crossover: {
    title: (change) => shareTitle(change, 'unit', `of ${quotedName(change.subject)} saw several groups`),
    columns: GROUP_AND_SDK,
    where: ofExperiment,
  },
};

/** Which of {@link WORDINGS} a change has. */
function wordingOf({ kind, what, value, count }: ContentChange): keyof typeof WORDINGS {
  if (kind === 'names') return 'names';
  if (what === 'textForm') return value === 'email' ? 'email' : 'mojibake';
  if (what === 'evaluation') {
    if (/unrecognized/i.test(value)) return 'unrecognized';
    return /override/i.test(value) ? 'overridden' : 'noValues';
  }
  const isOfName = what === 'event' || what === 'sdk' || what === 'experiment';
  if (isOfName && kind === 'more') return 'more';
  const ofEvent = count === 0 ? 'missing' : 'fewer';
  return what === 'event' ? ofEvent : what;
}

/** What came within 24 hours and is not as on the days before: names, groups, values, and shares of what an SDK sends. */
export function* contentFindings(facts: StatusFacts, place: Place): Findings {
  const { commands, config, now } = place;
  // What the configured lists leave out is meant to stay away, unless SLUICE_FINDING_IGNORED tells it.
  const meant = new Set(leftOutNames(facts, config).map(({ change }) => change));
  const changes = facts.contentChanges ?? [];
  // Where a group stays away, the others have its share.
  const isOfLost = ({ what, subject }: ContentChange) =>
    what === 'split' && changes.some((other) => other.what === 'group' && other.subject === subject);
  // Exposures that evaluated nothing are to no experiment.
  const unevaluated = sum(changes.filter(({ what }) => what === 'evaluation').map(({ count }) => count));
  const isUnevaluated = ({ table, kind, what, count, of }: ContentChange) =>
    table === 'exposures' &&
    kind === 'less' &&
    what !== 'sdk' &&
    unevaluated > 0 &&
    unevaluated >= of - count;
  // What an SDK does to its events it does to its exposures: both are one finding.
  const isOfEvents = (change: ContentChange) => changes.some((other) => exposuresOf(other).includes(change));
  const exposuresOf = ({ what, table, kind, value }: ContentChange) =>
    changes.filter(
      (other) =>
        table === 'events' &&
        what === 'sdk' &&
        other.what === 'sdk' &&
        other.table === 'exposures' &&
        other.kind === kind &&
        other.value === value,
    );
  // What has one time has all else of others, too.
  const isOfOneTime = ({ what, sdk }: ContentChange) =>
    what === 'repeats' && changes.some((other) => other.what === 'time' && other.sdk === sdk);
  const told = changes.filter(
    (change) =>
      !(
        isOfOneTime(change) ||
        meant.has(change) ||
        isOfEvents(change) ||
        isOfLost(change) ||
        isUnevaluated(change)
      ),
  );
  // One finding a subject and table, whatever comes first in it: by both a look knows it again.
  const kinds = Map.groupBy(told, (change) => `${change.table} ${subjectOf(change)}`);
  for (const alike of kinds.values()) {
    const [first] = alike;
    if (first === undefined) continue;
    const name = wordingOf(first);
    const wording = WORDINGS[name];
    const { title, where, order = 'last' } = wording;
    const by = withheldOf(first, facts, config);
    const others = alike.length - 1;
    const more = others === 0 ? '' : `; and ${counted(others, 'other')} like it`;
    const all = alike.flatMap((change) => [change, ...exposuresOf(change)]);
    const texts = all.slice(0, MOST_TOLD).map((change) => `${title(change)}, since ${change.since}`);
    const ends = `${others === 0 ? 'Told' : 'Each is told'} until about ${toldDays(first, config)} days after it began`;
    const figures = [
      ...(all.length === 1 ? [] : [listed(texts, '; ')]),
      ...(by?.detail ? [by.detail] : []),
      ends,
    ];
    const about = {
      title: `${title(first)}${by?.title ?? ''}${more}`,
      since: alike.map(({ since }) => since).sort()[0] ?? null,
      detail: `${figures.join('. ')}.`,
      subject: subjectOf(first),
      judgedBy: judgedByOf(first),
      isOfDay: first.kind !== 'less',
    };
    const from = `${qualifiedName(config, config.tables[first.table])} WHERE ${where(first)} AND "ds" >= DATE '${utcDay(now - READ_DAYS * DAY_MS)}'`;
    const { columns, received } = shownOf(wording, first);
    const places = columns.map((_, i) => i + 1);
    const having = wording.having === undefined ? '' : ` HAVING ${wording.having}`;
    const sql = `SELECT ${columns.join(', ')}${exampleOf(wording)}, count(*) AS "rows", min("received_at") AS "first", max("received_at") AS "last" FROM ${from}${received} GROUP BY ${places.join(', ')}${having} ORDER BY "${order}" DESC LIMIT 100`;
    const shown = [
      commands.sluice('query', sql),
      ...(name === 'environment' ? [commands.sluice('keys', 'list')] : []),
    ];
    if (name === 'missing' && by === null) shown.push(commands.sluice('query', newNamesSql(first, place)));
    if (by?.reason != null) shown.unshift(commands.sluice('quarantine', '--reason', by.reason));
    yield name === 'missing'
      ? finding(
          'SLUICE_FINDING_EVENT_MISSING',
          { ...about, case: by === null ? 'gone' : 'quarantined' },
          shown,
        )
      : finding('SLUICE_FINDING_EVENTS_UNUSUAL', { ...about, case: by?.case ?? name }, shown);
  }
}

/** The parts that have to be read for a change to be known. */
function judgedByOf({ what, table }: ContentChange): readonly SharedPart[] {
  const isOfMetadata = what === 'size' || what === 'repeats' || what === 'textForm';
  return isOfMetadata ? [contentPart(table), METADATA_PART] : [contentPart(table)];
}

/** SQL of the example of a command, after its columns; empty of one without. */
function exampleOf({ example, exampleBy }: Wording): string {
  if (example === undefined) return '';
  return exampleBy === undefined
    ? `, max(${example}) AS "example"`
    : `, max_by(${example}, ${exampleBy}) AS "example"`;
}

/** The columns of the command of a change, and SQL of the receipt of its rows, which follows other conditions. */
function shownOf(
  { columns, from }: Wording,
  { since }: ContentChange,
): { readonly columns: readonly string[]; readonly received: string } {
  const began = Date.parse(since);
  const after = (time: number) => `"received_at" >= ${timestampText(time)}`;
  if (from === undefined) return { columns, received: '' };
  if (from === 'change') return { columns, received: ` AND ${after(began)}` };
  return {
    columns: [...columns, `${after(began)} AS "is_since"`],
    received: ` AND ${after(began - DAY_MS)}`,
  };
}

/** A query of the names of events that came first since about when another name did not come any more. */
function newNamesSql({ since }: ContentChange, { config, now }: Pick<Place, 'config' | 'now'>): string {
  const table = qualifiedName(config, config.tables.events);
  const from = `${table} WHERE "ds" >= DATE '${utcDay(now - READ_DAYS * DAY_MS)}' GROUP BY 1, 2, 3`;
  const isNew = `min("received_at") >= ${timestampText(Date.parse(since) - HOUR_MS)}`;
  return `SELECT "event_name", ${SDK.join(', ')}, count(*) AS "rows", min("received_at") AS "first" FROM ${from} HAVING ${isNew} ORDER BY "rows" DESC LIMIT 100`;
}

/** The subject of the finding of a change: its case, and of what is not told in one finding what it is of. */
function subjectOf(change: ContentChange): string {
  const name = wordingOf(change);
  const isOfName = change.what === 'value' || change.kind === 'other';
  if (change.kind === 'less' || isOfName || name === 'more') return name;
  return `${name} ${change.subject || change.what}`;
}

/** Days from a change until the first day that has all of it is curated: from then on days before have it, too. */
function toldDays({ kind, since }: ContentChange, { curateAfter }: Place['config']): number {
  // Of what comes no more that day still had some.
  const isOfDayBefore = kind === 'less' && since.includes('T');
  return (isOfDayBefore ? 2 : 1) + curateAfter;
}
