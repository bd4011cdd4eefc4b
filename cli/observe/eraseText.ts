import { sum } from '../../lib/base/sum.ts';
import { counted, visibleLine } from '../../lib/base/text.ts';
import { isoTimestamp } from '../../lib/base/time.ts';
import { erasePlaces } from '../../lib/erase/erasePlaces.ts';
import type { LeftObject } from '../../lib/erase/Manifest.ts';
import { MOST_MENTIONED } from '../../lib/erase/ParquetEraser.ts';
import type { EraseReceipt } from '../../operate/erase/erase.ts';
import { textTable } from '../terminal/tables.ts';

/** Why an object could not be searched, in words. */
const WHY = {
  too_large: 'too large to be searched',
  archived: 'archived: restore it, so that it can be searched',
  unreadable: 'damaged, so that it cannot be searched',
  unread: 'rows there are damaged, so that not all of it can be searched',
  denied: 'AWS denied this object and not the others: its KMS key is disabled, or it is locked',
} as const satisfies Record<LeftObject['why'], string>;

/** A receipt for people. */
export function eraseText(receipt: EraseReceipt): string {
  const { elsewhere, record } = receipt;
  const rows = placeRows(receipt);
  const lines = [...countLines(receipt), ...leftLines(receipt), ...expiringLines(receipt)];
  const held = elsewhere.map(({ what, where, todo }) => `- ${what}, ${where}: ${todo}`);
  return [
    rows.length === 0 ? 'The bucket has no objects that could have rows.\n' : textTable(rows),
    ...(lines.length === 0 ? [] : ['\n', ...lines.map((line) => `${visibleLine(line)}\n`)]),
    '\nOut of reach of this command, besides what docs/privacy.md lists for every deployment:\n',
    ...held.map((line) => `${visibleLine(line)}\n`),
    ...(record === null ? [] : [`\nRecord: ${record}\n`]),
    ...(hasEverFound(receipt)
      ? []
      : [
          '\nNothing of these units was ever found. Check each column and value: they are compared exactly.\n',
        ]),
    `\n${stateText(receipt)}\n`,
  ].join('');
}

/** What became of each place that was searched. */
function placeRows({ total, state }: EraseReceipt): readonly Readonly<Record<string, string | number>>[] {
  const isDry = state === 'dry';
  return erasePlaces.flatMap((place) => {
    const counts = total[place];
    if (counts === undefined) return [];
    return [
      {
        place,
        objects: counts.objects,
        versions: counts.versions,
        [isDry ? 'rows found' : 'rows erased']: counts.rows,
        [isDry ? 'to rewrite' : 'rewritten']: counts.rewritten,
        [isDry ? 'to delete' : 'deleted']: counts.deleted,
      },
    ];
  });
}

/** What the table of places, which is of all runs, leaves out: of this run, rows of others and loads under way; and how many earlier runs. */
function countLines({ run, state, countsMentions, forgotten }: EraseReceipt): readonly string[] {
  const isDry = state === 'dry';
  const ofAllPlaces = (member: 'mentions' | 'others' | 'waiting') =>
    sum(Object.values(run.places).map((counts) => counts[member]));
  const inCopies = run.places.relay?.others ?? 0;
  return [
    ...countLine(
      inCopies,
      `Events of others in the same requests, which ${isDry ? 'would not' : 'do not'} reach the target of relay either`,
    ),
    ...countLine(
      ofAllPlaces('others') - inCopies,
      `Refused events and bodies that have a value elsewhere than under the key of a unit, or are no plain JSON. They may be about somebody else, and ${isDry ? 'would go' : 'are gone'} too`,
    ),
    ...countLine(
      ofAllPlaces('mentions'),
      'Rows of others that mention a value in some column, such as the metadata of an event. They stay',
    ),
    ...(countsMentions
      ? []
      : [`Mentions in rows of others were not counted: there are more than ${MOST_MENTIONED} values.`]),
    ...countLine(ofAllPlaces('waiting'), 'Objects of a load under way, which a later run looks at again'),
    ...countLine(forgotten, 'Earlier runs that are not in these figures: the record keeps the last ones'),
    ...(run.resumed > 0
      ? [`The run was stopped, and what it erased just before is in no count. Times: ${run.resumed}.`]
      : []),
  ];
}

/** The objects that this run could not search, one line each, and how many more versions there are. */
function leftLines({ run: { left, leftCount } }: EraseReceipt): readonly string[] {
  return [
    ...leftTexts(left),
    ...(leftCount > left.length ? [`… and ${counted(leftCount - left.length, 'more version')}.`] : []),
  ];
}

/** The objects with bytes that were not searched, and the commands for them; without those that {@link leftLines} tells of. */
function expiringLines({ run, notSearched }: EraseReceipt): readonly string[] {
  const alone = notSearched.filter(({ key }) => run.left.every((leftObject) => leftObject.key !== key));
  return alone.flatMap(({ key, goneBy, commands }) => [
    `Not searched: bytes of ${key} that are no rows. The object is gone by ${goneBy}${commands.length === 0 ? '.' : ', unless it is tried again. Commands that show it, delete it, or have all of damaged/ tried again:'}`,
    ...commands.map((command) => `  ${command}`),
  ]);
}

/** A line for each object, with its versions. */
function leftTexts(left: EraseReceipt['run']['left']): readonly string[] {
  return [...Map.groupBy(left, ({ key }) => key)].map(([key, versions]) => {
    const reasons = [...Map.groupBy(versions, ({ why }) => why)].map(([why, unread]) => {
      const ids = unread.map(({ versionId }) => versionId).join(', ');
      return `${unread.length === 1 ? 'version' : 'versions'} ${ids}: ${WHY[why]}`;
    });
    return `Left: ${key}, ${reasons.join('; ')}.`;
  });
}

/** A line with a count; none for nothing. */
function countLine(count: number, what: string): readonly string[] {
  return count === 0 ? [] : [`${what}: ${count}.`];
}

/** Whether any run found something. A run that was killed may have found what is in no count. */
function hasEverFound({ run, total, forgotten }: EraseReceipt): boolean {
  if (run.hasFound || run.resumed > 0 || forgotten > 0) return true;
  return Object.values(total).some(({ rows, deleted, waiting }) => rows + deleted + waiting > 0);
}

/** Whether the erasure is complete, and else when to run it again. */
function stateText({ state, completeFrom, run }: EraseReceipt): string {
  if (state === 'complete') return 'Complete: this run found nothing any more.';
  // Of a dry run alone.
  if (completeFrom === null) return 'Nothing was changed.';
  const at = isoTimestamp(completeFrom);
  if (run.leftCount > 0)
    return 'Not complete: some objects could not be searched. Do for each what its line says, or delete it, and run it again.';
  if (run.onTheWay.length > 0)
    return `Not complete yet: ${run.onTheWay.join('; ')}. They may have earlier rows. Run it again after ${at}, once they have arrived: it is complete once a run finds nothing.`;
  return `Not complete yet: events that were sent before may still arrive. Run it again after ${at}: it is complete once a run finds nothing.`;
}
