import type { Question } from './Question.ts';

/** What Firehose, S3, Glue and Athena make of what was taken. */
export const landingQuestions = {
  SLUICE_PROBE_DELIVERED: {
    asks: 'Whether anything lands: Firehose may assume its roles, write, read the table and use the key; the partition gets registered; Athena reads it',
    reliesOn:
      "at least one row of this run, though the roles' trust has no condition but `sts:ExternalId`, the account's ID",
    witness:
      '[Firehose](https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#firehose-assume-role) documents that condition and no other',
    certainty: 'documented',
    cure: '`npx sluice doctor` says what is missing; Firehose says it in `/aws/kinesisfirehose/sluice-<stage>-events`.',
    asked: 'always',
  },
  SLUICE_PROBE_DELIVERY_TIME: {
    asks: 'How long it takes from the answer to the row',
    reliesOn: '1.5 times `buffering.seconds` at most, and a minute for the partition and the query',
    witness:
      '[Dynamic partitioning](https://github.com/awsdocs/amazon-kinesis-data-firehose-developer-guide/blob/master/doc_source/dynamic-partitioning.md): up to 1.5 times the buffer interval',
    certainty: 'documented',
    cure: 'Nothing is lost by it. The alarms `…-late` compare with the same bound: give them more room.',
    asked: 'always',
  },
  SLUICE_PROBE_PACKED_RECORDS: {
    asks: 'Whether Firehose takes packed records apart: 600 events of one request, 500 in the first record',
    reliesOn:
      '600 rows with 600 different `event_id`s: `RecordDeAggregation` splits JSON documents that follow one another, and each is converted by itself',
    witness:
      '[Multi-record deaggregation](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-multirecord-deaggergation.html): 500 a record, `{"a":1}{"a":2}` is right; an emulator whose authors probed conversion without it refuses such records ([floci #3235](https://github.com/floci-io/floci/issues/3235))',
    certainty: 'likely',
    cure: '**Rows are lost in conversion**: they lie under `errors/` and come into `quarantine`. Set `MAX_DOCUMENTS_PER_RECORD` of lib/schema/deliveryLimits.ts to 1, deploy, then `npx sluice redrive --reason SLUICE_FIREHOSE_MALFORMED_JSON`. Each record is billed as 5 KB.',
    asked: 'always',
  },
  SLUICE_PROBE_DAY: {
    asks: "Whether rows land under the day of their own time: Firehose's jq and the registered partition",
    reliesOn: '`ds` is the UTC day of `timestamp`',
    witness:
      '[Dynamic partitioning](https://docs.aws.amazon.com/firehose/latest/dev/dynamic-partitioning-partitioning-keys.html) with `JQ-1.6`',
    certainty: 'documented',
    cure: 'Look at the keys under the folder of the table: a partition whose location is not its own day was made by hand.',
    asked: 'always',
  },
  SLUICE_PROBE_TIMESTAMP_TYPE: {
    asks: 'Which Parquet type Firehose writes for a Glue `timestamp`',
    reliesOn:
      'INT96 or INT64 with a timestamp in any unit: Athena reads each, and so does our own code. The local cloud writes INT64 microseconds',
    witness:
      "nobody: Firehose's serializer is Hive's, and Hive writes INT96 ([parquet-java #2505](https://github.com/apache/parquet-java/issues/2505))",
    certainty: 'likely',
    cure: 'Another type is no time to its readers: declare the column as what it is (lib/tables/sharedColumns.ts) and cast it in the views.',
    asked: 'always',
  },
  SLUICE_PROBE_TIMESTAMP_VALUE: {
    asks: 'What Athena reads of it',
    reliesOn: 'the time that was sent, UTC, to the millisecond',
    witness:
      '[Engine version 3](https://github.com/awsdocs/amazon-athena-user-guide/blob/master/doc_source/engine-versions-reference-0003.md): `timestamp(3)`; [what Firehose parses](https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion.html)',
    certainty: 'documented',
    cure: 'A shift by hours is a time zone, a missing fraction a format: change lib/base/time.ts to another form that OpenX parses (epoch milliseconds).',
    asked: 'always',
  },
  SLUICE_PROBE_VIEWS: {
    asks: 'Whether Athena takes the views as the stack makes them in Glue',
    reliesOn: 'a query of each is accepted and gives its columns',
    witness:
      "nobody but Athena's own: `/* Presto View: … */` is what it writes itself, undocumented; others make such views with CloudFormation ([aws-cdk #13721](https://github.com/aws/aws-cdk/pull/13721))",
    certainty: 'likely',
    cure: "Drop the view in Athena and create it there with the SQL of lib/views: Glue's version is then Athena's. `missing SerDe info` means that CloudFormation left the empty `SerdeInfo` out ([seen with Terraform](https://github.com/hashicorp/terraform-provider-aws/issues/28517)).",
    asked: 'always',
  },
  SLUICE_PROBE_ERROR_OBJECTS: {
    asks: 'How Firehose names the members of a line under `errors/`',
    reliesOn: '`errorCode`, `ErrorCode` or `lastErrorCode`, and the same of the message: redrive takes each',
    witness:
      '[documented](https://docs.aws.amazon.com/firehose/latest/dev/record-format-conversion-error-handling.html) as `ErrorCode`; [floci #3235](https://github.com/floci-io/floci/issues/3235) saw `lastErrorCode`',
    certainty: 'measured',
    cure: 'Rows of `quarantine` with `SLUICE_FIREHOSE_LINE_UNREADABLE` tell: add the name to lib/landing/redrive/failedRecords.ts.',
    asked: 'by hand',
  },
  SLUICE_PROBE_STREAM_QUOTA: {
    asks: "A stream's intake outside us-east-1, us-west-2 and eu-west-1",
    reliesOn: '1 MiB and 1,000 calls a second; what is beyond goes to `overflow/` and lands later',
    witness:
      '[Quotas](https://docs.aws.amazon.com/firehose/latest/dev/limits.html), which name the three regions and cut the others short',
    certainty: 'documented',
    cure: 'Raise it (Service Quotas, Firehose) when the alarm `overflow` is on.',
    asked: 'by hand',
  },
  SLUICE_PROBE_LAKE_FORMATION: {
    asks: 'An account under Lake Formation',
    reliesOn: 'the grants of docs/deploy.md, "Lake Formation"',
    witness:
      '[its reference](https://docs.aws.amazon.com/lake-formation/latest/dg/lf-permissions-reference.html)',
    certainty: 'documented',
    cure: '`npx sluice doctor` and the message `Insufficient Lake Formation permission(s)` name the table: grant what it asks for.',
    asked: 'by hand',
  },
  SLUICE_PROBE_READERS: {
    asks: 'Whether Statsig, OWOX and Metabase connect with what docs/readers.md gives them',
    reliesOn: 'their documents, statement by statement, and a simulation of what their clients call',
    witness: 'docs/readers.md',
    certainty: 'documented',
    cure: "`AccessDenied` in CloudTrail names the action: add it to the reader's statements (lib/access).",
    asked: 'by hand',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;
