import { entriesOf } from './entry.ts';
import { BLIND, DEPLOY_NOW, failureCases, UNSAID_WHO, WHO } from './wording.ts';

const { problem, warning } = entriesOf('partitions');

/** Who dropped partitions, also by Athena, which calls Glue. */
const DROPPED = `${WHO} DeletePartition, BatchDeletePartition.`;

/** Begins each cause of archived files. */
const ARCHIVED_BY =
  'A lifecycle rule, or somebody, moved the files into an archive class of S3, and Athena skips files there without an error. If a rule of the bucket does it, `SLUICE_FINDING_ARCHIVING` names the rule, which will archive more.';

/** Begins the causes of partitions in a bucket that the registrar asks for. */
const REGISTRARS =
  "The function `register` made the partition: it asks for the bucket of that folder, which is not the configuration's. Most often somebody changed its variable `SLUICE_BUCKET`.";

/** Begins their cures. */
const SET_BUCKET_BACK =
  'The first command names the variable, and has the commands that set it back. Make no bucket of that name, and allow none.';

/** Findings about tables, views, their files and partitions, curated days, and erasures. */
export const partitionsFindings = {
  SLUICE_FINDING_TABLE_DIFFERS: problem(
    'A table or view differs from its definition: rows go to quarantine, are read incorrectly, or are not found.',
    {
      table: [
        `A crawler or a person changed it. Until it is as before, rows go to quarantine, are read incorrectly, or are not found. ${WHO} UpdateTable.`,
        `${BLIND} Run the commands in their order: no file is deleted.`,
      ],
      view: [
        `Somebody replaced it. Queries of the view get what that other SQL selects. ${WHO} UpdateTable.`,
        `${BLIND} Run the command: it brings the SQL back, and no file is touched.`,
      ],
      release: [
        'Another release of Sluice has deployed the stack, and the definition may be the right one of that release.',
        `${DEPLOY_NOW} If it is still here after it, somebody changed it by hand: this finding then has the cure of that.`,
      ],
      local: [
        'Somebody changed it in the local cloud, which does not say who.',
        'Start the local cloud again: it makes what its template has.',
      ],
    },
    { section: 'changed' },
  ),
  SLUICE_FINDING_DAYS_LOST: problem(
    'Files of days of a raw table are gone, and neither retention nor an erasure took them: somebody deleted them.',
    {
      versions: [
        `Somebody deleted them, and S3 still has their versions. ${UNSAID_WHO}`,
        'Run `restore`: it brings the files back (docs/platform.md, "Restore"). If the rows shall stay gone, run `accept` in its place.',
      ],
      landing: [
        `Somebody deleted them. S3 has no versions of them any more: somebody deleted these, too, or \`retention.dataVersionDays\` are over. S3 still has versions of what landed on these days, until the day that the detail names. ${UNSAID_WHO}`,
        'Before that day write the rows again: copy back each version that the first commands list (docs/landing.md, "Write an object again"), and have `redrive --landing` write what waits. When a query counts the rows, run `accept`: only it ends this, as the files stay gone.',
      ],
      gone: [
        `Somebody deleted them. S3 has no versions of them any more, nor of what landed on these days: somebody deleted these, too, or the days that S3 keeps versions are over. ${UNSAID_WHO}`,
        'Nothing brings these rows back. Find out who deleted them, then run `accept`: it ends this.',
      ],
    },
    { section: 'partitions' },
  ),
  SLUICE_FINDING_FILE_DAMAGED: problem(
    'The folder of a day of a table has objects that are no Parquet: each query that reads the day fails.',
    {
      stray: [
        `Somebody put the object into the folder of the day, where Athena reads all objects but those whose name begins with an underscore or a dot. Each query that reads the day fails. ${UNSAID_WHO}`,
        'Copy it to another folder if somebody needs it. Then run the commands: they delete it for good.',
      ],
      replaced: [
        `Somebody wrote other bytes under the key of a file. Each query that reads its day fails. ${UNSAID_WHO}`,
        'Run `restore`: it copies the version that was written first over what is there, which stays as an earlier version. While an erasure is open it refuses, and names the erasure that is to be run to its end first.',
      ],
    },
    { section: 'partitions' },
  ),
  SLUICE_FINDING_ARCHIVED: problem(
    'Files of tables are in an archive class of S3 (GLACIER, DEEP_ARCHIVE). Athena skips them, restored ones too, so queries miss their rows without an error.',
    {
      again: [`${ARCHIVED_BY} Other files have their rows.`, 'Run the commands: they make the days again.'],
      restored: [
        ARCHIVED_BY,
        'For each object that the first commands list, `restore-object` asks S3 for a copy, which takes hours; `copy-object` then makes it readable for good. Where the commands restore only some of them, do the same for the others.',
      ],
    },
    { section: 'partitions' },
  ),
  SLUICE_FINDING_PARTITION_WRONG: problem(
    'Queries miss rows or columns of days that have files, or read rows of another folder: a partition is missing, or has another folder or an earlier set of columns.',
    {
      ...failureCases('Queries miss the rows of these days.', 'Then the last command registers the days.'),
      unknown: [
        'The function `register` failed, and its log has no line that says why. Queries miss the rows of these days.',
        'The command registers the days. If `register` fails again, `npx sluice doctor --drift` names what was changed of it.',
      ],
      dropped: [
        `Queries miss the rows of these days. Either somebody dropped the partitions, or S3's event of the first file of a new day was lost. If somebody did: ${DROPPED}`,
        'The command registers the days.',
      ],
      dataset: [
        `Sluice has made these days, and somebody dropped their partitions. Queries miss their rows. ${DROPPED}`,
        'The command registers the version of each day as it is.',
      ],
      folder: ['Queries miss rows: the partition is missing.', 'The command registers the days.'],
      elsewhere: [
        `Somebody changed the folder of the partition, or made it again with another one. Queries read that folder in place of the files of the day. ${WHO} UpdatePartition, BatchUpdatePartition, CreatePartition, BatchCreatePartition.`,
        'The first command drops the partition, and no file. Then the second registers the day.',
      ],
      extra: [
        `Somebody made the partition, or changed its folder: the day has no files of its own. Queries read the rows of that folder as rows of this day: where it is the folder of another day, they come twice. ${WHO} CreatePartition, BatchCreatePartition, UpdatePartition, BatchUpdatePartition.`,
        'The command drops the partition, and no file.',
      ],
      registrar: [
        `${REGISTRARS} Queries read that bucket in place of the files of the day. ${WHO} UpdateFunctionConfiguration.`,
        `${SET_BUCKET_BACK} Then the second drops the partition, and no file, and the third registers the day.`,
      ],
      registrarExtra: [
        `${REGISTRARS} The day has no files of its own: queries read those of that bucket as rows of this day. ${WHO} UpdateFunctionConfiguration.`,
        `${SET_BUCKET_BACK} Then the second drops the partition, and no file.`,
      ],
      columns: [
        'The partitions are older than a column of the table: queries read null there.',
        'The command gives them the columns of the table.',
      ],
    },
    {
      section: 'partitions',
      alarms: ['partition-gaps', 'register-errors'],
      ending: 'Look again in a minute.',
    },
  ),
  SLUICE_FINDING_CURATE_KEPT: problem(
    'Raw files of curated days are gone, or others are in their place, and neither an erasure nor retention is the reason. The curated table has their rows, and views read them there.',
    {
      versions: [
        `Somebody deleted or replaced the raw files. The curated table has their rows, and views read them there. ${UNSAID_WHO}`,
        'Find out who. `restore` brings files back while S3 has their versions, and the next night curates the days again: docs/curated.md, "When raw files are gone". If they are to stay gone, `accept` ends this: it keeps the rows, with `--drop` it lets them go.',
      ],
      gone: [
        `Somebody deleted or replaced the raw files, and S3 has no versions of them any more: somebody or an erasure deleted these, too, or \`retention.dataVersionDays\` are over. The curated table has their rows, and views read them there. ${UNSAID_WHO}`,
        'Find out who deleted them. If the rows are right, `accept` keeps them and ends this. If the files were not to be there, `accept` with `--drop` lets their rows go from the curated table, and the next night ends this.',
      ],
      back: [
        'The raw files are copied back.',
        'Wait for the next night, 00:20 UTC: it curates the day again, and ends this.',
      ],
    },
    { section: 'curated' },
  ),
  SLUICE_FINDING_CURATE_LATE: problem(
    'Days that should be curated are not: queries scan more bytes, and no answer is wrong.',
    {
      queued: [
        'They were queued, and no run of `curate` has taken them for a day. Queries scan more bytes; no answer is wrong.',
        'The command queues them again. If they stay, SLUICE_FINDING_FUNCTION_FAILED or a dead letter of `curate` says why.',
      ],
      unplanned: [
        'No night has queued them: the schedule of 00:20 UTC started no run, or the run ended before it came to them. The second command tells which: it shows the schedule. Queries scan more bytes; no answer is wrong.',
        'The first command queues them now; on a new stage the next night does it too. If the second shows another `State` than `ENABLED`, or another `ScheduleExpression` than `cron(20 0 * * ? *)`, each day stays late until that is set back: take what changes it out of `resources` in serverless.yml and deploy, or, if somebody changed it by hand, have `npx sluice doctor --drift` print what sets it back. If the schedule is right, the log of `curate-plan` says why its run ended.',
      ],
      local: [
        'No night has queued them: the local cloud did not run at 00:20 UTC, or `resources` in serverless.yml disables or moves the schedule. Queries scan more bytes; no answer is wrong.',
        'The command queues them now. If the next night queues none, take what changes `CurateDailySchedule` out of serverless.yml, and start the local cloud again.',
      ],
    },
    { section: 'curated', alarms: ['curations-waiting'] },
  ),
  SLUICE_FINDING_CURATE_FAILED: problem(
    'Days could not be curated. Views read their raw rows, which costs more; Athena skips a file that is archived.',
    {
      damaged: [
        'A file of each day is no Parquet, so that every query of the day fails, also through the view.',
        'Do what `SLUICE_FINDING_FILE_DAMAGED` says. Then the second command curates the days again, or the next night does.',
      ],
      other: [
        'Until the days are curated, views read their raw rows.',
        'The last command curates the days again once the reason is gone, or the next night does. docs/curated.md, "When a day is not curated".',
      ],
    },
    { section: 'curated', alarms: ['curations-failed'] },
  ),
  SLUICE_FINDING_ERASE_STOPPED: warning(
    'An erasure is not complete, and does not get there by itself: rows of its units may be in tables.',
    {
      stopped: [
        'It has not gone on for 30 days: whoever began it has not run it again. Its record in `ledger/_erasures/` names neither them nor the units.',
        'Run `sluice erase` with the same units again until it is complete: docs/privacy.md, "Until it is complete".',
      ],
      unsearched: [
        'Its last run could not search these versions: they are archived, damaged or too large, or AWS denied them. As long as they stay, no run completes it.',
        'Restore what is archived, and enable a key that is disabled; delete a version that is damaged or too large to be searched. Then run `sluice erase` with the same units again: docs/privacy.md, "Until it is complete".',
      ],
      invalid: [
        'Its record is no manifest of an erasure, so nobody knows whether it is complete.',
        'Delete the record, and run `sluice erase` with the same units again: it begins from the start.',
      ],
    },
  ),
} as const;
