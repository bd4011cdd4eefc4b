import { entriesOf } from './entry.ts';
import { failureCases, UNSAID_WHO, WHO, WHY_UNREAD } from './wording.ts';

const { problem, warning } = entriesOf('streams');

/** What becomes of requests that the stream does not take. */
const OBJECTS = 'Requests became objects of landing/direct/ instead. None is lost.';

/** What becomes of objects that are written and not deleted. */
const UNDELETED = 'No row is lost or doubled, but the rows stay there, also those of erased units.';

/** Findings about the stream, the landing and the hours that were received. */
export const streamsFindings = {
  SLUICE_FINDING_HOUR_SHORT: problem(
    'Events that the collector accepted in an hour are neither in their table nor in quarantine, and nothing of that hour waits.',
    {
      versions: [
        `Most often somebody deleted an object of landing/ before it was written: S3 keeps its version for \`retention.landingVersionDays\`. ${UNSAID_WHO} If the stream was deleted in that hour, they are what it held.`,
        'The first commands look at the rows of the day, the others list what landed in these hours: copy it back (docs/landing.md, "Write an object again"). The next night sees its rows. Without them it ends after four days.',
      ],
      none: [
        `Not one event of these hours is in a table, where an object that somebody deleted leaves those of others: the stream was changed to write elsewhere, or somebody deleted all that landed then. ${WHO} UpdateDestination. ${UNSAID_WHO}`,
        'Run the first command. If it names the stream, set it back, and copy what the stream wrote elsewhere into landing/: the writer makes rows of it. If it does not, the last commands list what landed in these hours: copy it back (docs/landing.md, "Write an object again"). The next night sees the rows.',
      ],
      elsewhere: [
        `Not one event of these hours is in a table: the stream was changed to write elsewhere, or somebody deleted all that landed then, of which S3 has no version any more. ${WHO} UpdateDestination. ${UNSAID_WHO}`,
        'Run the first command. If it names the stream, set it back, and copy what the stream wrote elsewhere into landing/: the writer makes rows of it, and the next night sees them. If it does not, nothing brings them back: the other commands look at the rows of the day, and this ends after four days.',
      ],
      dropped: [
        'Firehose dropped them: it could not deliver them for 24 hours, as its metrics `IncomingRecords` and `DeliveryToS3.Records` show. They never came to the bucket.',
        'Nothing brings them back. If `SLUICE_FINDING_STREAM_LATE` is told, do what it says, so that no more hours are dropped. The command looks at the rows of the day, and keeps what they prove: what is missing then is lost, and this ends after four days.',
      ],
      notGiven: [
        `The stream of today was given no record in these hours. Either somebody deleted the stream that it replaces, with the records that it held: ${WHO} DeleteDeliveryStream. Or all events went past the stream, and somebody deleted an object of landing/direct/ before it was written.`,
        'What a deleted stream held is lost: the first commands look at the rows of the day, and this ends after four days. If no stream was deleted, the other commands list what landed in these hours: copy it back (docs/landing.md, "Write an object again"). The next night sees its rows.',
      ],
      gone: [
        `S3 has no version of what landed in these hours any more. If the stream was deleted since, they may be what it held: ${WHO} DeleteDeliveryStream.`,
        'The command looks at the rows of the day, and keeps what they prove. What it still misses is lost: this ends after four days.',
      ],
    },
    { section: 'short', alarms: ['hours-short'] },
  ),
  SLUICE_FINDING_HOURS_UNPROVED: warning(
    'On several days more than five events and a hundredth of an hour could be missing unseen.',
    'The commands look at the rows of each day, and the table keeps what they prove. What comes again each day has a cause: `not_delivered` of their rows counts calls of Firehose without an answer, so look at its errors and quotas.',
    { section: 'short' },
  ),
  SLUICE_FINDING_NIGHT_MISSING: problem(
    'The nightly judgement of received hours, at 01:10 UTC, did not come to its end, or could not look at rows: nobody compares what was accepted with what is in tables.',
    {
      ...failureCases('Nobody compares what was accepted with what is in tables.', ''),
      unknown: [
        'The function `reconcile` failed, and its log does not say with what.',
        'Correct what `doctor --drift` names, or the log of `reconcile` in CloudWatch.',
      ],
      silent: [
        `No run of the function \`reconcile\` has failed, so that none began in time. \`doctor --drift\` tells why: it names the schedule or the function where somebody changed them, and names neither where EventBridge itself is late. ${WHO} UpdateSchedule, DeleteSchedule.`,
        'Correct what `doctor --drift` names. Where it names neither, wait for EventBridge: https://health.aws.amazon.com/health/status has its state in this region.',
      ],
    },
    {
      section: 'short',
      alarms: ['night-missing', 'reconcile-errors'],
      ending:
        'The commands with `reconcile` judge days now, and keep what they prove of days that a night has judged. The next night makes up for up to fourteen days, and ends this.',
    },
  ),
  SLUICE_FINDING_LANDING_LATE: problem(
    'Objects have waited in landing/ for more than 20 minutes to become files of tables. Nothing is lost.',
    {
      ...failureCases('Nothing is lost.', 'Then the last command has the objects tried, 10,000 at a time.'),
      unknown: [
        'The log of `write` does not say why it fails. Nothing is lost.',
        'Look at the log of `write` in CloudWatch, and correct what it failed with. Then the command has the objects tried, 10,000 at a time.',
      ],
      unasked: [
        // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
        `No run of \`write\` has failed: nothing asked it to write these objects. The first command finds what is wrong with the bucket, the rule or the queue. If all is well, either EventBridge is late: its metric IngestionToInvocationStartLatency says by how much, objects come by themselves, and it tries each for 24 hours. Or their messages were lost on the way: somebody purged the queue, or EventBridge did not deliver them, which its metric FailedInvocations counts. Nothing is lost. ${WHO} PurgeQueue.`,
        'Correct what the first command finds. The second has all objects tried at once; without it `write` tries each that has waited for three hours.',
      ],
      unannounced: [
        'No run of `write` has failed: the bucket tells EventBridge of no new object, as `SLUICE_FINDING_BUCKET_UNFIT` says, so that nothing asked it to write these. Nothing is lost.',
        'Do what `SLUICE_FINDING_BUCKET_UNFIT` says. Then the command has all objects tried.',
      ],
      queue: [
        'The queue of `write` is other than this release makes it, as `SLUICE_FINDING_DRIFT` says, and no run fails now: the messages of these objects cannot be read, come late, or are gone. Nothing is lost.',
        'Do what `SLUICE_FINDING_DRIFT` says. Then the command has all objects tried, 10,000 at a time.',
      ],
      gone: [
        `The messages of these objects are gone: the queue of \`write\` has none, no dead letter is theirs, and runs have succeeded since the last failure. They waited for longer than the queue keeps them, or somebody purged it. Nothing is lost. ${WHO} PurgeQueue, SetQueueAttributes.`,
        'The command has all objects tried, 10,000 at a time.',
      ],
      backlog: [
        'No run of `write` has failed: more objects came than it writes at once. Nothing is lost.',
        'Wait until the time of the title. While their number does not fall, give `write` more `memorySize` in serverless.yml, and so more processor, and deploy. Objects that still wait once the queue is empty have lost their messages: the command has all tried.',
      ],
    },
    { section: 'landing', alarms: ['write-queue', 'write-errors'] },
  ),
  SLUICE_FINDING_DAMAGED: problem(
    'Bytes of the landing are no rows that the writer reads. They may be accepted events. All other rows are in tables; these bytes expire after 90 days.',
    {
      noRows: [
        'The bytes can all be read, and no line of them begins as a row of any release: something that is no part of Sluice wrote them.',
        'The first command shows what one object holds, and the second deletes it.',
      ],
      rows: [
        'Bytes of the landing are no rows that the writer reads. They may be accepted events. All other rows are in tables; these bytes expire after 90 days.',
        'The first command shows what one object holds. If these are no rows of yours, or its whole version is copied back (docs/landing.md), the second deletes it. If they are rows, upgrade Sluice and run the third alone: the writer reads all again.',
      ],
    },
    { section: 'damaged', alarms: ['write-refused'] },
  ),
  SLUICE_FINDING_UNDELETED: problem(
    'The bucket does not delete objects of the landing whose rows are in tables. No row is lost or doubled, but the rows stay there, also those of erased units.',
    {
      denied: [
        `A policy denies the role of \`write\` their deletion. ${UNDELETED}`,
        "Allow `s3:DeleteObject` below `landing/` and `ledger/_landing/` to the role of `write`, in the bucket's policy and in those of the organization. The command names the policy. An hourly look then deletes 1,000 an hour.",
      ],
      passes: [
        `S3 failed itself, or was asked too often. ${UNDELETED}`,
        'Wait: an hourly look deletes them. If they stay for some hours, look at https://health.aws.amazon.com/health/status.',
      ],
      error: [
        `Their deletion failed with the error of the title. ${UNDELETED}`,
        'Correct what it names; a timeout passes. The command shows the log. An hourly look then deletes them.',
      ],
    },
    { section: 'undeleted', alarms: ['write-undeleted'] },
  ),
  SLUICE_FINDING_STREAM_LATE: problem(
    'A stream delivers late. Firehose drops records 24 hours after it has accepted them.',
    {
      failed: [
        "The stream's delivery fails with the error of the detail.",
        'Correct the role, the bucket or the key that it names, in time. `npx sluice doctor` names a policy that denies. The command shows the log.',
      ],
      denied: [
        'A policy denies the role of the stream what the detail names.',
        'Set back what was changed of the role, the bucket or its key, in time. `npx sluice doctor --drift` names it. The command shows the log.',
      ],
      elsewhere: [
        `The stream writes elsewhere than below \`landing/\`, as the object of the detail shows: somebody changed its prefix. Its role may write to \`landing/\` alone, which is right. ${WHO} UpdateDestination.`,
        'Set the prefix back to `landing/`, in time: `npx sluice doctor --drift` names the stream, and has the commands. Allow the role nothing more: nobody reads what is written elsewhere. The command shows the log.',
      ],
      missing: [
        'Something that the stream delivers with does not exist, as the detail says: the bucket, the role or the key.',
        'Have it made again in time. `npx sluice doctor --drift` names what is gone. The command shows the log.',
      ],
      busy: [
        'A service of AWS answers the delivery that it is asked too often, as the detail says.',
        'Wait: Firehose tries again by itself. If it stays for an hour, ask AWS for a higher quota in time. The command shows the log.',
      ],
      awsFailed: [
        'A service of AWS fails itself, as the detail says.',
        'Wait: Firehose tries again by itself. If it stays for an hour, look at https://health.aws.amazon.com/health/status. The command shows the log.',
      ],
      unread: [WHY_UNREAD[0], WHY_UNREAD[1]],
      unknown: [
        "The stream's log has no error.",
        'The command shows the log; `npx sluice doctor` names a role, a bucket or a key that was changed. Correct it in time.',
      ],
      local: [
        'The stream of the local cloud has not delivered: the error that its delivery failed with last stands in the detail, and says which policy, role, bucket or key it is.',
        'Correct what that error names, and remove faults. If `SLUICE_FINDING_ROLE_DENIED` or `SLUICE_FINDING_KEY_UNUSABLE` is there, do first what it says. Then the command delivers what waits.',
      ],
    },
    {
      section: 'late',
      alarms: ['stream-late', 'stream-blocked', 'stream-stuck'],
      ending: 'Firehose drops records 24 hours after it has accepted them.',
    },
  ),
  SLUICE_FINDING_QUOTA_NEAR: warning(
    'A stream is near its quota, or above it. Requests that it does not accept become objects of landing/.',
    {
      near: [
        'The stream is near its quota.',
        'Ask AWS for a higher quota in time, which Firehose also raises by itself: docs/limits.md, "Requests a second".',
      ],
      throttled: [
        'The stream is above its quota. Requests that it does not accept become objects of landing/, so none is lost.',
        'Ask AWS for a higher quota, which Firehose also raises by itself: docs/limits.md, "Requests a second".',
      ],
    },
    { section: 'overflow' },
  ),
  SLUICE_FINDING_OVERFLOW: warning(
    'Within 24 hours far more events than usual did not get into the stream: they became objects of landing/direct/. None is lost.',
    {
      over: [
        `The stream takes requests again. ${OBJECTS}`,
        'Nothing is to be done. The command shows requests with `not_streamed` until Ctrl-C.',
      ],
      denied: [
        `A policy denies the collector, or the stream its key, as the title says. ${OBJECTS} ${WHO} PutRolePolicy, DeleteRolePolicy.`,
        'Run the first command: it names what was changed, and has the commands that set it back.',
      ],
      missing: [
        `The stream does not exist: somebody deleted it. Requests become objects of landing/direct/ instead. What the stream held is lost, most often the events of its last minute. ${WHO} DeleteDeliveryStream.`,
        'Run the first command: it has the commands that make the stream again. The next night counts what is lost.',
      ],
      busy: [
        `Firehose takes no more requests of the stream: its quota is used up. ${OBJECTS}`,
        'Ask AWS for a higher quota, which Firehose also raises by itself: docs/limits.md, "Requests a second".',
      ],
      error: [
        `Calls of the stream end with the error of the title, most often as Firehose does not answer in time. ${OBJECTS}`,
        'Wait: collectors try the stream again by themselves. If it stays for an hour, look at https://health.aws.amazon.com/health/status.',
      ],
      unsaid: [
        `No line of the collector's log says why. ${OBJECTS}`,
        'Wait: collectors try the stream again by themselves. The command shows later requests with `not_streamed`, which is the error, until Ctrl-C.',
      ],
      unread: [`${WHY_UNREAD[0]} ${OBJECTS}`, WHY_UNREAD[1]],
    },
    { section: 'overflow', alarms: ['overflow'], ofDay: 'counted' },
  ),
} as const;
