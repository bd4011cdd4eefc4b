import { type ConfigProblem, unexpected } from '../../schema/ConfigProblem.ts';
import type { Endpoint } from '../../schema/endpoint.ts';
import type { PassThrough } from '../../schema/passThrough.ts';

/** Finds settings that are valid alone but not together. */
export function endpointProblems(
  { kind, accessLogDays, domain, certificateArn: certificate }: Endpoint,
  passThrough: PassThrough | null = null,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  if (domain === null && certificate !== null)
    problems.push(
      unexpected('endpoint.domain', null, 'the domain name that `endpoint.certificateArn` is for'),
    );
  if (domain !== null && certificate === null)
    problems.push(
      unexpected('endpoint.certificateArn', null, 'the ARN of the certificate for `endpoint.domain`'),
    );
  if (kind !== 'function-url') return problems;
  return [
    ...problems,
    ...(domain === null
      ? []
      : [
          unexpected(
            'endpoint.domain',
            domain,
            'null with `endpoint.kind` function-url, as only CloudFront gives a Function URL a domain: examples/waf has a template. Or set `endpoint.kind` to http-api or both',
          ),
        ]),
    ...(accessLogDays === null
      ? []
      : [
          {
            field: 'endpoint.accessLogDays',
            text: 'expected null, as a Function URL has no log of requests.',
          },
        ]),
    ...(passThrough === null
      ? []
      : [
          {
            field: 'passThrough',
            text: 'expected null with `endpoint.kind` function-url, which is the address of one function. Set `endpoint.kind` to http-api or both.',
          },
        ]),
  ];
}
