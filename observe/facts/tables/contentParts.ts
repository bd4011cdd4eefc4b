import { quoteText } from '../../../lib/base/sql.ts';
import { escapePattern } from '../../../lib/base/text.ts';
import { TEXT_FORMS, type TextFormName } from '../../../lib/base/textForms.ts';
import type { Config } from '../../../lib/schema/config.ts';
import type { ForwardedKind } from '../../../lib/schema/kinds.ts';
import { valueNumber } from '../../../lib/views/productEvents.ts';
import { productionOnly } from '../../../lib/views/View.ts';
import { NO_EVALUATION_PATTERN } from '../../../lib/wire/isAssignment.ts';
import { SDK_EVENTS } from '../../../lib/wire/readEvent.ts';

/** What a day has, as it is compared with the days before: rows by something that they have, or a mean of their numbers. */
export type ComparedPart =
  /** Names of events. */
  | 'event'
  /** Names of the events of one SDK. */
  | 'sdkEvent'
  /** SDKs. */
  | 'sdk'
  /** Experiments. */
  | 'experiment'
  /** Experiments of the exposures of one SDK, beside all its other exposures. */
  | 'sdkExperiment'
  /** Groups of one experiment. */
  | 'group'
  /** Events of an SDK by their user: somebody, nobody, or a text that programs write in place of a user. */
  | 'unit'
  /** Events of an SDK by how an ID is written, as UUIDs: that of the user, of the device, and each configured unit ID. */
  | 'idForm'
  /** Events of an SDK by whether they lack a configured unit ID. */
  | 'unitId'
  /** Events of all SDKs by whether the column of a configured unit ID has the ID that their custom IDs have. */
  | 'unitColumn'
  /** Exposures of an SDK by the reason for which nothing was evaluated. */
  | 'evaluation'
  /** Events of one name by the form of their value: a number, another text, or none. */
  | 'value'
  /** Events of an SDK by their environment. */
  | 'environment'
  /** Events of an SDK by whether many have the same exact `time`, long before their receipt. */
  | 'time'
  /** Events of an SDK by how far their `time` is from their receipt, if that is as far as a local time is from UTC. */
  | 'offset'
  /** Events of one name and SDK: how large their values are. */
  | 'amount'
  /** Events of one name and SDK: how large their metadata is. */
  | 'size'
  /** Events of one name and SDK: how many come again at once. */
  | 'repeats'
  /** Events of one name by the form of a text in their value or metadata, as an e-mail address. */
  | 'textForm'
  /** Events of one name and SDK: the keys of their metadata that they lack. */
  | 'key'
  /** Events of an SDK: how many of their IDs no event before them had. */
  | 'newIds'
  /** Users of all SDKs by whether the hash of any of them came before an instant and since. */
  | 'newHashes'
  /** Units of one experiment by their group. */
  | 'split'
  /** Units of one experiment by whether they saw one group or several. */
  | 'crossover';

/**
 * The most curated days that are compared: `names` of names, `units` of all else, whose columns are large. These are one more than
 * {@link FEWEST_DAYS}, because the newest is curated some time after midnight.
 */
export const COMPARED_DAYS = { names: 7, units: 4 } as const;
/** Fewest days that show what comes each day. */
export const FEWEST_DAYS = 3;
/** The value of each part of which a larger share says nothing; null of a part that has none. */
export const USUAL = {
  unit: 'some',
  environment: 'production',
  crossover: 'one',
  unitId: 'some',
  evaluation: 'some',
  value: 'number',
  split: null,
} as const;

/** What is compared of each row of a table. All is SQL of the row. */
export interface Part {
  /** What it is of; default nothing. */
  readonly subject?: string;
  /** The value. */
  readonly value: string;
  /** What a person knows the value by. Default none. */
  readonly label?: string;
  /** Type and version of the SDK, if it is told by them. Default none. */
  readonly sdk?: string;
  /** A number of which the mean is compared; null of rows without one. Default none. */
  readonly number?: string;
  /**
   * A sign of the user, or of the text, that the row is by: {@link signOf}. As many different signs came of at least as many different ones.
   * Default none.
   */
  readonly sign?: string;
  /** The rows that count. */
  readonly where: string;
}

export const NO_TEXT = 'CAST(NULL AS varchar)';
export const NO_TIME = 'CAST(NULL AS timestamp)';
export const NO_DAY = 'CAST(NULL AS date)';
export const NO_NUMBER = 'CAST(NULL AS double)';
/** What views show of experiments. */
export const IS_EXPERIMENT = `"is_assignment" AND "exposure_type" <> 'gate' AND ${productionOnly}`;
/** The value of exposures to no experiment, as to gates. */
export const NO_EXPERIMENT = '';
const IS_OF_SDK = '"sdk_type" IS NOT NULL';
/** Time of receipt and version of the SDK, so that the largest is the last version. */
const LAST_VERSION = `concat(CAST("received_at" AS varchar), ' ', "sdk_version")`;
/** SQL of one character of a text by which it is told from most others: the first of an e-mail address, else the last. Rows are grouped by it, so that there are few. */
const signOf = (text: string): string =>
  `lower(CASE WHEN ${text} LIKE '%@%' THEN substr(${text}, 1, 1) ELSE substr(${text}, length(${text}), 1) END)`;
const IS_OF_APP = `"event_name" NOT LIKE '${SDK_EVENTS}%'`;

/** Texts that programs write in place of a user whom they do not know. */
const NO_USERS = [
  '',
  '0',
  '-1',
  'null',
  'undefined',
  'none',
  'nan',
  'anonymous',
  'unknown',
  // What Swift, Go and JavaScript write of nothing, and of an object.
  '(null)',
  '<nil>',
  '[object object]',
  '00000000-0000-0000-0000-000000000000',
];
/** The form of an event without a user, or another ID: no text of {@link NO_USERS}, of which `none` is what `str(None)` writes. */
export const ABSENT_USER = 'absent';
/** SQL of the user of an event: {@link ABSENT_USER}, a text that is no user, or `some`. */
export const userForm = `CASE WHEN "user_id" IS NULL THEN '${ABSENT_USER}' WHEN lower("user_id") IN (${NO_USERS.map(quoteText).join(', ')}) THEN lower("user_id") ELSE '${USUAL.unit}' END`;
/** How a text before digits is read: with a separator, or of two letters at most, so that there are few. `bob7` is the name of a user. */
const ID_PREFIX = '^([A-Za-z]{1,8}[-_:.]|[A-Za-z]{1,2})[0-9]+$';
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
/** The shape of a value that is no number, as SQL: its digits as 9, its letters as a. A finding shows no value of a user. */
const VALUE_SHAPE = `CASE WHEN ${valueNumber.sql} IS NULL THEN translate(substr("event_value", 1, 40), '0123456789${LETTERS}${LETTERS.toUpperCase()}', '${'9'.repeat(10)}${'a'.repeat(52)}') END`;
/** SQL of how an ID is written. Capitals are a form of their own: queries take such an ID for another one. @param column SQL of the ID. */
export function idForm(column: string): string {
  const matches = (pattern: string) => `regexp_like(lower(${column}), '${pattern}')`;
  const form = `CASE WHEN ${column} LIKE '%_@_%' THEN 'e-mail addresses' WHEN ${matches('^[0-9]+$')} THEN 'digits alone' WHEN ${matches('^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$')} THEN 'UUIDs' WHEN ${matches('^[0-9a-f]{32,128}$')} THEN 'hexadecimal digests' ELSE 'other texts' END`;
  const capitals = `CASE WHEN ${column} = upper(${column}) AND ${column} <> lower(${column}) THEN ' in capital letters' ELSE '' END`;
  return `CASE WHEN regexp_like(${column}, '${ID_PREFIX}') THEN '"' || regexp_extract(${column}, '${ID_PREFIX}', 1) || '" with digits' ELSE ${form} || ${capitals} END`;
}
/** Minutes from its receipt from which the time of an event is not the present one. */
const PRESENT_MINUTES = 60;
/** The form of a time that is about that of the receipt, or that no other events have, and of one that others have. */
export const PRESENT = 'present';
export const ONE = 'one';
/** SQL of whether the time of an event is about that of its receipt. */
export const isPresent = `abs(date_diff('minute', "timestamp", "received_at")) < ${PRESENT_MINUTES}`;
/** The form of a time that is neither about that of the receipt nor so far from it as a local time. */
export const BETWEEN = 'between';
/** Seconds of a quarter of an hour, of which time zones are a multiple. https://data.iana.org/time-zones/tz-link.html */
const QUARTER = 900;
/** Seconds that an event is received after its time, at most and, by its clock, at least: SDKs send what is some minutes old. */
const DELAY = { least: -60, most: 300 } as const;
/** Seconds that local times are off: UTC-12 is behind, UTC+14 ahead, and what is less than an hour may be a clock. */
const OFF = { least: 3_600, behind: 43_200, ahead: 50_400 } as const;
const DAY = 86_400;
/** Of columns of {@link withLateness}. */
const isBetween = (least: number, most: number) =>
  `"late_seconds" BETWEEN ${DAY + least} AND ${DAY + most + QUARTER - 1}`;
const isOffset = `"late_rest" <= ${DELAY.most - DELAY.least} AND (${isBetween(OFF.least, OFF.behind)} OR ${isBetween(-OFF.ahead, -OFF.least)})`;
const offsetMinutes = `${QUARTER / 60} * "late_quarters" - ${DAY / 60}`;
/** SQL of how far the time of an event is from its receipt: minutes before it by which a local time is off, below 0 after it; {@link PRESENT}, or {@link BETWEEN}. */
const offsetForm = `CASE WHEN ${isOffset} THEN CAST(${offsetMinutes} AS varchar) WHEN ${isPresent} THEN '${PRESENT}' ELSE '${BETWEEN}' END`;
/**
 * The rows of a table with how late they came. `late_seconds`: the seconds from the time of an event to its receipt, and a day and the least
 * {@link DELAY} more, so that none of a local time is below 0. `late_quarters`: the quarters of an hour in them. `late_rest`: the seconds
 * that are left. They are columns because they are mentioned often, and engines plan each mention.
 */
export function withLateness({ table, where }: From): From {
  const seconds = `date_diff('second', "timestamp", "received_at") + ${DAY - DELAY.least}`;
  const timed = `(SELECT *, ${seconds} AS "late_seconds" FROM ${table} WHERE ${where}) AS "timed"`;
  const quarters = `CAST(floor("late_seconds" / ${QUARTER}e0) AS bigint) AS "late_quarters", "late_seconds" % ${QUARTER} AS "late_rest"`;
  return { table: `(SELECT *, ${quarters} FROM ${timed}) AS "late"`, where: 'true' };
}
/** The form of an event of which no text has one of {@link TEXT_FORMS}. */
const NO_TEXT_FORM = 'none';
/** SQL of the texts of an event: its value and its metadata, each after its key. */
const TEXTS = `concat('"event_value":"', coalesce("event_value", ''), '"', coalesce("company_metadata", ''))`;
/** SQL of a pattern. Its control characters are written by their code, as a command that is shown has to have none. */
const patternSql = (pattern: string): string =>
  quoteText(pattern).replaceAll(/[\u0080-\u009f]/g, (sign) => `' || chr(${sign.codePointAt(0)}) || '`);
/** SQL of whether a text in value or metadata of an event has a form. */
export const hasTextForm = (form: TextFormName): string =>
  `regexp_like(${TEXTS}, ${patternSql(TEXT_FORMS[form].pattern)})`;
/** SQL of the key of the first such text; empty of one that has none, as in a list. */
export function textFormKey(form: TextFormName): string {
  const keyed = `"([^"]+)":(?:"[^"]*)?(?:${TEXT_FORMS[form].pattern})`;
  return `regexp_extract(${TEXTS}, ${patternSql(keyed)}, 1)`;
}
/** SQL by the form of a text in value or metadata of an event. @param sqlOf SQL for those of a form. */
function byTextForm(sqlOf: (form: TextFormName) => string, otherwise: string): string {
  const forms = Object.keys(TEXT_FORMS) as TextFormName[];
  const cases = forms.map((form) => `WHEN ${hasTextForm(form)} THEN ${sqlOf(form)}`);
  return `CASE ${cases.join(' ')} ELSE ${otherwise} END`;
}
/** SQL of the form of a text in value or metadata of an event, or {@link NO_TEXT_FORM}. */
export const textForm = byTextForm(quoteText, quoteText(NO_TEXT_FORM));
/** SQL of the key of the first text of that form; null without one. */
export const formedKey = byTextForm((form) => `nullif(${textFormKey(form)}, '')`, NO_TEXT);
/** SQL of a sign of the first e-mail address in value or metadata of an event; null without one. */
export const formedSign = `CASE WHEN ${hasTextForm('email')} THEN lower(substr(regexp_extract(${TEXTS}, ${quoteText(TEXT_FORMS.email.pattern)}), 2, 1)) END`;
/** SQL of the value of an event: `none`, `number`, or another `text`. */
export const valueForm = `CASE WHEN "event_value" IS NULL THEN 'none' WHEN ${valueNumber.sql} IS NULL THEN 'text' ELSE '${USUAL.value}' END`;

/** SQL of the value of an event as a number. */
const VALUE = `(${valueNumber.sql})`;
/** The SDK by whose versions something is told. */
const VERSION = `concat_ws(' ', "sdk_type", "sdk_version")`;

/** SQL of the part that is compared, without its column or key. */
export const PART = `split_part("what", ':', 1)`;

/** Parts by what is compared ({@link ComparedPart}, or `age`); of several columns one a column, behind a colon: `idForm:company_id`. */
export type Parts = Readonly<Record<string, Part>>;
const sdk: Part = { value: '"sdk_type"', where: IS_OF_SDK };

/** What a number is of: the name of an event of one SDK. */
const ofEvent = {
  subject: '"event_name"',
  value: '"sdk_type"',
  sdk: VERSION,
  where: `${IS_OF_SDK} AND ${IS_OF_APP}`,
} as const satisfies Part;

/** How the IDs of a column are written. @param where SQL of the events of an SDK that have one. */
function idFormPart(column: string, where: string): Part {
  return {
    subject: '"sdk_type"',
    value: idForm(column),
    sdk: VERSION,
    sign: signOf(column),
    where: `${IS_OF_SDK} AND ${where}`,
  };
}

/** What is compared of units of experiments. */
export const UNITS: Parts = {
  split: { subject: '"experiment_id"', value: '"one"', label: '"name"', where: '"one" = "other"' },
  crossover: {
    subject: '"experiment_id"',
    value: `CASE WHEN "one" = "other" THEN '${USUAL.crossover}' ELSE 'several' END`,
    where: 'true',
  },
};

/** SQL of the reason of an exposure by which nothing was evaluated; `some` of any other. */
const noEvaluation = `CASE WHEN regexp_like("reason", ${quoteText(NO_EVALUATION_PATTERN)}) THEN "reason" ELSE '${USUAL.evaluation}' END`;

/** Whether a unit ID that an event has is in its column. */
export const UNIT_COLUMN = { away: 'away', there: 'there' } as const;
/** SQL of whether the custom IDs of an event have a unit ID whose column is null: no name of a type minds its case. */
function isAway(unitId: string, column: string): string {
  const pattern = `(?i)[{,]${escapePattern(JSON.stringify(unitId))}:("[^"]|-?[0-9])`;
  return `"${column}" IS NULL AND coalesce(regexp_like("custom_ids", ${quoteText(pattern)}), false)`;
}
/** Of each configured unit ID the events that have it in the column: of curated days `custom_ids`, which is large, is not read. */
export function unitColumnPart({ unitIds }: Pick<Config, 'unitIds'>): Parts {
  const parts = Object.values(unitIds).map((column): readonly [string, Part] => [
    `unitColumn:${column}`,
    { value: quoteText(UNIT_COLUMN.there), where: `"${column}" IS NOT NULL` },
  ]);
  return Object.fromEntries(parts);
}
/** As {@link unitColumnPart}, with the events that have the ID in their custom IDs alone; their label is their receipt. */
export function awayColumnPart({ unitIds }: Pick<Config, 'unitIds'>): Parts {
  const parts = Object.entries(unitIds).map(([unitId, column]): readonly [string, Part] => [
    `unitColumn:${column}`,
    {
      value: `CASE WHEN "${column}" IS NULL THEN '${UNIT_COLUMN.away}' ELSE '${UNIT_COLUMN.there}' END`,
      label: `CASE WHEN "${column}" IS NULL THEN CAST("received_at" AS varchar) END`,
      where: `("${column}" IS NOT NULL OR ${isAway(unitId, column)})`,
    },
  ]);
  return Object.fromEntries(parts);
}

/**
 * Whether an event lacks a configured unit ID, and how those that it has are written; none without any. Each ID is compared by itself: one
 * that is sent for the first time is no change of another.
 *
 * @param rows Of `raw` rows an ID that custom IDs alone have is not lacking.
 */
export function unitIdPart({ unitIds }: Pick<Config, 'unitIds'>, rows: 'curated' | 'raw'): Parts {
  const parts = Object.entries(unitIds).flatMap(([unitId, column]): readonly (readonly [string, Part])[] => {
    const present = rows === 'raw' ? ` AND NOT (${isAway(unitId, column)})` : '';
    const value = `CASE WHEN "${column}" IS NULL${present} THEN '${ABSENT_USER}' ELSE '${USUAL.unitId}' END`;
    return [
      [`idForm:${column}`, idFormPart(`"${column}"`, `"${column}" IS NOT NULL`)],
      [`unitId:${column}`, { subject: '"sdk_type"', value, sdk: VERSION, where: IS_OF_SDK }],
    ];
  });
  return Object.fromEntries(parts);
}

/** SQL of whether an event is from before the time window, by a time that is one: such rows lie in the day of their receipt. */
const isEarlier = ({ timeWindow: { pastDays } }: Pick<Config, 'timeWindow'>) =>
  `"timestamp" < "received_at" - INTERVAL '${pastDays}' DAY AND "timestamp" >= TIMESTAMP '2000-01-01 00:00:00'`;

/** Names of curated days: the labels of events of one SDK have columns that are read for nothing else. */
export function ofCuratedDays(names: Parts): Parts {
  const { sdkEvent, ...others } = names;
  if (sdkEvent === undefined) return names;
  const { label: _, ...unlabelled } = sdkEvent;
  return { ...others, sdkEvent: unlabelled };
}

/** Names, of which events from before the time window have a number. */
export function withEarlier(names: Parts, config: Pick<Config, 'timeWindow'>): Parts {
  const number = `CASE WHEN ${isEarlier(config)} THEN 1e0 END`;
  return Object.fromEntries(Object.entries<Part>(names).map(([what, part]) => [what, { ...part, number }]));
}

/** Events from before the time window, by their name, with the days from their time to their receipt. */
export function earlierPart(config: Pick<Config, 'timeWindow'>): Parts {
  return {
    age: {
      value: '"event_name"',
      sdk: VERSION,
      number: `date_diff('minute', "timestamp", "received_at") / 1440e0`,
      where: isEarlier(config),
    },
  };
}

/** What is compared of the rows of each table, by which of {@link COMPARED_DAYS} it is compared with. */
export const PARTS: Readonly<
  Record<ForwardedKind, Readonly<Partial<Record<keyof typeof COMPARED_DAYS, Parts>>>>
> = {
  events: {
    names: {
      event: { value: '"event_name"', label: `coalesce("sdk_type", '')`, where: IS_OF_APP },
      sdkEvent: {
        subject: '"sdk_type"',
        value: '"event_name"',
        label: LAST_VERSION,
        where: `${IS_OF_SDK} AND ${IS_OF_APP}`,
      },
      sdk,
    },
    units: {
      environment: { subject: '"sdk_type"', value: '"environment"', sdk: VERSION, where: IS_OF_SDK },
      unit: { subject: '"sdk_type"', value: userForm, sdk: VERSION, where: IS_OF_SDK },
      'idForm:user_id': idFormPart('"user_id"', `${userForm} = '${USUAL.unit}'`),
      time: {
        subject: '"sdk_type"',
        value: `CASE WHEN ${isPresent} THEN '${PRESENT}' ELSE '${ONE}' END`,
        label: `CASE WHEN NOT (${isPresent}) THEN CAST("timestamp" AS varchar) END`,
        sdk: VERSION,
        where: IS_OF_SDK,
      },
      offset: {
        subject: '"sdk_type"',
        value: offsetForm,
        sdk: VERSION,
        sign: `CASE WHEN NOT (${isPresent}) THEN ${signOf('coalesce("user_id", "stable_id")')} END`,
        where: IS_OF_SDK,
      },
      value: { subject: '"event_name"', value: valueForm, label: VALUE_SHAPE, where: IS_OF_APP },
      amount: {
        ...ofEvent,
        number: `CASE WHEN ${VALUE} <> 0 THEN log10(abs(${VALUE})) END`,
        where: `${ofEvent.where} AND "event_value" IS NOT NULL AND coalesce(${VALUE} <> 0, true)`,
      },
    },
  },
  exposures: {
    names: {
      experiment: { value: '"experiment_id"', label: '"layer_id"', where: IS_EXPERIMENT },
      sdkExperiment: {
        subject: '"sdk_type"',
        value: `CASE WHEN ${IS_EXPERIMENT} THEN "experiment_id" ELSE '${NO_EXPERIMENT}' END`,
        label: LAST_VERSION,
        where: IS_OF_SDK,
      },
      group: {
        subject: '"experiment_id"',
        value: '"group_id"',
        label: '"group_name"',
        where: IS_EXPERIMENT,
      },
      evaluation: { subject: '"sdk_type"', value: noEvaluation, sdk: VERSION, where: IS_OF_SDK },
      sdk,
    },
  },
};

/** What separates keys in the text of the keys of some metadata, and that text from the one of the days before. Both are control characters. */
export const KEY_SEPARATORS = { keys: 31, texts: 30 } as const;
/** SQL of the keys of the metadata of an event, in its order; empty without metadata, and of what is no object. @param separator SQL. */
export function metadataKeys(separator: string): string {
  return `coalesce(array_join(map_keys(TRY(CAST(json_parse("company_metadata") AS map(varchar, json)))), ${separator}), '')`;
}
/** The form of an ID that no event before it had, and that of any other event with an ID. */
export const ID_FORMS = { new: 'new', known: 'known' } as const;
/** Columns of the IDs of which new ones are counted: those that each event of an SDK of apps has. */
const COUNTED_IDS = ['stable_id', 'user_id'] as const;
/** SQL of whether a row is of an ID, by which rows are counted before they are by its form. */
export const IS_OF_ID = `${PART} = 'newIds'`;
const newIds = COUNTED_IDS.map((column): readonly [string, Part] => [
  `newIds:${column}`,
  {
    subject: '"sdk_type"',
    value: `'${ID_FORMS.known}'`,
    label: `"${column}"`,
    where: `${IS_OF_SDK} AND "${column}" IS NOT NULL`,
  },
]);

/** Characters of the keys of one event's metadata up to which they are compared: of more, some are IDs. */
const MOST_KEYS = 1_000;
/** SQL of the keys of an event; null if some are IDs, as these would be as many groups as events. */
const comparedKeys = `CASE WHEN length("metadata_keys") <= ${MOST_KEYS} AND NOT regexp_like("metadata_keys", '[0-9]{3}') THEN "metadata_keys" END`;

/** What is compared of events by their metadata, which are a query of their own: the column is as large as many others. */
export const METADATA_PARTS: Parts = {
  ...Object.fromEntries(newIds),
  key: { ...ofEvent, label: comparedKeys, number: '1e0' },
  'idForm:stable_id': idFormPart('"stable_id"', '"stable_id" IS NOT NULL'),
  textForm: { ...ofEvent, value: '"text_form"', label: '"text_form_key"', sign: '"text_form_sign"' },
  size: { ...ofEvent, number: 'log10(greatest(coalesce("metadata_length", 0), 1))' },
  // Events without a time of their sender have that of their receipt: a request that a proxy repeats would be events that come twice.
  repeats: {
    ...ofEvent,
    number: 'CASE WHEN "is_repeated" THEN 1e0 ELSE 0e0 END',
    where: `${ofEvent.where} AND ${isPresent} AND "client_timestamp" IS NOT NULL AND coalesce("user_id", "stable_id") IS NOT NULL AND NOT "is_again"`,
  },
};

/** A table with the rows that are read of it. Both are SQL. */
export interface From {
  readonly table: string;
  readonly where: string;
}
