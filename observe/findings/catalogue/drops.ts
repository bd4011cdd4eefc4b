import { entriesOf } from './entry.ts';
import { UNSAID_WHO, WHO } from './wording.ts';

const { problem, warning } = entriesOf('drops');

/** Begins the cause of a damaged object of the ledger. */
const BY_HAND = `Somebody wrote the object by hand: no function writes such an entry. ${UNSAID_WHO}`;
/** The cure of a damaged object of the ledger. */
const VERSION_BEFORE =
  'One command lists the versions of an object, the next brings back the last one before the damage. If the finding comes back, take an earlier version. Do not delete an object that has one: it may be all that says which files the day has.';

/** Who made a bucket in another account: no call of ours may ask that account. */
const OF_STRANGER = 'S3 does not say whose it is: CloudTrail of that account has CreateBucket.';

/** Ends the cause of files without rows. */
const NONE_ON_PURPOSE =
  'Whether it has none on purpose only whoever delivers it knows; a job that ran before its data was there wrote them earlier than usual, as the times of the files in the bucket show beside those of other days.';
/** A cure of rows that are not as before. */
const CORRECTED =
  'Ask whoever delivers it: the next run loads corrected files. If they are meant so, run `accept keep`.';
/** Why a bucket may be a stranger's. */
const MADE_AGAIN = 'somebody may have made a bucket of this name after that of the customer was deleted.';

/** Findings about customers' datasets and exports. */
export const dropsFindings = {
  SLUICE_FINDING_LEDGER_DAMAGED: problem(
    'Objects of the ledger have no valid entry, or are gone. Runs cannot work on days whose entry is not valid, nor list a dataset while one of them is looked for.',
    {
      drop: [
        `${BY_HAND} No run loads its day. While the day is among those that are looked for, nothing else of its dataset is listed, either. Other datasets go on.`,
        VERSION_BEFORE,
      ],
      export: [`${BY_HAND} No run exports its day; all other days go on.`, VERSION_BEFORE],
      curated: [`${BY_HAND} No run curates its day; all other days go on.`, VERSION_BEFORE],
      gone: [
        `Somebody deleted objects of the ledger, or the source or the dataset was given another name. Queries go on reading the rows. Without its entry nobody knows from which files a day was loaded, and a day of the lookback is loaded again. ${UNSAID_WHO}`,
        'If a name was changed, set the former one back and deploy. If objects were deleted, S3 has their versions for as long as `retention.stateVersionDays` says, 30 days unless set: the first command lists them and their delete markers. `aws s3api delete-object` with the `--version-id` of a delete marker brings its object back. Of days that have no version any more, `backfill` makes the entry from the files that the folder has.',
      ],
    },
    { section: 'drops' },
  ),
  SLUICE_FINDING_SOURCE_UNREADABLE: problem(
    "The last attempt of `ingest-plan` to list a dataset's folder failed, which needs `s3:ListBucket`.",
    {
      ownerSet: [
        'The configuration was given another `owner` after the last good listing, and AWS says that the bucket is not of that account. Nothing is read until they agree.',
        'Set `owner` of the source back to the account of the title, or to the one that the customer calls theirs, and deploy. Then the commands list the folders.',
      ],
      ownerWrong: [
        'No listing has ever found the bucket in the account that `owner` of the source names: the account or the name of the bucket is mistyped, or the bucket is not yet of the customer. Nothing was read from it.',
        "Ask the customer for both, correct `owner` or `bucket` of the source, and deploy. Then the commands list the folders. Never set `owner` to an account that the customer does not call theirs: its files would be loaded as the customer's.",
      ],
      owner: [
        `The bucket belongs to another account than \`owner\` of the source, and lets it in: ${MADE_AGAIN} Nothing was read from it. ${OF_STRANGER}`,
        "Ask the customer first. Set `bucket` to a bucket that the customer names, and deploy. Then the commands list the folders. Never set `owner` to an account that the customer does not call theirs: its files would be loaded as the customer's.",
      ],
      bucketGone: [
        'Its owner has deleted the bucket: it was there at the last good listing. Queries read what was loaded until then.',
        'Ask its owner. For another bucket, set `bucket` of the source and deploy. For one that is made again under this name, first set `owner` of the source to their account and deploy, as anybody can take the name of a deleted bucket. Then the commands list the folders.',
      ],
      noBucket: [
        'S3 knows no bucket of this name, and no listing has ever found it.',
        'Compare `bucket` of the source with the name that its owner gives, and deploy. Then the commands list the folders.',
      ],
      listDenied: [
        'S3 denies the listing, and allowed it until the last good one: its owner has changed the policy of the bucket. Files that are loaded stay.',
        "Have its owner add the statement of `bucketPolicy` with s3:ListBucket that the first command prints. If it is there already, the bucket is another's now: ask the customer which is theirs. Then the last command lists the folder again.",
      ],
      listUnknown: [
        'S3 denies the listing, and has not allowed it before: the policy of the bucket does not have it, or the bucket is not of `owner` of the source. S3 answers both alike.',
        'Have its owner add `bucketPolicy` that the first command prints, and name the account of the bucket: `owner` of the source has to be that. Then the last command lists the folder again.',
      ],
      other: [
        'The call failed with this error, whose code the title has.',
        'Then the last command lists the folder again.',
      ],
    },
    { section: 'drops', alarms: ['ingest-unreadable', 'ingest-stopped', 'ingest-late'] },
  ),
  SLUICE_FINDING_INGEST_LATE: problem(
    "A customer's files are not there when they are expected, or nobody has looked for them.",
    {
      noFile: [
        'The folder was listed then, and had no file of the day: whoever delivers it is late, or writes elsewhere.',
        'If files have come since, `ingest run` lists the folder and loads them now. If not, ask whoever delivers it: the next run loads files that come. If the day has none on purpose, run `accept empty`.',
      ],
      beside: [
        'The folder has no file of the day, and has names that are no days as `dayFormat` and `layout` of the dataset say.',
        'Ask whoever delivers it whether the day is below one of the names of the title: then have it moved to its day, or correct `folder` or `dayFormat` and deploy, and the next run loads it. While it may be there, do not accept the day as empty: the finding ends on the day that the detail names.',
      ],
      leftOut: [
        'Files of the day came: those that could be loaded have no row, and others were left out, as `SLUICE_FINDING_FILES_LEFT_OUT` says.',
        '`explain` has the reason of each file: have it delivered as the reason asks, and the next run loads it. Do not accept the day as empty: its rows may be in these files.',
      ],
      noRows: [
        `Files of the day came, and have no row. ${NONE_ON_PURPOSE}`,
        'Ask whoever delivers it: the next run loads files that come. If the day has no rows on purpose, run `accept empty`.',
      ],
      before: [
        'No file of the day came while runs looked for it, and none looks at it any more.',
        'If files have come since, `backfill` loads them; if none comes, `accept empty` says so.',
      ],
      beforeNoRows: [
        'Files of the day came while runs looked for it, and have no row; none looks at it any more.',
        'If files with rows have come since, `backfill` loads them; if the day has no rows on purpose, run `accept empty`.',
      ],
      unlisted: [
        'The dataset is new: its first run is still to come.',
        'Run the command, or wait for the schedule.',
      ],
      stale: [
        'The function `ingest-plan` fails: `SLUICE_FINDING_FUNCTION_FAILED` or `SLUICE_FINDING_DEAD_LETTERS` says with what.',
        'Do what that finding says. Then the command lists the folder.',
      ],
      passed: [
        'No run of `ingest-plan` has listed the folder in time, and none is known to have failed: the log says what its runs did.',
        'The first command shows the log: correct what it names. Then the second command lists the folder.',
      ],
      nowhere: [
        'The folder has nothing for any day that is looked for.',
        'Ask whoever delivers it whether the job still runs, and for the keys that it writes: compare `folder` and `dayFormat` of the dataset with them. `backfill`, if it is a command here, loads days before those that are looked for.',
      ],
      emptied: [
        'The folder has nothing any more, not even the files that were loaded. Their owner deleted them, or moved them to a folder of another name, which roles of the stack may not list. Queries read what was loaded.',
        'Ask the owner of the bucket where the files are. If the folder has another name, set `folder` of the dataset to that and deploy; then have the owner apply what the first command prints, as it names folders. If it was deleted by mistake, have it made again: the next run loads files that come.',
      ],
      elsewhere: [
        'The folder has files, and none for a day that is looked for: as `dayFormat` reads their keys they are of other days.',
        'Correct `folder` or `dayFormat` of the dataset by the names in the detail, and deploy; or have whoever delivers it use the configured one. Then the next run loads days of the lookback. `backfill`, if it is a command here, loads those before it.',
      ],
      otherNames: [
        'Whoever delivers it names days otherwise than `dayFormat` and `layout` of the dataset say.',
        'Have the configured names back, or set `dayFormat` or `layout` to the names in the detail and deploy. Then the command loads the days.',
      ],
    },
    { section: 'drops', alarms: ['ingest-stopped', 'ingest-late'] },
  ),
  SLUICE_FINDING_INGEST_WAITING: warning(
    "Days of a customer's dataset have files that are not loaded.",
    {
      explain: [
        "The log of the folder commits none of the files: most often the customer's job was stopped before its end.",
        'The command names the files. Ask whoever delivers them to run the job again: docs/ingest.md, "Days that wait". The next run loads what is committed.',
      ],
      backfill: [
        'The marker that `waitFor` names has not come, and no file is loaded without it. It has to be directly in the folder of its day: one below it, as in `hour=03/`, or above it completes no day.',
        'Ask whoever delivers them whether the job came to its end: the next run loads the day once the marker is there. If the files are whole without it, `backfill` loads them. If the job writes no marker any more, take `waitFor` out of the dataset and deploy: runs then load a day once its files have settled.',
      ],
      run: ['The files came after the last run.', 'The command loads them now, the next run later.'],
      afterRun: [
        'The files came after the daily run had looked for them. Nothing looks for files before the next daily run, whose time the detail has.',
        'The command loads the files now. If they come after that hour on other days, too, set `dailyIngest.hour` to an hour after they have come, or `schedule` of the dataset to `hourly`, and deploy.',
      ],
      eachDay: [
        'The files came after the daily run had looked for them. Nothing looks for files before the next daily run, so that each day is loaded most of a day later than it could be.',
        'Set `dailyIngest.hour` to an hour after they have come, or `schedule` of the dataset to `hourly`, and deploy. Until then the command loads what has come.',
        'It goes with the first daily run that finds its files in time.',
      ],
      lost: [
        `The queue of \`ingest-load\` is empty, and so is that of its dead letters: somebody deleted the messages. ${WHO} PurgeQueue.`,
        'The command loads the days now. Without it the first run after six hours asks for those of the lookback again.',
      ],
      load: [
        'No run has loaded these days, and none looks for them any more: their files came after that, or the ledger has lost what it had of them.',
        'The command loads the days with what their folders have now, so that rows of files that have gone leave.',
      ],
      unlisted: [
        'The folder could not be listed when runs looked for these days last, from and to the times that the detail has, and none looks for them any more.',
        'The command loads the days with what their folders have now.',
      ],
      ahead: [
        'No run looks at these days before they have come: most often whoever delivers them has a wrong year.',
        'Ask whoever delivers them to move the files to their own day: the next run loads days of the lookback. The command shows which days lack files.',
      ],
      newer: [
        `Somebody replaced files of days that no run looks at any more. Queries read the earlier files. ${UNSAID_WHO}`,
        'If the newer files are right, the command loads them: rows of files that have gone leave.',
      ],
    },
    { section: 'drops', alarms: ['ingest-late'] },
  ),
  SLUICE_FINDING_RECEIPTS_FAILED: warning(
    "A customer's bucket did not take the receipt of a day; the load itself is done.",
    {
      other: [
        'The receipt was not taken for the code of the title.',
        'Then `ingest backfill` loads the days again and writes their receipts.',
      ],
    },
    { section: 'drops' },
  ),
  SLUICE_FINDING_FILES_LEFT_OUT: warning(
    'Days of a dataset were loaded without objects that may have been meant to be loaded.',
    '`explain` names each object and the reason: docs/ingest.md, "What is left out". Have them delivered as Parquet files, or elsewhere.',
    { section: 'drops', alarms: ['ingest-left-out'] },
  ),
  SLUICE_FINDING_INGEST_FAILED: problem(
    "Days of a customer's dataset could not be loaded. Queries read the previous version, if there is one.",
    {
      files: [
        'The files of the day cannot be loaded.',
        'This is for whoever delivers the files: the first command has each of them. Once other files are there, the last command loads them, in the lookback also the next run.',
      ],
      other: [
        'The load failed with the code of the title.',
        'Then the last command loads the day at once. Without it runs try the day again after 12 hours, those before the lookback never.',
      ],
      replaced: [
        'The files that failed have been replaced.',
        'Nothing is to be done: the next run loads the files that have come. `ingest run` does it now.',
      ],
    },
    { section: 'drops', alarms: ['ingest-failed', 'ingest-load-failed'] },
  ),
  SLUICE_FINDING_EXPORT_KEPT: problem(
    "Files that were exported are gone from their table, neither by retention nor as the day has another version. Their copies stay in the customer's bucket.",
    {
      versions: [
        `Somebody deleted or replaced the files. ${UNSAID_WHO}`,
        'Run the commands: `restore` brings the files back, and `export run` ends the finding. A copy that came beside another file is exported half an hour after it came.',
      ],
      gone: [
        `Somebody deleted or replaced the files, and S3 has no version of them that is not back. ${UNSAID_WHO}`,
        'Run `export run`: it ends the finding of files that are back, half an hour after they came. Of others the copies are all that is left: write their rows again (docs/landing.md, "Write an object again"), or let the copies go, too: `export run` with `--drop` takes them away from the customer.',
      ],
    },
    { section: 'exports' },
  ),
  SLUICE_FINDING_INPUTS_MISSING: problem(
    "Days of a customer's dataset have no file with rows any more. Queries still read the last good version.",
    {
      gone: [
        'Whoever owns the folder deleted or replaced the files. Queries still read the last good version.',
        'Ask whoever delivers them: files that come are loaded. If the rows are to stay without files, run `accept`; if their owner deletes files once they are loaded, set `filesLeave: true` for the dataset. docs/ingest.md, "Days without inputs", says how to let rows go.',
      ],
      uncommitted: [
        'Files are there, and the log of the folder does not commit them any more. Queries still read the last good version.',
        'Ask whoever delivers them to run the job again: the next run loads what is committed. If the rows are to stay without it, run `accept`.',
      ],
    },
    { section: 'drops' },
  ),
  SLUICE_FINDING_FILES_LOST: problem(
    'Days of a dataset or a curated table lack files of the version that the ledger has: somebody deleted them. Queries miss their rows.',
    {
      again: [
        `Somebody deleted the files. ${UNSAID_WHO}`,
        'Run the commands: they make the days again from the files that have their rows.',
      ],
      versions: [
        `Somebody deleted the files, and no others have their rows. ${UNSAID_WHO}`,
        'Run the commands: they bring the files back while S3 has their versions (docs/platform.md, "Restore").',
      ],
      gone: [
        `Somebody deleted the files, and neither other files nor versions of S3 have their rows. ${UNSAID_WHO}`,
        'Have the days delivered again, or write the rows of a curated table again for as long as S3 has versions of what landed on these days (docs/landing.md, "Write an object again"). Then run the commands: they make the days again.',
      ],
    },
    { section: 'drops', alarms: ['ingest-failed', 'ingest-load-failed'] },
  ),
  SLUICE_FINDING_ROWS_UNUSUAL: warning(
    'A day of a dataset is not as the days before it.',
    {
      empty: [
        `The files of the day have no row, where rows are usual. ${NONE_ON_PURPOSE}`,
        'Ask whoever delivers it: the next run loads files that come. If the day has no rows on purpose, run `accept empty`.',
      ],
      leftOut: [
        'Files of the day came: those that could be loaded have no row, where rows are usual, and others were left out, as `SLUICE_FINDING_FILES_LEFT_OUT` says.',
        '`explain` has the reason of each file: have it delivered as the reason asks, and the next run loads it. Do not accept the day as empty: its rows may be in these files.',
      ],
      equalFiles: [
        'The folder of the day has the same file more than once, and the rows of each count.',
        'Have whoever delivers it delete the copies, which the detail names: the next run loads the day without them. If they are meant so, run `accept keep`.',
      ],
      rows: [
        'The day was loaded as it came, with far more or fewer rows than the days before it.',
        'Ask whoever delivers it whether the day is whole: the next run loads corrected files. If it is meant so, run `accept keep`.',
      ],
      values: [
        'The day was loaded as it came, and a field has values of another kind or form than on the days before, which `explain` shows.',
        'Ask whoever delivers it. If the values are wrong, the next run loads corrected files. If the column has another meaning now, correct the mapping, deploy and run `backfill`. If they are meant so, run `accept keep`.',
      ],
      mapping: [
        'The mapping reads another column for the field than on the days before, as the title says, and its values are of another kind or form: the configuration was changed.',
        'If the column before is right, set it back in the mapping and deploy: then `backfill` loads the days again. If the new one is meant, run `accept keep`.',
      ],
      hours: [
        'The day was loaded as it came, and lacks rows of hours in which each day before had many: those of its end if the job that delivers it now runs before the day is over, others if what it reads was down then.',
        'Ask whoever delivers it to run the job once the day is over, by the `timezone` of the dataset, and again for this day: the next run loads corrected files. If these hours have no rows on purpose, run `accept keep`.',
      ],
      shifted: [
        'All rows have come: they are as many as usual. Their times are earlier or later than usual by the hours of the title: most often they are local times in place of UTC, or the job that delivers them reads a day that begins at another hour.',
        'Ask whoever delivers it which of both it is: the next run loads corrected files. If times without an offset are in another time zone from now on, set `timezone` of the dataset, deploy and run `backfill`. If they are meant so, run `accept keep`.',
      ],
      newHours: [
        'The day was loaded as it came, and a part of its rows has times in hours in which none of the days before had a row: most often the times of one shop, country or app are local ones in place of UTC, or the other way round.',
        '`explain` names the day and its files. Ask whoever delivers it what has changed for these rows: the next run loads corrected files. If rows come in these hours on purpose, run `accept keep`.',
      ],
      stale: [
        'The day was loaded as it came, and its rows are those of the day that the title names, with other times: most often the job that delivers it reads a snapshot, a table or a folder that is not made anew any more.',
        'Ask whoever delivers it to have that made again, and then to run the job again for this day: the next run loads corrected files. If the values are meant so, run `accept keep`.',
      ],
      days: [
        'The day was loaded as it came, and more of its rows than usual have times of other days, which the detail names with their rows.',
        CORRECTED,
      ],
      toCome: [
        'The day was loaded as it came, and has rows with times that were still to come then: most often a wrong year, or a date of something else than the row.',
        CORRECTED,
      ],
      copies: [
        'Files of the day are those of another day, as the detail names them, so that their rows count on both.',
        CORRECTED,
      ],
      repeats: [
        'Rows of a file are equal to others of the same file in all that the mapping reads, and each counts.',
        CORRECTED,
      ],
      shared: [
        'Rows of the day are in two of its files, equal in all that the mapping reads, and count twice: most often the job that delivers it ran again and wrote a new file beside that of its first run, or a file holds all of an earlier one and more. The detail names the files.',
        'Ask whoever delivers it which file holds the whole day, and have the other deleted: the next run loads the day without it. If equal rows are meant so, run `accept keep`.',
      ],
      names: [
        'Rows have a name that no day before had, where those days have another spelling or another type of ID: queries take it for another thing.',
        'Ask whoever delivers it: the next run loads corrected files. If the name is meant so, run `accept keep`.',
      ],
      zeros: [
        'The day was loaded as it came, and all values of a metric are 0, where the days before have others.',
        'Ask whoever makes the metric: the next run loads corrected files. If it is meant so, run `accept keep`.',
      ],
      many: [
        'The day was loaded as it came, and a column has far more names than on the days before: most often each row has its own, such as an ID or a time, or the columns of the file are swapped. Nothing else is said of its names.',
        '`explain` names the day and its files. Ask whoever delivers it: the next run loads corrected files. If the names are meant so, run `accept keep`.',
      ],
      missing: [
        'The day was loaded as it came, and lacks a name, or has it in hardly a row, that each day before had so often that it is missing by no chance.',
        'Ask whoever sends it whether it has ended or is lost: the next run loads corrected files. If it is meant so, run `accept keep`.',
      ],
    },
    { section: 'drops' },
  ),
  SLUICE_FINDING_EXPORT_FAILED: problem(
    "Days of a table could not be exported to the customer's bucket, or older copies could not be deleted there.",
    {
      owner: [
        `The bucket belongs to another account than \`target.owner\`, and lets the export in: ${MADE_AGAIN} Nothing was sent to it. ${OF_STRANGER}`,
        'Ask the customer first. Set `target.bucket` to a bucket that the customer names, deploy, and export the days again, also those that were exported before. Never set `target.owner` to an account that the customer does not call theirs: it would get the data.',
      ],
      undeleted: [
        'Files of the days are copied, and older copies lie beside them: whoever reads the whole folder reads rows that have left, or rows twice.',
        'Then the last command exports these days.',
      ],
      header: ['S3 itself says nothing of a condition.', 'Then the last command exports these days.'],
      other: [
        'The export failed with this error, whose code the title has.',
        'Then the last command exports these days.',
      ],
    },
    { section: 'exports', alarms: ['export-failed'] },
  ),
} as const;
