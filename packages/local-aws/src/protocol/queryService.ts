import type { z } from 'zod';
import { AwsError, NOT_EMULATED, notImplemented } from './AwsError.ts';
import {
  type AwsRequest,
  type AwsResponse,
  type AwsService,
  readBody,
  requireSignedBody,
} from './AwsService.ts';
import { type XmlElement, xmlDocument } from './xml.ts';

/** Limit of a request, bytes: a form has few members. */
const BODY_LIMIT_BYTES = 64 * 1024;

/** One operation of a Query service: made by {@link queryOperation}. */
export interface QueryOperation {
  /** Validates the members and runs the operation. `invalidInput` makes the service's own error of a sentence. */
  readonly perform: (
    members: Readonly<Record<string, string>>,
    request: AwsRequest,
    invalidInput: (message: string) => AwsError,
  ) => readonly XmlElement[] | Promise<readonly XmlElement[]>;
}

/**
 * One operation: a schema of its members, all of them text on the wire (`z.strictObject`, so that an unknown
 * one is refused by name), and the elements of its result.
 */
export function queryOperation<Schema extends z.ZodType>(definition: {
  /** AWS's name, e.g. `DescribeStacks`. */
  readonly name: string;
  /** The schema of the input. */
  readonly input: Schema;
  /** Does the operation, and returns the elements of its result. */
  readonly run: (
    input: z.output<Schema>,
    request: AwsRequest,
  ) => readonly XmlElement[] | Promise<readonly XmlElement[]>;
}): readonly [string, QueryOperation] {
  const { name, input, run } = definition;
  return [
    name,
    {
      perform(members, request, invalidInput) {
        const parsed = input.safeParse(members);
        if (parsed.success) return run(parsed.data, request);
        const [issue] = parsed.error.issues;
        if (issue?.code === 'unrecognized_keys')
          throw notImplemented(`${name} member ${issue.keys.join(', ')}`);
        throw invalidInput(
          parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '),
        );
      },
    },
  ];
}

/** Options of {@link queryService}. */
interface QueryServiceDefinition {
  /** The service in a signature's scope, e.g. `cloudformation`. */
  readonly signingName: string;
  /** `Version` of every request, e.g. `2010-05-15`. */
  readonly version: string;
  /** XML namespace of its answers and errors. */
  readonly namespace: string;
  /** The operations by AWS's names. */
  readonly operations: ReadonlyMap<string, QueryOperation>;
  /** Largest request, bytes. Default 64 KiB. */
  readonly bodyLimitBytes?: number;
}

/**
 * A service of the AWS Query protocol: a form in, XML out.
 * https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
 *
 * A member that is missing or out of bounds is answered `ValidationError`, an unknown one or another operation
 * 501 `NotImplemented` by name.
 */
export function queryService(definition: QueryServiceDefinition): AwsService {
  const { signingName, version, namespace, operations, bodyLimitBytes = BODY_LIMIT_BYTES } = definition;

  async function answer(request: AwsRequest): Promise<AwsResponse> {
    const body = await readBody(request.body, bodyLimitBytes);
    requireSignedBody(request, body, 'SignatureDoesNotMatch');
    const { Action = '', Version, ...members } = readForm(request, body);
    if (Version !== version)
      throw new AwsError('InvalidAction', 400, `Expected Version ${version}, got ${Version ?? 'none'}.`);
    const operation = operations.get(Action);
    if (operation === undefined) throw notImplemented(`${signingName} ${Action}`);
    // An operation of CloudFormation is about a stack, AssumeRole about a role.
    await request.announce?.(Action, members['StackName'] ?? members['RoleArn'], members);
    const result = await operation.perform(members, request, validationError);
    const metadata: XmlElement = ['ResponseMetadata', [['RequestId', request.requestId]]];
    return xmlAnswer(200, [`${Action}Response`, [[`${Action}Result`, result], metadata]], namespace);
  }

  const refuse = (error: AwsError, { requestId }: Pick<AwsRequest, 'requestId'>) =>
    queryError(error, requestId, namespace);

  return {
    signingName,
    operations: [...operations.keys()],
    refuse,
    handle: answer,
  };
}

/** An error as the Query protocol has it. @param namespace XML namespace of the service. Default none. */
export function queryError(
  { status, code, message }: AwsError,
  requestId: string,
  namespace?: string,
): AwsResponse {
  // A request that is not emulated can be mended by its sender only.
  const isSender = status < 500 || status === NOT_EMULATED;
  const members: XmlElement[] = [
    ['Type', isSender ? 'Sender' : 'Receiver'],
    ['Code', code],
    ['Message', message],
  ];
  return xmlAnswer(
    status,
    [
      'ErrorResponse',
      [
        ['Error', members],
        ['RequestId', requestId],
      ],
    ],
    namespace,
  );
}

/** An answer in XML. */
function xmlAnswer(status: number, root: XmlElement, namespace: string | undefined): AwsResponse {
  return { status, headers: { 'content-type': 'text/xml' }, body: xmlDocument(root, namespace) };
}

/** The members of a form. @throws AwsError `InvalidAction` for any other request. */
function readForm(request: AwsRequest, body: Uint8Array): Record<string, string> {
  const type = request.headers['content-type'] ?? '';
  if (request.method !== 'POST' || !type.startsWith('application/x-www-form-urlencoded')) {
    throw new AwsError('InvalidAction', 400, `Expected POST of a form, got ${request.method} of ${type}.`);
  }
  return Object.fromEntries(new URLSearchParams(Buffer.from(body).toString('utf8')));
}

/**
 * Validation error of every Query service:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/CommonErrors.html
 */
function validationError(message: string): AwsError {
  return new AwsError('ValidationError', 400, `1 validation error detected: ${message}`);
}
