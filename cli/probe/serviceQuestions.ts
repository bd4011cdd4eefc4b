import type { Question } from './Question.ts';

/** What S3, Lambda and CloudWatch do for the functions. */
export const serviceQuestions = {
  SLUICE_PROBE_CONDITIONAL_WRITES: {
    asks: 'Whether conditional writes hold for objects that are encrypted with a KMS key',
    reliesOn:
      '`If-None-Match: *` creates an object once, and `If-Match` with its ETag replaces it once: 412 otherwise. Claims, turns and the ledger rest on it',
    witness:
      '[S3](https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); of ETags it says only that they are no MD5 under a KMS key',
    certainty: 'documented',
    cure: '**Two functions may work on one day at once.** Open an issue with the line that the probe printed; until then remove `sources` and `exports` from the configuration.',
    asked: 'always',
  },
  SLUICE_PROBE_RECURSIVE_LOOP: {
    asks: 'Whether Lambda lets `ingest-plan` and `export` go on by messages to their own queues',
    reliesOn:
      '`RecursiveLoop` of both functions is `Allow`; Lambda stops a chain after 16 invocations otherwise',
    witness:
      '[Lambda](https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html); the same pattern was stopped for others ([boto3 #3899](https://github.com/boto/boto3/issues/3899))',
    certainty: 'documented',
    cure: 'A drop that settles for longer waits for the next run, and `ingest-plan-dead-letters` rings. `aws lambda put-function-recursion-config --function-name sluice-<stage>-ingest-plan --recursive-loop Allow`, the same with `export`, or deploy again.',
    asked: 'always',
  },
  SLUICE_PROBE_REDRIVE: {
    asks: 'Whether an object under `overflow/` or `errors/` comes to its row: S3 tells EventBridge, EventBridge the queue, the queue `redrive`',
    reliesOn:
      'a row of events and one of quarantine, as soon as Firehose delivers; where an event is lost, the schedule takes the object after 15 minutes',
    witness:
      '[S3 with EventBridge](https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html), [EventBridge with SQS](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html)',
    certainty: 'documented',
    cure: 'Nothing is lost while it waits. `npx sluice doctor` looks at the queues; the log of `redrive` says why, by code (docs/redrive.md).',
    asked: 'always',
  },
  SLUICE_PROBE_METRICS: {
    asks: 'Whether metrics arrive: those that functions print as EMF, and those that filters count in logs',
    reliesOn:
      '`requests` of the namespace `Sluice` counts what the probe sent; in the last 20 minutes `ObjectsParked-<stage>` has a datapoint, which a metric filter makes of the run for stragglers, and `InvocationAttemptCount` of `AWS/Scheduler` is above 0',
    witness:
      '[EMF](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html); functions print it as text lines; [Scheduler](https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html)',
    certainty: 'documented',
    cure: '**Alarms would stay silent.** A stack of less than ten minutes may have no run for stragglers yet: probe again. Else look at the dashboard: panels without data name what is missing (docs/metrics.md).',
    asked: 'always',
  },
  SLUICE_PROBE_LOAD_ENGINE: {
    asks: "Whether DuckDB's binding starts in the function `ingest-load`",
    reliesOn:
      'the binding of the configured architecture fits glibc and `/tmp` of the runtime: the smallest recent day of a source in the own account, at most 64 MiB, is loaded again',
    witness: 'the binding needs GLIBC 2.25, and Amazon Linux 2023 has 2.34',
    certainty: 'likely',
    cure: 'The log of `ingest-load` names what could not be loaded. Try the other `architecture`.',
    asked: 'always',
  },
  SLUICE_PROBE_CUSTOM_DOMAIN: {
    asks: "Whether a domain of your own passes bodies on as the stack's does",
    reliesOn:
      'the same answers about bodies and of the gateway, and paths as they were sent: `/v1/initialize` is refused with `SLUICE_PATH_RESERVED`',
    witness:
      '[HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html)',
    certainty: 'documented',
    cure: 'Probe without `--url`, and compare: what differs comes from what is in front, as a proxy or CloudFront. Where paths differ, map the API to the domain without a path (docs/deploy.md).',
    asked: '--url',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;
