/** A fault of Stryker that changes nothing that a caller can see. */
interface Equivalent {
  /** Path of the file from the repository's root. */
  readonly file: string;
  /** The text in whose place the fault stands. Runs of white space are one space, as in `fault`. */
  readonly old: string;
  /** The fault, as Stryker's report words it. */
  readonly fault: string;
  /** Why nothing changes. */
  readonly reason: string;
  /** The line in which it stands, without white space around it. Absent if it changes nothing in any line of the file. */
  readonly line?: string | undefined;
}

/** The text in whose place a fault stands, the fault, why nothing changes, and the line if that is so in one alone. */
type Row = readonly [old: string, fault: string, reason: string, line?: string];

/** The reason of code that changes no result. */
const SAVES_TIME = 'It only saves time.';

/** All of them, by their files. One that a test sees nevertheless counts as seen. */
export const equivalents: readonly Equivalent[] = [
  ...equivalentsOf('lib/collect/rows/eventTimes.ts', [
    ['corrected === sent', 'false', 'It only saves time: both texts are the same.'],
  ]),
  ...equivalentsOf('lib/collect/rows.ts', [
    ['i++', 'i--', 'Counted down, the clock is looked at as often.'],
    ["typeof name === 'string'", 'true', 'Telemetry has names that are texts.'],
    ['() => false', '() => undefined', 'Neither is out of time.'],
  ]),
  ...equivalentsOf('lib/collect/rows/eventIds.ts', [
    [
      'columns.length > SURELY_FITS',
      'columns.length >= SURELY_FITS',
      'It only saves time: a row that surely fits is not measured.',
    ],
    ['columns.length > SURELY_FITS', 'true', 'It only saves time: a row that surely fits is not measured.'],
  ]),
  ...equivalentsOf('lib/collect/rows/Evaluations.ts', [
    [
      'this.#units > MAX_OUTLINES_LENGTH',
      'this.#units >= MAX_OUTLINES_LENGTH',
      'A bound of memory may be higher or lower by a character.',
    ],
    [
      'i < FETCH_TIME_MEMBERS.length',
      'i <= FETCH_TIME_MEMBERS.length',
      'No member has a slot behind those of the times.',
    ],
    ['i < to', 'i <= to', 'The slot of a member that is present is found before the end.'],
  ]),
  ...equivalentsOf('lib/collect/rows/plan.ts', [
    ['plan === null', 'false', 'No groups are known to it either, as long as there is no plan.'],
  ]),
  ...equivalentsOf('lib/erase/Manifest.ts', [
    ['eTag !== null', 'false', 'It only saves time: what was written is read again.'],
  ]),
  ...equivalentsOf('lib/erase/ObjectEraser.ts', [
    [
      '[]',
      '["Stryker was here"]',
      'Each look begins with none.',
      'const done: Doing = { counts: { ...noCounts(), objects: 1 }, left: [], expiring: [], hasFound: false };',
    ],
    ['serial += 1', 'serial -= 1', 'Any number that no other file has is as good.'],
    ["from === ''", 'false', 'No file has an empty name.'],
  ]),
  ...equivalentsOf('lib/erase/ParquetEraser.ts', [
    ['[]', '["Stryker was here"]', 'There is no such file.'],
    ['counted?.[name]', 'counted[name]', 'Sums of all rows are a row.'],
    ["groups?.['rows']", "groups['rows']", 'Sums of all rows are a row.'],
    ["groups?.['codec']", "groups['codec']", 'Sums of all rows are a row.'],
    ["summed?.['sum']", "summed['sum']", 'Sums of all rows are a row.'],
  ]),
  ...equivalentsOf('lib/erase/units/Unit.ts', [
    ['type.toLowerCase()', 'type.toUpperCase()', 'Types are compared in one case, whichever.'],
    ['{ N, r, p }', '{}', 'The cost is the default of Node 24.'],
  ]),
  ...equivalentsOf('lib/erase/units/UnitMatcher.ts', [
    ["typeof location === 'string'", 'true', 'No other value is a location.'],
    ['[]', '["Stryker was here"]', 'What is matched is the first member, and the groups are none.'],
  ]),
  ...equivalentsOf('lib/erase/changedDays.ts', [
    ['load?.version', 'load.version', 'A load that is known has a version.'],
  ]),
  ...equivalentsOf('lib/erase/eraseResult.ts', [['text.slice(-overlap)', 'text', 'It only saves memory.']]),
  ...equivalentsOf('lib/erase/eraseUnits.ts', [
    ['bodies.size === this.#manifest.bodies.length', 'false', 'It only saves time: the same is written.'],
    ['page.at(-1)?.key', 'page.at(-1).key', 'A page has an object.'],
    ['objects === undefined', 'false', 'A lane is the place of an eraser.'],
    ['entry !== undefined', 'true', 'It only saves time: what is not in the list cannot leave it.'],
    ['foundUntil !== undefined', 'true', 'No time is later than none.'],
  ]),
  ...equivalentsOf('lib/erase/resultFile.ts', [['{ highWaterMark: CHUNK_BYTES }', '{}', SAVES_TIME]]),
  ...equivalentsOf('lib/erase/runCounts.ts', [
    ['runs.at(-1)?.places', 'runs.at(-1).places', 'There is a run at the end.'],
  ]),
  ...equivalentsOf('lib/erase/units/unitSql.ts', [
    [
      'length + value.length > MOST_PATTERN',
      'length + value.length >= MOST_PATTERN',
      'A pattern may be shorter by a value.',
    ],
    ['length + value.length', 'length - value.length', 'A pattern may be longer by two values.'],
    ['/^(STRUCT|MAP)\\(/', '/(STRUCT|MAP)\\(/', 'No type of a column has it in another place alone.'],
    [
      '/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i',
      '/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i',
      'A longer text is cast to null.',
    ],
    [
      '/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i',
      '/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/i',
      'A longer text is cast to null.',
    ],
    ['/^(FLOAT|DOUBLE)$/', '/(FLOAT|DOUBLE)$/', 'No other type ends so.'],
    ['/^(FLOAT|DOUBLE)$/', '/^(FLOAT|DOUBLE)/', 'To a list of numbers a number is cast as null.'],
    ['/^DECIMAL\\(\\d+,(\\d+)\\)$/', '/DECIMAL\\(\\d+,(\\d+)\\)$/', 'No other type ends so.'],
    [
      '/^DECIMAL\\(\\d+,(\\d+)\\)$/',
      '/^DECIMAL\\(\\d+,(\\d+)\\)/',
      'To a list of numbers a number is cast as null.',
    ],
    [
      'fraction.length <= scale',
      'fraction.length < scale',
      'A decimal with as many digits is the same text.',
    ],
  ]),
  ...equivalentsOf('lib/landing/lines/LandedReader.ts', [
    ['8 * RUN_BYTES', '8 / RUN_BYTES', SAVES_TIME],
    [
      "{ const to = skipping === 'not_searched' ? bytes.length : nextHeader(bytes, offset, isLast); if (to > offset) return skippedPart(this.#position, bytes.subarray(offset, to), skipping); }",
      '{}',
      'It only saves time: what does not begin with a header is no member, and the range of it goes on.',
    ],
    [
      "skipping === 'not_searched'",
      'false',
      'It only saves time: each header is found to be behind the bound.',
    ],
    [
      'to > offset',
      'false',
      'It only saves time: what does not begin with a header is no member, and the range of it goes on.',
    ],
    ['this.#spent > 0', 'this.#spent >= 0', SAVES_TIME],
    [
      'this.#spent + most > SEARCH_BYTES',
      'this.#spent + most >= SEARCH_BYTES',
      'The bound may be lower by a step.',
    ],
    ['most === STEPS[0]', 'true', 'It only saves time: a later step begins as the first.'],
    ['this.#waiting.length === 0', 'false', SAVES_TIME],
    ['rest.length === 0', 'false', SAVES_TIME],
    ['text !== null', 'false', 'It only saves time: the room for the next text is guessed by the last one.'],
    [
      'from + PEEK_BYTES > bytes.length',
      'from + PEEK_BYTES >= bytes.length',
      'A member is judged a piece later.',
    ],
    ['from + PEEK_BYTES > bytes.length', 'true', 'A member is judged a piece later.'],
    ["found !== 'more'", 'true', 'What waits for more bytes is charged nothing either.'],
    ['end === offset', 'false', 'No run of no bytes is inflated.'],
    ['text !== null', 'true', 'Of what was not inflated no byte was read, so that it took not all bytes.'],
    ['isSearch || this.#spent > 0', 'true', 'It only saves time: a whole member is charged nothing.'],
    [
      '{ if (most + HEADER.length <= bytes.length) this.#aloneTo = this.#position + this.#runBytes; return null; }',
      '{}',
      'It only saves time: these members are read alone in any case.',
    ],
    [
      'most + HEADER.length <= bytes.length',
      'false',
      'It only saves time: these members are read alone in any case.',
    ],
    [
      'most + HEADER.length <= bytes.length',
      'most + HEADER.length < bytes.length',
      'It only saves time: these members are read alone in any case.',
    ],
    [
      'most + HEADER.length',
      'most - HEADER.length',
      'It only saves time: these members are read alone in any case.',
    ],
    [
      'this.#position + this.#runBytes',
      'this.#position - this.#runBytes',
      'It only saves time: these members are read alone in any case.',
    ],
  ]),
  ...equivalentsOf('lib/landing/lines/gzipMember.ts', [
    [
      'Math.max(from, bytes.length - HEADER.length + 1)',
      'Math.min(from, bytes.length - HEADER.length + 1)',
      'It only saves time: more bytes wait for the next piece.',
    ],
    [
      'bytes.length - HEADER.length + 1',
      'bytes.length - HEADER.length - 1',
      'It only saves time: two more bytes wait for the next piece.',
    ],
    ['end > bytes.length', 'end >= bytes.length', 'A header without a byte behind it is no member.'],
    ['end + 2 > bytes.length', 'end + 2 >= bytes.length', 'A header without a byte behind it is no member.'],
    ['zero < 0', 'zero <= 0', 'It stands behind a header.'],
    ['bytes.length + 1', 'bytes.length - 1', 'No member fits into what is left.'],
    ['1.25 * lastLength', '1.25 / lastLength', SAVES_TIME],
    [
      'Math.min(MOST_ROOM, most, Math.max(LEAST_ROOM, Math.ceil(1.25 * lastLength)))',
      'Math.max(MOST_ROOM, most, Math.max(LEAST_ROOM, Math.ceil(1.25 * lastLength)))',
      'It only saves memory.',
    ],
  ]),
  ...equivalentsOf('lib/landing/lines/landedLines.ts', [
    ['text[end] === BRACE && text.compare(bytes, 0, bytes.length, from, end) === 0', 'false', SAVES_TIME],
    ['from + bytes.length', 'from - bytes.length', SAVES_TIME],
    ['day === lastHead.day', 'false', SAVES_TIME],
    ['[]', '["Stryker was here"]', 'What is matched is the first member, and the groups are none.'],
    ['table === undefined', 'false', 'What is no head has no day either.'],
  ]),
  ...equivalentsOf('lib/landing/lines/receivedHours.ts', [
    ['[]', '["Stryker was here"]', 'What is matched is the first member, and the groups are none.'],
  ]),
  ...equivalentsOf('lib/landing/store/encodeLines.ts', [['{ level: 1 }', '{}', SAVES_TIME]]),
  ...equivalentsOf('lib/ledger/sweepVersions.ts', [
    ['curatedTables !== undefined', 'true', 'Without curated tables there is no kind of one.'],
  ]),
  ...equivalentsOf('lib/ledger/turns.ts', [
    ['first < second', 'first <= second', 'They differ.'],
    ['left.day > right.day', 'left.day >= right.day', 'They differ.'],
    ['[]', '["Stryker was here"]', 'It is no day.'],
  ]),
  ...equivalentsOf('lib/ledger/versionFiles.ts', [
    ['[]', '["Stryker was here"]', 'One name is few.', 'const { files = [] } = named;'],
    [
      'this.#look.clock.now() - this.#writtenAt >= NOTE_EVERY_MS',
      'this.#look.clock.now() - this.#writtenAt > NOTE_EVERY_MS',
      'A note may be a millisecond later.',
    ],
    ['end < 0', 'end <= 0', 'The first day may always be read.'],
    ['after < from', 'after <= from', 'It is set to what it is.'],
    ['after < end', 'after <= end', 'No key ends there.'],
  ]),
  ...equivalentsOf('lib/relay/CopyKeeper.ts', [
    [
      'text.length <= MAX_MESSAGE_BYTES',
      'text.length < MAX_MESSAGE_BYTES',
      'A copy of just this size may go either way.',
    ],
    ['field === undefined', 'false', 'A member of another name is not redacted.'],
    [
      'redaction.user({ [field]: value }, json)?.[field]',
      'redaction.user({ [field]: value }, json)[field]',
      'The user is an object.',
    ],
  ]),
  ...equivalentsOf('lib/relay/RelayCopy.ts', [
    ["typeof id !== 'string'", 'false', 'No other value is an ID.'],
    ["typeof keptAt !== 'number'", 'false', 'No other value is an integer.'],
    ['value !== undefined', 'true', 'JSON has no such member.'],
    ['sourceIp !== undefined', 'true', 'JSON has no such member.'],
  ]),
  ...equivalentsOf('lib/relay/idValues.ts', [['{ isIds: false }', '{}', 'Absent is as false.']]),
  ...equivalentsOf('lib/relay/sendRequest.ts', [
    ['answer?.statusCode === undefined', 'false', 'An answer has a status.'],
    ['answer?.statusCode', 'answer.statusCode', 'The event has an answer.'],
  ]),
  ...equivalentsOf('lib/wire/EvaluationText.ts', [
    [
      'imul(sum, 31) + unit',
      'imul(sum, 31) - unit',
      'Any hash of a value is as good. The one of a name is held to the name.',
    ],
    ['hash + spread(sum)', 'hash - spread(sum)', 'Any sum that does not depend on the order is as good.'],
    ['i - value < MAX_VALUE_LENGTH', 'i - value <= MAX_VALUE_LENGTH', 'A flag or a number is much shorter.'],
  ]),
  ...equivalentsOf('lib/wire/decodeBody.ts', [
    ['{ params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }', '{}', SAVES_TIME],
    ['{ [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY }', '{}', SAVES_TIME],
  ]),
  ...equivalentsOf('lib/wire/eventTime.ts', [
    [
      'precisionMs > CLOCK_TOLERANCE_MS',
      'precisionMs >= CLOCK_TOLERANCE_MS',
      'The precision is a power of ten, which the tolerance is not.',
    ],
  ]),
  ...equivalentsOf('lib/wire/jsonBody.ts', [
    [
      "!text.includes('\\\\u') || !HALF_PAIR.test(text)",
      'false',
      'It only saves time: without half pairs nothing is replaced.',
    ],
    [
      "!text.includes('\\\\u') || !HALF_PAIR.test(text)",
      "!text.includes('\\\\u') && !HALF_PAIR.test(text)",
      'It only saves time: without half pairs nothing is replaced.',
    ],
  ]),
  ...equivalentsOf('lib/wire/keys/KeyCache.ts', [
    [
      'this.#keyring === undefined',
      'false',
      'A cache without keys was never read with success, so that its last read is older than any time.',
    ],
  ]),
  ...equivalentsOf('lib/wire/keys/Keyring.ts', [
    ['sources === undefined', 'false', 'A member that is undefined is read as one that is absent.'],
  ]),
  ...equivalentsOf('lib/wire/parseBatch.ts', [
    ['[]', '["Stryker was here"]', 'Each evaluation knows where its own members begin.'],
    [
      'evaluations.length === 0',
      'false',
      'It only saves time: the text is parsed as it is, or was parsed so.',
    ],
    [
      'at !== -1 && !text.startsWith(METADATA_REST, at + METADATA.length)',
      'false',
      'It only costs time: what is taken out in another place is no metadata of an event.',
    ],
    [
      "!isJsonObject(parsed) || !Array.isArray(parsed['events'])",
      'false',
      'What it lets through throws, and the text is parsed as it is, too.',
    ],
    [
      "!isJsonObject(parsed) || !Array.isArray(parsed['events'])",
      "!isJsonObject(parsed) && !Array.isArray(parsed['events'])",
      'What it lets through throws, and the text is parsed as it is, too.',
    ],
    ["typeof metadata === 'number'", 'true', 'Anything else is the place of no evaluation.'],
    ["typeof value === 'object'", 'true', 'A text or a number has no metadata.'],
  ]),
  ...equivalentsOf('lib/wire/stripPrivateAttributes.ts', [
    ["typeof item === 'object'", 'true', 'It only saves memory.'],
    ["typeof member === 'object'", 'true', 'It only saves memory.'],
  ]),
];

/** The faults of a file that change nothing. */
function equivalentsOf(file: string, rows: readonly Row[]): readonly Equivalent[] {
  return rows.map(([old, fault, reason, line]) => ({ file, old, fault, reason, line }));
}
