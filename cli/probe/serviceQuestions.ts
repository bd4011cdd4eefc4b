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
    reliesOn: 'a few seconds; where an event is lost, five minutes, by the schedule',
    witness:
      '[S3 with EventBridge](https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html), [EventBridge with SQS](https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html)',
    certainty: 'documented',
    cure: 'Nothing is lost while it waits. `npx sluice doctor` looks at the queues; the log of `redrive` says why, by code (docs/redrive.md).',
    asked: 'by hand',
  },
  SLUICE_PROBE_METRICS: {
    asks: 'Whether metrics arrive: those that functions print as EMF, and those that filters count in logs',
    reliesOn:
      '`requests` of the namespace `Sluice` counts what the probe sent, and the run of the stragglers leaves a datapoint of its metric filter, which shows that Scheduler may send to the queue',
    witness:
      '[EMF](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html); functions print it as text lines',
    certainty: 'documented',
    cure: '**Alarms would stay silent.** Look at the dashboard a quarter of an hour after the probe: panels without data name what is missing (docs/metrics.md).',
    asked: 'by hand',
  },
  SLUICE_PROBE_LOAD_ENGINE: {
    asks: "Whether DuckDB's binding starts in the function `ingest-load`",
    reliesOn: 'the binding of the configured architecture fits glibc and `/tmp` of the runtime',
    witness: 'the binding needs GLIBC 2.25, and Amazon Linux 2023 has 2.34',
    certainty: 'likely',
    cure: 'The first `npx sluice ingest backfill` of one day tells: its log names what could not be loaded. Try the other `architecture`.',
    asked: 'by hand',
  },
  SLUICE_PROBE_CUSTOM_DOMAIN: {
    asks: "Whether a domain of your own passes bodies on as the stack's does",
    reliesOn: 'the same answers to all of the questions above',
    witness:
      '[HTTP API](https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html)',
    certainty: 'documented',
    cure: '`npx sluice probe --url https://data.acme.com` asks them over that domain: compare. What differs comes from what is in front, as a proxy or CloudFront.',
    asked: 'by hand',
  },
} as const satisfies Record<string, Omit<Question, 'code'>>;
