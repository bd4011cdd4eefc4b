import { quoteText } from '../../../../lib/base/sql.ts';
import { counted, displayValue, numbered, percent, quotedName, someOf } from '../../../../lib/base/text.ts';
import { TEXT_FORMS, type TextFormName } from '../../../../lib/base/textForms.ts';
import { isoTimestamp } from '../../../../lib/base/time.ts';
import { userDetailColumns } from '../../../../lib/views/userDetailColumns.ts';
import type { ContentChange } from '../../../facts/tables/contentChanges.ts';
import {
  ABSENT_USER,
  hasTextForm,
  idForm,
  isPresent,
  metadataKeys,
  textFormKey,
  userForm,
  valueForm,
} from '../../../facts/tables/contentParts.ts';
import { readTime } from '../../../facts/tables/tracedRows.ts';
import type { CaseOf } from '../../catalogue.ts';
import type { WithheldCase } from './withheld.ts';

/** A change of one kind as a person reads it. */
interface ChangeWording {
  /** What is so, as a sentence without its stop. */
  readonly title: (change: ContentChange) => string;
  /** SQL of each column by which the command tells the rows apart. */
  readonly columns: readonly string[];
  /** SQL of a column of which the command shows a value of each kind; default none. */
  readonly example?: string;
  /** SQL of the number by which that value is the largest; default its text. */
  readonly exampleBy?: string;
  /**
   * The rows that the command shows by their receipt. `change`: those since the change. `dayBefore`: those since a day before it,
   * with a column that tells both apart. Default: all that were compared.
   */
  readonly from?: 'change' | 'dayBefore';
  /** SQL of the groups that the command shows; default all. */
  readonly having?: string;
  /** SQL of the rows that the command shows. */
  readonly where: (change: ContentChange) => string;
  /** SQL of a column that counts something of each group of rows; default none. */
  readonly counted?: string;
  /** The column by which the command shows the largest first; default `last`, the last receipt. */
  readonly order?: 'rows' | 'last';
}

/** The parts that are compared by name: the column with the name, and how the name stands in a sentence. */
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
/** `to the group "Test" of "checkout"` */
const groupOf = ({ label, value, subject }: ContentChange) =>
  `to the group ${quotedName(label ?? value)} of ${quotedName(subject)}`;
/** `"buy" from js-client`, of a change of an event, or an experiment, of one SDK. */
const nameOfSdk = ({ value, subject }: ContentChange) => `${quotedName(value)} from ${subject}`;
/** What came, by its name: of a part of {@link NAMED}, or of a group. */
const whichOf = (change: ContentChange) =>
  isNamed(change) ? NAMED[change.what].which(change.value) : groupOf(change);
/** `No event "buy" from js-client came, where …; the last came from version 3.1.0` @param which What came, of one SDK. */
function lostTitle(change: ContentChange, which: string): string {
  const { label } = change;
  const version = label === null ? '' : `; the last came from its version ${label}`;
  return `${lessOf(change, which)}${version}`;
}
/** What a change is of, as the title of another one names it: `from ios-client`, `"buy" from js-client 3`. */
export function namedChange(change: ContentChange): string {
  const { what, subject, field, sdk } = change;
  if (what === 'unitColumn') return field ?? '';
  if (what === 'unitId') return `no ${field} from ${sdk}`;
  if (what === 'sdkEvent' || what === 'sdkExperiment') return nameOfSdk(change);
  if (isNamed(change) || what === 'group' || what === 'split') return whichOf(change);
  if (what === 'key') return `${quotedName(change.field ?? '')} of ${quotedName(subject)}`;
  const of = ['value', 'amount', 'size', 'repeats', 'textForm', 'crossover'].includes(what)
    ? [quotedName(subject)]
    : [];
  return [...of, ...(sdk === null ? [] : [`from ${sdk}`])].join(' ');
}

/** SQL of the columns by which the rows of several changes are told apart. */
export function namingColumns(change: ContentChange): readonly string[] {
  if (isNamed(change)) return [`"${NAMED[change.what].column}"`];
  const { what } = change;
  const isOfNameAndSdk =
    what === 'sdkEvent' || what === 'amount' || what === 'size' || what === 'repeats' || what === 'key';
  if (what === 'sdkExperiment') return ['"experiment_id"', '"sdk_type"'];
  if (what === 'group') return ['"experiment_id"'];
  if (what === 'value') return ['"event_name"'];
  if (what === 'unitId') return [`"${change.field}" IS NULL AS "no_${change.field}"`];
  return isOfNameAndSdk ? ['"event_name"', '"sdk_type"'] : [];
}

/** SQL of the rows of each of several changes, without that of equal ones. */
export function conditionsOf(changes: readonly ContentChange[]): readonly string[] {
  return [...new Set(changes.map((change) => wordingOf(change).where(change)))];
}

/** SQL of the rows of any of several changes. */
export function whereAny(changes: readonly ContentChange[]): string {
  const [first] = changes;
  const columns = new Set(changes.map((change) => (isNamed(change) ? NAMED[change.what].column : null)));
  const conditions = conditionsOf(changes);
  const [only] = conditions;
  if (only !== undefined && conditions.length === 1) return only;
  if (first === undefined || !isNamed(first) || columns.size > 1) return `(${conditions.join(' OR ')})`;
  const names = changes.map(({ value }) => quoteText(value));
  return `"${NAMED[first.what].column}" IN (${names.join(', ')})`;
}

/** The days with which a change is compared. */
const before = ({ days }: ContentChange) => `on each of the last ${counted(days, 'curated day')}`;
const nounOf = ({ table }: ContentChange) => (table === 'events' ? 'event' : 'exposure');

/** `No event "buy" came, where at least 120 came on each of the last 7 curated days` */
const lessTitle = (change: ContentChange) => lessOf(change, whichOf(change));

/** The same of what is named so. */
function lessOf(change: ContentChange, which: string): string {
  const came = change.count === 0 ? `No ${nounOf(change)}` : counted(change.count, nounOf(change));
  return `${came} ${which} came, where at least ${numbered(change.of)} came ${before(change)}`;
}

/** `40 of 50 events from js-client 3 have no user_id, where at most 12 % came so on each of the last 3 curated days` */
function shareTitle(change: ContentChange, what: string, has: string): string {
  const usual = change.usual === 0 ? 'none' : `at most ${mostPercent(change.usual)}`;
  return `${someOf(change.count, change.of, what)} ${has}, where ${usual} came so ${before(change)}`;
}
/** A share that is the most, rounded up: `13 %`, below a tenth `1.3 %`. */
function mostPercent(share: number): string {
  const steps = share < 0.1 ? 1_000 : 100;
  // Binary fractions are a little above or below the decimal ones.
  return percent(Math.ceil(share * steps - 1e-9) / steps);
}
/** SQL of the rows with the subject of a change in a column. */
const ofSubject =
  (column: string) =>
  ({ subject }: ContentChange) =>
    `"${column}" = ${quoteText(subject)}`;
const ofSdk = ofSubject('sdk_type');
const ofName = ofSubject('event_name');
const ofExperiment = ofSubject('experiment_id');
/** SQL of the rows with the name of a change; of a group, of the rows of its experiment. */
const ofNamed = (change: ContentChange) =>
  isNamed(change) ? `"${NAMED[change.what].column}" = ${quoteText(change.value)}` : ofExperiment(change);
const ofNameAndSdk = (change: ContentChange) =>
  `${ofName(change)} AND "sdk_type" = ${quoteText(change.value)}`;
const SDK = ['"sdk_type"', '"sdk_version"'];
const GROUP_AND_SDK = ['"group_id"', '"config_version"', ...SDK];

/** `420 events "buy" from js-client 3` */
const eventsOf = ({ count, subject, sdk }: ContentChange) =>
  `${counted(count, 'event')} ${quotedName(subject)} from ${sdk}`;
/** Two figures of a number, as `21,000` or `0.15`. */
const twoFigures = (number: number) => Number(number.toPrecision(2)).toLocaleString('en-US');

/** What is told of exposures without an evaluation. */
const UNEVALUATED: ChangeWording = {
  title: (change) =>
    shareTitle(change, 'exposure', `from ${change.sdk} have the reason ${quotedName(change.value)}`),
  columns: ['"sdk_version"', '"reason"'],
  where: ofSdk,
};

/** How events are told of which texts have a form that hardly any had. */
const formed = (form: TextFormName): ChangeWording => ({
  title: (change) => {
    const where = change.label === null ? 'their metadata' : quotedName(change.label);
    const has = `have ${TEXT_FORMS[form].words} in ${where}`;
    return shareTitle(change, 'event', `${quotedName(change.subject)} from ${change.sdk} ${has}`);
  },
  columns: [...SDK, `${textFormKey(form)} AS "key"`],
  where: (change) => `${ofName(change)} AND ${hasTextForm(form)}`,
});

/** How IDs are told that are written otherwise. */
function formedIds({ field }: ContentChange): ChangeWording {
  const column = `"${field}"`;
  return {
    title: (change) =>
      shareTitle(change, 'event', `with a ${field} from ${change.sdk} have it as ${change.value}`),
    columns: ['"sdk_version"', `${idForm(column)} AS "form"`],
    example: column,
    where: (change) => `${ofSdk(change)} AND ${column} IS NOT NULL`,
  };
}

/** How IDs are told of which too many are new. */
function manyIds({ field }: ContentChange): ChangeWording {
  return {
    title: (change) =>
      `At least ${numbered(change.count)} different values of ${field} came in ${counted(change.of, 'event')} from ${change.subject}, where at most ${numbered(change.usual)} came ${before(change)}`,
    columns: ['"sdk_version"', '"ds"'],
    counted: `count(DISTINCT "${field}") AS "different"`,
    where: (change) => `${ofSdk(change)} AND "${field}" IS NOT NULL`,
  };
}

/** How a group is told that has a far larger share of the units. */
const SPLIT: ChangeWording = {
  title: (change) => shareTitle(change, 'unit', `came ${groupOf(change)}`),
  columns: GROUP_AND_SDK,
  where: ofExperiment,
};

/** SQL of the version of the app, as views have it. @param user The column of the user's JSON. */
const appVersionOf = (user: string) =>
  userDetailColumns(user)
    .filter(({ name }) => name === 'app_version')
    .map(({ name, sql }) => `${sql} AS "${name}"`)
    .join();

/**
 * How names and SDKs are told that came more often.
 *
 * @param name The column of what is sent in a loop. @param user That of the user's JSON.
 */
const moreOf = (name: string, user: string): ChangeWording => ({
  title: (change) =>
    change.kind === 'many'
      ? `${counted(change.count, nounOf(change))} ${whichOf(change)} came, where at most ${numbered(change.usual)} came ${before(change)}`
      : shareTitle(change, nounOf(change), `are ${whichOf(change)}`),
  columns: ['"ds"', ...SDK, appVersionOf(user), `"${name}"`],
  where: ofNamed,
  order: 'rows',
});

/** How an ID is told that events lack. */
function lackingId({ field }: ContentChange): ChangeWording {
  return {
    title: (change) => shareTitle(change, 'event', `from ${change.sdk} have no ${field}`),
    columns: ['"ds"', '"sdk_version"'],
    where: (change) => `${ofSdk(change)} AND "${field}" IS NULL`,
  };
}

/** How a column is told that lacked the ID which the events have. */
function lackingColumn({ field }: ContentChange): ChangeWording {
  return {
    title: ({ count, of, since, label }) =>
      `${someOf(count, of, 'event')} with a ${field} have it in custom_ids alone: its column was not in the configuration between ${since} and ${isoTimestamp(readTime(label))}`,
    columns: [...SDK, `"${field}" IS NULL AS "has_no_value"`],
    where: () => `"custom_ids" IS NOT NULL`,
  };
}

/** A case of SLUICE_FINDING_EVENTS_UNUSUAL that a change is by itself; `missing` is SLUICE_FINDING_EVENT_MISSING. */
type WordingCase = Exclude<CaseOf<'SLUICE_FINDING_EVENTS_UNUSUAL'>, WithheldCase | 'origins'> | 'missing';

/** How each change is told of one of several columns. */
const OF_FIELDS = {
  idForm: formedIds,
  newIds: manyIds,
  unitId: lackingId,
  unitColumn: lackingColumn,
} as const;
/** How each change is told that is not of one of several columns. */
const wordings: Readonly<Record<Exclude<WordingCase, keyof typeof OF_FIELDS>, ChangeWording>> = {
  missing: { title: lessTitle, columns: SDK, where: ofNamed },
  fewer: { title: lessTitle, columns: ['"ds"', ...SDK], where: ofNamed },
  sdkEvent: {
    title: (change) => lostTitle(change, nameOfSdk(change)),
    columns: ['"ds"', '"sdk_version"', appVersionOf('user_object')],
    where: ({ value, subject }) =>
      `"event_name" = ${quoteText(value)} AND "sdk_type" = ${quoteText(subject)}`,
  },
  sdkExperiment: {
    title: (change) => lostTitle(change, `to the experiment ${nameOfSdk(change)}`),
    columns: ['"ds"', '"sdk_version"', appVersionOf('user_dimensions')],
    where: ({ value, subject }) =>
      `"experiment_id" = ${quoteText(value)} AND "sdk_type" = ${quoteText(subject)}`,
  },
  sdk: { title: lessTitle, columns: ['"ds"', '"sdk_version"'], where: ofNamed },
  experiment: { title: lessTitle, columns: GROUP_AND_SDK, where: ofNamed },
  group: { title: lessTitle, columns: GROUP_AND_SDK, where: ofNamed },
  more: moreOf('event_name', 'user_object'),
  moreExposures: moreOf('experiment_id', 'user_dimensions'),
  names: {
    title: (change) =>
      `${numbered(change.of)} names of ${change.what}s came, where at most ${numbered(change.usual)} came ${before(change)}; a new one is ${quotedName(change.value)}`,
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
  noValues: UNEVALUATED,
  unrecognized: UNEVALUATED,
  overridden: UNEVALUATED,
  value: {
    title: (change) => {
      const { label } = change;
      const shape = label === null ? '' : `, as of the shape ${displayValue(label)}`;
      const has = change.value === 'none' ? 'no value' : `a value that is no number${shape}`;
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
  key: {
    title: (change) => {
      const { label } = change;
      const instead = label === null ? '' : ` and have ${quotedName(label)} instead`;
      return `${eventsOf(change)} have no ${quotedName(change.field ?? '')} in their metadata${instead}, where nearly all had it ${before(change)}`;
    },
    columns: ['"sdk_version"', `${metadataKeys(quoteText(', '))} AS "keys"`],
    from: 'dayBefore',
    where: ofNameAndSdk,
  },
  offset: {
    title: (change) => {
      const minutes = Number(change.value);
      const hours = Number((Math.abs(minutes) / 60).toFixed(2));
      const have = `a time about ${hours} ${hours === 1 ? 'hour' : 'hours'} ${minutes > 0 ? 'before' : 'after'} they came`;
      return shareTitle(change, 'event', `from ${change.sdk} have ${have}`);
    },
    columns: [
      '"sdk_version"',
      `CAST(15 * round(date_diff('minute', "timestamp", "received_at") / 15e0) AS integer) AS "minutes"`,
    ],
    example: '"event_name"',
    from: 'dayBefore',
    where: ofSdk,
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
    where: ofNameAndSdk,
  },
  size: {
    title: (change) =>
      `${eventsOf(change)} have about ${twoFigures(change.mean)} characters of metadata each, where they had about ${twoFigures(change.usual)} ${before(change)}`,
    columns: ['"ds"', '"sdk_version"'],
    example: 'substr("company_metadata", 1, 200)',
    exampleBy: 'length("company_metadata")',
    from: 'dayBefore',
    where: ofNameAndSdk,
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
    where: ofNameAndSdk,
    from: 'change',
    having: 'count(*) > 1',
  },
  newHashes: {
    title: ({ count, of, since }) =>
      `${someOf(count, of, 'user')} of all SDKs that came since ${since} are new: no other hash in user_id is one of before`,
    columns: ['"sdk_type"'],
    counted: 'count(DISTINCT "user_id") AS "users"',
    where: () => '"user_id" IS NOT NULL',
    from: 'dayBefore',
  },
  split: SPLIT,
  newGroup: SPLIT,
  crossover: {
    title: (change) => shareTitle(change, 'unit', `of ${quotedName(change.subject)} saw several groups`),
    columns: GROUP_AND_SDK,
    where: ofExperiment,
  },
};

/** The case that a change is. */
export function wordingCaseOf({ table, kind, what, value, count, usual }: ContentChange): WordingCase {
  if (kind === 'names') return 'names';
  if (what === 'split' && usual === 0) return 'newGroup';
  if (what === 'textForm') return value === 'email' ? 'email' : 'mojibake';
  if (what === 'evaluation') {
    if (/unrecognized/i.test(value)) return 'unrecognized';
    return /override/i.test(value) ? 'overridden' : 'noValues';
  }
  const isOfName = what === 'event' || what === 'sdk' || what === 'experiment';
  if (isOfName && (kind === 'more' || kind === 'many')) return table === 'events' ? 'more' : 'moreExposures';
  const ofEvent = count === 0 ? 'missing' : 'fewer';
  return what === 'event' ? ofEvent : what;
}

/** How a change is told. */
export function wordingOf(change: ContentChange): ChangeWording {
  const name = wordingCaseOf(change);
  return name === 'idForm' || name === 'newIds' || name === 'unitId' || name === 'unitColumn'
    ? OF_FIELDS[name](change)
    : wordings[name];
}
