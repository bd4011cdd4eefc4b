/** A fault of Stryker that changes nothing that a caller can see. */
export interface Equivalent {
  readonly file: string;
  /** The text in whose place the fault stands. Runs of white space are one space, as in `fault`. */
  readonly old: string;
  readonly fault: string;
  /** Why nothing changes. */
  readonly reason: string;
}

/** All of them. One that a test sees nevertheless counts as seen. */
export const equivalents: readonly Equivalent[] = [
  {
    file: 'lib/landing/lines/LandedReader.ts',
    old: '8 * RUN_BYTES',
    fault: '8 / RUN_BYTES',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/lines/LandedReader.ts',
    old: 'this.#waiting.length === 0',
    fault: 'false',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/lines/LandedReader.ts',
    old: 'rest.length === 0',
    fault: 'false',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/lines/LandedReader.ts',
    old: 'text !== null',
    fault: 'false',
    reason: 'It only saves time: the room for the next text is guessed by the last one.',
  },
  {
    file: 'lib/landing/lines/LandedReader.ts',
    old: 'from + PEEK_BYTES > bytes.length',
    fault: 'from + PEEK_BYTES >= bytes.length',
    reason: 'A member is judged a piece later.',
  },
  {
    file: 'lib/landing/lines/LandedReader.ts',
    old: 'from + PEEK_BYTES > bytes.length',
    fault: 'true',
    reason: 'A member is judged a piece later.',
  },
  {
    file: 'lib/landing/lines/gzipMember.ts',
    old: '1.25 * lastLength',
    fault: '1.25 / lastLength',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/lines/gzipMember.ts',
    old: 'Math.min(MOST_ROOM, most, Math.max(LEAST_ROOM, Math.ceil(1.25 * lastLength)))',
    fault: 'Math.max(MOST_ROOM, most, Math.max(LEAST_ROOM, Math.ceil(1.25 * lastLength)))',
    reason: 'It only saves memory.',
  },
  {
    file: 'lib/landing/lines/landedLines.ts',
    old: 'text[end] === BRACE && text.compare(bytes, 0, bytes.length, from, end) === 0',
    fault: 'false',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/lines/landedLines.ts',
    old: 'from + bytes.length',
    fault: 'from - bytes.length',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/lines/landedLines.ts',
    old: 'day === lastHead.day',
    fault: 'false',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/lines/landedLines.ts',
    old: '[]',
    fault: '["Stryker was here"]',
    reason: 'What is matched is the first member, and the groups are none.',
  },
  {
    file: 'lib/landing/lines/landedLines.ts',
    old: 'table === undefined',
    fault: 'false',
    reason: 'What is no head has no day either.',
  },
  {
    file: 'lib/erase/Unit.ts',
    old: 'type.toLowerCase()',
    fault: 'type.toUpperCase()',
    reason: 'Types are compared in one case, whichever.',
  },
  {
    file: 'lib/erase/Unit.ts',
    old: '{ N, r, p }',
    fault: '{}',
    reason: 'The cost is the default of Node 24.',
  },
  {
    file: 'lib/erase/UnitMatcher.ts',
    old: "typeof location === 'string'",
    fault: 'true',
    reason: 'No other value is a location.',
  },
  {
    file: 'lib/erase/UnitMatcher.ts',
    old: '[]',
    fault: '["Stryker was here"]',
    reason: 'What is matched is the first member, and the groups are none.',
  },
  {
    file: 'lib/erase/eraseDocuments.ts',
    old: "['unit']",
    fault: '[]',
    reason: 'What goes counts as one document at least.',
  },
  {
    file: 'lib/erase/eraseDocuments.ts',
    old: '[]',
    fault: '["Stryker was here"]',
    reason: 'What is found of no kind counts as nothing.',
  },
  {
    file: 'lib/erase/eraseDocuments.ts',
    old: '{ highWaterMark: CHUNK_BYTES }',
    fault: '{}',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/landing/store/encodeLines.ts',
    old: '{ level: 1 }',
    fault: '{}',
    reason: 'It only saves time.',
  },
  ...['columns.length >= SURELY_FITS', 'true'].map((fault) => ({
    file: 'lib/collect/rows/eventIds.ts',
    old: 'columns.length > SURELY_FITS',
    fault,
    reason: 'It only saves time: a row that surely fits is not measured.',
  })),
  {
    file: 'lib/collect/rows/exposures.ts',
    old: 'this.#units > MAX_OUTLINES_LENGTH',
    fault: 'this.#units >= MAX_OUTLINES_LENGTH',
    reason: 'A bound of memory may be higher or lower by a character.',
  },
  {
    file: 'lib/collect/rows/exposures.ts',
    old: 'i < FETCH_TIME_MEMBERS.length',
    fault: 'i <= FETCH_TIME_MEMBERS.length',
    reason: 'No member has a slot behind those of the times.',
  },
  {
    file: 'lib/collect/rows/exposures.ts',
    old: 'i < to',
    fault: 'i <= to',
    reason: 'The slot of a member that is present is found before the end.',
  },
  {
    file: 'lib/collect/rows/plan.ts',
    old: 'plan === null',
    fault: 'false',
    reason: 'No groups are known to it either, as long as there is no plan.',
  },
  {
    file: 'lib/collect/rows.ts',
    old: 'corrected === sent',
    fault: 'false',
    reason: 'It only saves time: both texts are the same.',
  },
  {
    file: 'lib/collect/rows.ts',
    old: 'i++',
    fault: 'i--',
    reason: 'Counted down, the clock is looked at as often.',
  },
  {
    file: 'lib/collect/rows.ts',
    old: "typeof name === 'string'",
    fault: 'true',
    reason: 'Telemetry has names that are texts.',
  },
  {
    file: 'lib/collect/rows.ts',
    old: '() => false',
    fault: '() => undefined',
    reason: 'Neither is out of time.',
  },
  {
    file: 'lib/wire/EvaluationText.ts',
    old: 'imul(sum, 31) + unit',
    fault: 'imul(sum, 31) - unit',
    reason: 'Any hash of a value is as good. The one of a name is held to the name.',
  },
  {
    file: 'lib/wire/EvaluationText.ts',
    old: 'hash + spread(sum)',
    fault: 'hash - spread(sum)',
    reason: 'Any sum that does not depend on the order is as good.',
  },
  {
    file: 'lib/wire/EvaluationText.ts',
    old: 'i - value < MAX_VALUE_LENGTH',
    fault: 'i - value <= MAX_VALUE_LENGTH',
    reason: 'A flag or a number is much shorter.',
  },
  {
    file: 'lib/wire/decodeBody.ts',
    old: '{ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }',
    fault: '{}',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/wire/decodeBody.ts',
    old: '{ [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }',
    fault: '{}',
    reason: 'It only saves time.',
  },
  {
    file: 'lib/wire/eventTime.ts',
    old: 'precisionMs > CLOCK_TOLERANCE_MS',
    fault: 'precisionMs >= CLOCK_TOLERANCE_MS',
    reason: 'The precision is a power of ten, which the tolerance is not.',
  },
  {
    file: 'lib/wire/jsonBody.ts',
    old: "!text.includes('\\u') || !HALF_PAIR.test(text)",
    fault: 'false',
    reason: 'It only saves time: without half pairs nothing is replaced.',
  },
  {
    file: 'lib/wire/jsonBody.ts',
    old: "!text.includes('\\u') || !HALF_PAIR.test(text)",
    fault: "!text.includes('\\u') && !HALF_PAIR.test(text)",
    reason: 'It only saves time: without half pairs nothing is replaced.',
  },
  {
    file: 'lib/wire/parseBatch.ts',
    old: '[]',
    fault: '["Stryker was here"]',
    reason: 'Each evaluation knows where its own members begin.',
  },
  {
    file: 'lib/wire/parseBatch.ts',
    old: 'evaluations.length === 0',
    fault: 'false',
    reason: 'It only saves time: the text is parsed as it is, or was parsed so.',
  },
  {
    file: 'lib/wire/parseBatch.ts',
    old: 'at !== -1 && !text.startsWith(METADATA_REST, at + METADATA.length)',
    fault: 'false',
    reason: 'It only costs time: what is taken out in another place is no metadata of an event.',
  },
  {
    file: 'lib/wire/parseBatch.ts',
    old: "!isJsonObject(parsed) || !Array.isArray(parsed['events'])",
    fault: 'false',
    reason: 'What it lets through throws, and the text is parsed as it is, too.',
  },
  {
    file: 'lib/wire/parseBatch.ts',
    old: "!isJsonObject(parsed) || !Array.isArray(parsed['events'])",
    fault: "!isJsonObject(parsed) && !Array.isArray(parsed['events'])",
    reason: 'What it lets through throws, and the text is parsed as it is, too.',
  },
  {
    file: 'lib/wire/parseBatch.ts',
    old: "typeof metadata === 'number'",
    fault: 'true',
    reason: 'Anything else is the place of no evaluation.',
  },
  {
    file: 'lib/wire/parseBatch.ts',
    old: "typeof value === 'object'",
    fault: 'true',
    reason: 'A text or a number has no metadata.',
  },
  {
    file: 'lib/wire/stripPrivateAttributes.ts',
    old: "typeof item === 'object'",
    fault: 'true',
    reason: 'It only saves memory.',
  },
  {
    file: 'lib/wire/stripPrivateAttributes.ts',
    old: "typeof member === 'object'",
    fault: 'true',
    reason: 'It only saves memory.',
  },
  {
    file: 'lib/reconcile/reconcileDays.ts',
    old: 'line !== null',
    fault: 'true',
    reason: 'There is no line only if there are no values, and a night always has one.',
  },
  {
    file: 'lib/wire/keys/KeyCache.ts',
    old: 'this.#keyring === undefined',
    fault: 'false',
    reason: 'A cache without keys was never read with success, so that its last read is older than any time.',
  },
  {
    file: 'lib/wire/keys/Keyring.ts',
    old: 'sources === undefined',
    fault: 'false',
    reason: 'A member that is undefined is read as one that is absent.',
  },
];
