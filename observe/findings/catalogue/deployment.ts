import { entriesOf } from './entry.ts';
import {
  BLIND,
  catalogKey,
  DENIALS,
  DEPLOY_NOW,
  EXPIRED_CREDENTIALS,
  failureCases,
  QUOTA_USED,
  RAISE_QUOTA,
  REFUSED_CREDENTIALS,
  WHO,
} from './wording.ts';

const { problem, warning } = entriesOf('deployment');

/** Findings about what belongs to the whole deployment. */
export const deploymentFindings = {
  SLUICE_FINDING_STACK_DIFFERS: problem(
    'The configuration that was read is not the one that is deployed. Nothing is compared with it, and no command is made of it.',
    {
      stack: [
        `The stack was deployed with other settings than the file has that was read here. ${WHO} ExecuteChangeSet, UpdateStack.`,
        'If the settings of the file are meant, deploy it: `npx serverless deploy` with the same stage and region. If those of the stack are meant, take back the change of the file, or name the file that was deployed: SLUICE_CONFIG. Rows stay in the tables that they are in. The command shows all settings of the stack.',
      ],
      local: [
        'The local cloud was started with other settings than the file has that was read here.',
        'If the settings of the file are meant, stop the local cloud and start it again with that file. If those of the local cloud are meant, take back the change of the file, or name the file that it was started with: SLUICE_CONFIG. The command shows all settings of the local cloud.',
      ],
    },
    { section: 'changed' },
  ),
  SLUICE_FINDING_STACK_UNFINISHED: problem(
    'The last deployment has not come to its end.',
    {
      failed: [
        'CloudFormation failed, and updates the stack only after a command.',
        'The first command lists what failed, newest first: correct the first failure of the last deployment, which begins at the last line `CREATE_IN_PROGRESS` or `UPDATE_IN_PROGRESS` of the stack. Then run the second, and deploy again.',
      ],
      rollbackFailed: [
        'CloudFormation could neither update the stack nor go back, and takes no deployment until it has gone back. Functions go on with the code that they have.',
        'The first command lists what failed, newest first. Failures since the last line `UPDATE_ROLLBACK_IN_PROGRESS` of the stack stopped the way back: mostly somebody had deleted the resource, or denied the call. Bring it back, or allow it, and run the second command. If you cannot bring it back, add `--resources-to-skip` and its logical ID to the command, and run `npx sluice doctor --drift` afterwards. The first failure since the last line `UPDATE_IN_PROGRESS` stopped the update: correct it before you deploy again.',
      ],
      undeleted: [
        'CloudFormation could not delete all resources of the stack.',
        'The first command lists what failed, newest first. Failures since the last line `ROLLBACK_IN_PROGRESS` or `DELETE_IN_PROGRESS` of the stack stopped the deletion: correct them, and run the second command. If a deployment was to make the stack, the first failure since its line `CREATE_IN_PROGRESS` stopped that: correct it, too, and deploy again.',
      ],
      rolledBack: [
        'CloudFormation failed, and has gone back to the deployment before. That one works.',
        'The command lists what failed, newest first: correct the first failure since the last line `UPDATE_IN_PROGRESS` of the stack, and deploy again.',
      ],
      review: [
        'A change set made the stack, and nobody has executed it: the stack has no resources.',
        'See that nobody deploys it now. Then run the second command, which deletes the empty stack, and deploy.',
      ],
      importFailed: [
        `Somebody imported resources into the stack, and CloudFormation could neither import them nor go back. ${WHO} ExecuteChangeSet.`,
        'The command lists what failed. Have whoever began the import end it, with the support of AWS where CloudFormation has no call for it. Then deploy.',
      ],
      running: [
        'CloudFormation works on it.',
        'Wait until it has come to its end. The command lists what it has done.',
      ],
    },
    { section: 'unfinished' },
  ),
  SLUICE_FINDING_RESOURCE_MISSING: problem(
    'A resource that the stack has or uses does not exist.',
    {
      table: [
        `Somebody deleted it from the catalog after the last deployment. Its files are still in the bucket. ${WHO} DeleteTable.`,
        `${BLIND} Run each command that is here: the table is made again. Then ask \`npx sluice status\` again: a curated or customer's table has no partition yet, and its finding has the command.`,
      ],
      view: [
        `Somebody deleted it from the catalog after the last deployment. What it reads is still there. ${WHO} DeleteTable.`,
        `${BLIND} Run the command, which makes the view again.`,
      ],
      database: [
        `Somebody deleted it from the catalog, with its tables, after the last deployment. Their files are still in the bucket. ${WHO} DeleteDatabase.`,
        `${BLIND} Run the command, which makes the database again. Then \`npx sluice doctor\` has the commands that make its tables again.`,
      ],
      stagingDatabase: [
        `Somebody deleted it from the catalog after the last deployment: Statsig makes its own tables there, and cannot. No table of Sluice is in it. ${WHO} DeleteDatabase.`,
        `${BLIND} Run the command, which makes the database again. Statsig makes its tables.`,
      ],
      stack: [
        `Somebody deleted it outside of CloudFormation after the last deployment. ${WHO} its name.`,
        `${BLIND} Run the commands in their order: the third shows what the fourth makes.`,
      ],
      role: [
        `Somebody deleted it outside of CloudFormation after the last deployment. ${WHO} DeleteRole.`,
        `${BLIND} Run the commands in their order: the third shows what the fourth makes. The last one prints what the form of the reader takes: without \`iamName\` the role has another ARN than before.`,
      ],
      user: [
        `Somebody deleted it outside of CloudFormation after the last deployment, and with it its access keys. ${WHO} DeleteUser.`,
        `${BLIND} Run the commands in their order: the third shows what the fourth makes. The last one prints what the form of the reader takes: its access keys are others than before.`,
      ],
      secret: [
        `Somebody deleted it, and Secrets Manager keeps it for some days. The reader that has lost its keys cannot get them again. ${WHO} DeleteSecret.`,
        'Run the command: it takes the deletion back.',
      ],
      new: [
        'The configuration has it, and the deployed stack does not: nobody has deployed it yet.',
        DEPLOY_NOW,
      ],
      local: [
        'Somebody deleted it from the local cloud, which does not say who.',
        'Start the local cloud again: it makes what its template has.',
      ],
      own: [
        'The configuration names it, and the stack does not make it.',
        'Make it (docs/deploy.md, "Bringing your own"), or correct its name in the configuration and deploy.',
      ],
      drift: [
        'AWS says that it does not exist.',
        '`npx sluice doctor --drift` says whether the stack had it, and has the commands that make it again.',
      ],
    },
    { section: 'changed' },
  ),
  SLUICE_FINDING_UNREADABLE: problem(
    'A part of the deployment could not be read, so it may have problems that are not listed.',
    {
      credentials: REFUSED_CREDENTIALS,
      expired: EXPIRED_CREDENTIALS,
      throttled: [
        'AWS answered that the account asks too often. Others in the account count, too: a dashboard, a crawler, another tool. Since when is not recorded. Functions try again by themselves: what they cannot do is a finding of its own.',
        'Ask again in some minutes. If it stays, see in Service Quotas which calls of that service the account makes, stop what makes most of them, or ask AWS for a higher quota. Nothing of Sluice is to be changed.',
      ],
      quota: [QUOTA_USED, `${RAISE_QUOTA}: the detail has the call.`],
      denied: [
        'No policy allows these credentials the actions that the detail names, or one denies them. Since when is not recorded. Only this look is affected: functions have roles of their own.',
        'Have whoever administers the account allow each action that the detail names to these credentials.',
      ],
      missing: [
        'AWS answered that what is asked for does not exist.',
        '`npx sluice doctor --drift` names what is gone, and has the commands that make it again.',
      ],
      timedOut: [
        'AWS did not answer in time. Since when is not recorded. Only this look is affected.',
        'Ask again. If it stays, look at the status of that service in this region: https://health.aws.amazon.com/health/status.',
      ],
      query: [
        'Athena could not finish the query: the detail has its own words.',
        '`npx sluice doctor` compares the table or view that the detail names with its definition, and has what corrects it. If the words name a file, `restore` brings its earlier version back, and `aws s3api delete-object` with `--version-id` deletes one that Sluice did not write. Then ask again.',
      ],
      catalogKey: catalogKey('these credentials'),
      other: [
        'The detail has the answer of AWS, or what is damaged.',
        '`npx sluice doctor` looks at each part by itself. Correct what it finds, and ask again.',
      ],
    },
  ),
  SLUICE_FINDING_KEY_UNUSABLE: problem(
    "A key cannot be used: with the bucket's, data can be neither written nor read.",
    {
      off: [
        `Somebody disabled it. Until it is enabled nothing is written or read, and Firehose drops what has waited for 24 hours. ${WHO} DisableKey, ScheduleKeyDeletion.`,
        'Enable the key with the commands of `aws kms`, in their order.',
      ],
      unfit: [
        // https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html
        "S3 takes symmetric keys alone. It takes multi-Region keys, but Statsig's guide asks for a key of yours of a single Region.",
        'Set `existing.keyArn` to such a key, or take it out, and deploy a stage with a bucket of its own: docs/platform.md, "Encryption".',
      ],
      state: [
        'KMS says that it is in a state that no call of ours ends.',
        'Whoever owns the key brings it back: https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html.',
      ],
      gone: [
        'KMS has no such key: its deletion is complete. Nothing is written, and what it has encrypted nobody can read.',
        'Deploy a stage with a bucket of its own, and have apps send there: docs/platform.md, "Encryption". No call brings the key back.',
      ],
      logsOff: [
        `Somebody disabled it. CloudWatch Logs takes no disabled key: a deployment stops at the first log group. ${WHO} DisableKey, ScheduleKeyDeletion.`,
        'Run the commands in their order.',
      ],
      logsUnfit: [
        'CloudWatch Logs takes a symmetric key of yours alone: a deployment stops at the first log group.',
        'Set `logs.kmsKeyArn` to such a key, or take it out: docs/platform.md, "A key for logs".',
      ],
    },
    { section: 'late' },
  ),
  SLUICE_FINDING_DRIFT: problem(
    'Somebody changed a resource.',
    {
      workgroup: [
        `Somebody changed it by hand, as this release has deployed it. ${WHO} UpdateWorkGroup.`,
        `${BLIND} Run the command: it sets these values back.`,
      ],
      queue: [
        `Somebody changed it by hand, as this release has deployed it. After a shorter retention messages are gone before a run takes them; with another time or number of tries work is done twice, late or not at all. ${WHO} SetQueueAttributes.`,
        `${BLIND} Run the command: it sets these values back. Messages that are gone do not come back: the findings on what waits have the commands that ask for that work again.`,
      ],
      key: [
        `Somebody encrypted it with another key. Whoever sends to the queue, or the role of its function, may not be allowed to use that key: then no message comes, or Lambda can read none. ${WHO} SetQueueAttributes.`,
        `${BLIND} Run the command: it sets these values back. Messages that came meanwhile stay encrypted with that key: the findings on what waits have the commands that ask for that work again. If Lambda takes no message after it, allow the role of the function \`kms:Decrypt\` with that key until they are gone.`,
      ],
      local: [
        'Somebody changed it in the local cloud, which does not say who.',
        'Start the local cloud again: it makes what its template has.',
      ],
      release: [
        'Another release of Sluice has deployed the stack, and its values may be those of that release.',
        `${DEPLOY_NOW} If it is still here after it, somebody changed it by hand: this finding then has the cure of that.`,
      ],
      stack: [
        `It is not as its template: somebody changed it outside of CloudFormation. ${WHO} its name.`,
        `${BLIND} Run the commands in their order: the third shows what the fourth changes.`,
      ],
    },
    { section: 'changed' },
  ),
  SLUICE_FINDING_ROLE_DENIED: problem(
    'A policy denies roles of the stack what they do.',
    {
      ...DENIALS,
      bucket: [
        `A statement of the bucket's policy denies it. ${WHO} PutBucketPolicy.`,
        'Run the command: it excepts the roles of the stack from that statement (`ArnNotEquals` of `aws:PrincipalArn`), keeps what others have in the policy, and has the statements of Sluice in it.',
      ],
      new: [
        "A statement of the bucket's policy will deny it to the roles that the deployment makes.",
        'The command prints the policy. Have its owner except the roles of the stack from that statement (`ArnNotLike` of `aws:PrincipalArn`, by the names that the detail has, with `*` as their last part), and deploy then.',
      ],
      condition: [
        `A statement of the bucket's policy denies it under a condition that is not known here. ${WHO} PutBucketPolicy.`,
        'The command prints the policy. If calls of Lambda and Firehose meet the condition, except every role that the detail names (`ArnNotEquals` of `aws:PrincipalArn`); if they do not, nothing is to be done.',
      ],
      key: [
        `A statement of the key's policy denies it. ${WHO} PutKeyPolicy.`,
        'Run the command: it excepts the roles that were denied calls from the statements that denied them (`ArnNotEquals` of `aws:PrincipalArn`), and leaves the rest of the policy as it is. If a statement is not meant at all, take it out of the policy that the command puts.',
      ],
      keyUnread: [
        `A statement of the key's policy denied it. These credentials may not read that policy, so nobody can say here whether it denies it still. ${WHO} PutKeyPolicy.`,
        'Have whoever administers the key run the command, which prints its policy, and except the role of the detail from the statements that deny it (`ArnNotEquals` of `aws:PrincipalArn`).',
      ],
      missing: [
        `No policy allows it, neither of the role nor of what the detail names: somebody changed one. ${WHO} PutRolePolicy, DeleteRolePolicy, PutKeyPolicy.`,
        'Run the command: it names what was changed of the stack, and has the commands that set it back. What is not of the stack, as a key that the configuration names, its owner has to allow to the role.',
      ],
    },
    { section: 'changed' },
  ),
  SLUICE_FINDING_ARCHIVING: problem(
    'A lifecycle rule of the bucket archives objects that Sluice or queries read: Athena then skips them, and functions fail with them.',
    'Take the folders out of the rule, or turn it off, where somebody made it; the command shows all rules. To save, use another storage class: docs/platform.md, "Archived objects". The next hourly look ends it.',
    { section: 'partitions' },
  ),
  SLUICE_FINDING_QUOTA_REACHED: problem(
    'AWS refuses calls of functions, as the account has as much as one of its quotas allows. Tries do not end it.',
    {
      glue: [
        'The Data Catalog of the account has as many partitions, of a table or of all, as its quota allows, so that no new day gets one.',
        'The first command lists the quotas of Glue: ask AWS for more partitions in Service Quotas, or drop partitions that nobody reads, of any table of the account.',
      ],
      other: [QUOTA_USED, `${RAISE_QUOTA}: the detail has the call.`],
    },
    { section: 'functions' },
  ),
  SLUICE_FINDING_DEAD_LETTERS: problem(
    'A dead-letter queue holds messages that could not be processed.',
    {
      ...failureCases(
        'The messages were tried several times, and are not tried again.',
        'Then the last command moves the messages back.',
      ),
      over: [
        'The function failed with them on their last try, as the detail says. None of its later runs within 24 hours has failed.',
        'Run the command: it moves the messages back.',
      ],
      strange: [
        'Sluice did not send the oldest message, so each try of it ends like this. With what others failed is not known.',
        'The first command shows messages: the sender of this one has `sqs:SendMessage` on the queue. The second deletes one, by the `ReceiptHandle` that the first shows: do that with each that Sluice did not send, whose `MessageId` the log of the function has as `messageId` with the code. A minute later, once those that were shown are visible again, the third command, if there is one, moves the others back.',
      ],
      unknown: [
        'The log does not tell with what they failed: of the time of their last try it has no error, or several kinds.',
        'The first command shows the log of that time. Once the cause is corrected, the second moves the messages back.',
      ],
    },
    { section: 'deadLetters', ending: 'Look again in a minute: SQS counts a little late.' },
  ),
  SLUICE_FINDING_FUNCTION_FAILED: warning(
    'Lambda counted errors of a function within 24 hours: runs were killed, took too long, or threw, or were throttled. SQS and Lambda try the work again.',
    {
      over: [
        'A run failed, and later ones did its work.',
        'Nothing is to be done. The command shows the log.',
      ],
      ...failureCases('', 'Then the next try does the work. The last command shows the log.'),
      unknown: [
        'Its log has no line that says why.',
        'The command shows the log around the times of the detail. Then the next try does the work.',
      ],
    },
    { section: 'functions', ofDay: 'counted' },
  ),
  SLUICE_FINDING_NOT_RUN: problem(
    'A function does not run, although its queue or its schedule asks for it. No run has failed, so its log says nothing.',
    {
      queue: [
        `Lambda does not take the messages: somebody disabled or deleted the function's event source mapping, or its role may no longer read the queue. ${WHO} UpdateEventSourceMapping, DeleteEventSourceMapping, PutRolePolicy.`,
        'Run the command: it names which of them it is, and has the commands that set it back. Lambda then takes the messages within a minute.',
      ],
      encrypted: [
        'The queue is encrypted with another key, as `SLUICE_FINDING_DRIFT` says: whoever sends to it, or the role of the function, may not use that key, so that no message comes, or Lambda can read none.',
        'Do what `SLUICE_FINDING_DRIFT` says. Messages that came meanwhile stay encrypted with that key: the next run of a schedule does their work.',
      ],
      local: [
        'Somebody took its trigger or its schedule out of the local cloud, which does not say who.',
        'Start the local cloud again: it makes what its template has. What waits is then done.',
      ],
      schedule: [
        `No schedule sends a message. The command tells why: it names the schedule, its role or the queue where somebody changed them, and names none of them where EventBridge itself is late. ${WHO} UpdateSchedule, DeleteSchedule, PutRolePolicy.`,
        'Run the command, and the commands that it prints of what it names. Where it names none of them, wait for EventBridge: https://health.aws.amazon.com/health/status has its state in this region. The next run then does the work of those that are missing.',
      ],
    },
    { section: 'functions' },
  ),
  SLUICE_FINDING_ALARM: problem('An alarm is on, and no other finding tells why.', {
    alone: [
      'What it watches went past its threshold, as the detail says. No other finding tells why: it may be over, and the alarm is not yet.',
      'The command shows its metric, its threshold and the values. Go through the section of docs/operate.md that is named here. It ends by itself once the metric is back: most alarms look at an hour or less.',
    ],
    over: [
      'What it rang for is not there any more, as the detail says. CloudWatch keeps the state of an alarm until the next value of its metric.',
      'Nothing is to be done. If it is on after the time that the detail has, the command shows its values, and the section of docs/operate.md that is named here goes through it.',
    ],
  }),
  SLUICE_FINDING_NO_TOPIC: warning('Alarms notify nobody.', {
    none: [
      'The configuration has no topic for them.',
      'Set `alarms.topicArn` to the ARN of an SNS topic, and deploy: docs/metrics.md.',
    ],
    off: [
      `The configuration has a topic, and somebody turned the actions of these alarms off. ${WHO} DisableAlarmActions, PutMetricAlarm.`,
      'Run the command: it turns them on. If the finding stays, these alarms have no topic: deploy if the topic is new; `npx sluice doctor --drift` has the commands that bring one back that somebody took out.',
    ],
  }),
  SLUICE_FINDING_BUCKET_UNFIT: problem('The bucket is not as the stack needs it.', {
    setting: [
      `Somebody changed it after the deployment of the stack. ${WHO} calls with Put, Bucket and the name of the setting.`,
      'Run the command: it keeps all other parts of the setting.',
    ],
    brought: [
      `The bucket was brought (\`existing.bucket\`), and the stack makes no setting of it: whoever owns it has not made this one, or has changed it. ${WHO} calls with Put, Bucket and the name of the setting.`,
      'Have its owner run the command: it keeps all other parts of the setting.',
    ],
    shared: [
      `Somebody let another account into the bucket, which the title names with what it may do there. ${WHO} PutBucketPolicy.`,
      'Run the command: it takes these statements out, and keeps every other one. For somebody who is to read, make a reader (docs/readers.md): it has a role of its own in this account.',
    ],
    early: [
      `Rules of the bucket's lifecycle delete what the configuration keeps: somebody made or changed them. ${WHO} calls PutBucketLifecycleConfiguration.`,
      'Run the command soon, as S3 deletes each night: it takes that out of these rules, and keeps all other things that they do. Whoever made one may make it again for other folders. What S3 deleted comes back while it has versions: docs/platform.md, "Restore".',
    ],
    foreign: [
      'Lifecycle rules of the stack would delete objects of others.',
      'Move these objects to another bucket, and run the doctor again: it then has the command that sets the rules.',
    ],
    account: [
      'The bucket is of another account, or these credentials lack `s3:GetBucketLocation`: S3 answers both alike.',
      'The command prints the name if the bucket is of this account: allow `s3:GetBucketLocation` then. If it prints nothing, choose another name for `bucket`.',
    ],
  }),
  SLUICE_FINDING_FAULTS: warning(
    'Faults are set in the local cloud: it fails on purpose.',
    'Remove them with the command.',
  ),
} as const;
