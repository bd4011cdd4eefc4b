import { z } from 'zod';
import { valueAt } from '../base/json.ts';
import { AwsError, notImplemented } from './AwsError.ts';
import {
  type AwsRequest,
  type AwsResponse,
  type AwsService,
  readBody,
  requireSignedBody,
} from './AwsService.ts';

/** Limit of a JSON request if its service sets no other. */
const DEFAULT_BODY_LIMIT_BYTES = 8 * 1024 * 1024;

/** One operation of a JSON service, made by {@link operation}. Its schema and its input's type are not visible outside. */
export interface JsonOperation {
  /**
   * Validates the input and runs the operation. `refuse` makes the service's own error of an input that is invalid.
   */
  readonly perform: (
    input: unknown,
    request: AwsRequest,
    refuse: (error: z.ZodError) => AwsError,
  ) => Promise<unknown>;
}

/**
 * One operation: a schema of its input, and a function that performs it. The schema is a `z.strictObject`, so that an unknown
 * member is refused by name. `run` returns the output document, `undefined` for an empty one, and throws an {@link AwsError} to
 * refuse. It writes timestamps as epoch seconds ({@link epochSeconds}) and blobs as base64, as the protocol has them. Blobs in
 * the input have the schema {@link blob}.
 *
 * @example
 * operation({ input: z.strictObject({ Name: z.string().min(1) }), run: async ({ Name }) => ({ Database: find(Name) }) })
 */
export function operation<Schema extends z.ZodType>(definition: {
  /** The schema of the input. */
  readonly input: Schema;
  /** Does the operation, and returns the output. */
  readonly run: (input: z.output<Schema>, request: AwsRequest) => unknown;
}): JsonOperation {
  return {
    async perform(input, request, refuse) {
      const parsed = await definition.input.safeParseAsync(input);
      if (!parsed.success) throw refuse(parsed.error);
      return definition.run(parsed.data, request);
    },
  };
}

/** Times in responses are epoch seconds: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
export function epochSeconds(epochMs: number): number {
  return epochMs / 1_000;
}

/** Options of {@link jsonService}. */
interface JsonServiceDefinition {
  /** The service in a signature's scope, e.g. `glue`. */
  readonly signingName: string;
  /** The part of `X-Amz-Target` before the dot, e.g. `AWSGlue`, `Firehose_20150804`, `AmazonSQS`. */
  readonly targetPrefix: string;
  /** The content type of requests and answers, which tells the version of the protocol. */
  readonly contentType: JsonContentType;
  /** The operations by AWS's names, e.g. `PutRecord`. Any other is refused as not emulated. */
  readonly operations: Readonly<Record<string, JsonOperation>>;
  /** The service's own error for a member that is missing or out of bounds, e.g. `InvalidInputException`. */
  readonly invalidInput: (message: string) => AwsError;
  /** Headers that go with an error: SQS names it once more in `x-amzn-query-error`. Default none. */
  readonly errorHeaders?: (error: AwsError) => Readonly<Record<string, string>>;
  /** Returns the resource of an input, for faults that are set for one stream or table only. Default: undefined. */
  readonly resource?: (input: unknown) => string | undefined;
  /** The largest body, bytes. Default: 8 MiB. Larger bodies are answered 413. */
  readonly bodyLimitBytes?: number;
}

/**
 * A service of the awsJson1.0 or 1.1 protocol: buffers the body, checks it against the signed hash, finds the
 * operation by `X-Amz-Target`, validates the input, runs it and answers its output or `{__type, message}`.
 *
 * Wrong input is refused in three ways: an unknown member 501 `NotImplemented` by name; a value of the wrong
 * type `SerializationException`, as every JSON service answers; anything else by the service's `invalidInput`.
 * A member that is `null` counts as absent: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
 */
export function jsonService(definition: JsonServiceDefinition): AwsService {
  const { signingName, targetPrefix, contentType, errorHeaders } = definition;
  const operations = new Map(Object.entries(definition.operations));
  const limit = definition.bodyLimitBytes ?? DEFAULT_BODY_LIMIT_BYTES;

  async function answer(request: AwsRequest): Promise<AwsResponse> {
    // Read first, whatever the target: a refused request must not leave its body unread on a kept connection.
    const body = await readBody(request.body, limit);
    requireSignedBody(request, body, 'InvalidSignatureException');
    const name = operationName(request, targetPrefix);
    const called = operations.get(name);
    if (called === undefined) throw notImplemented(`${signingName} ${name}`);
    const input = parseInput(body);
    await request.announce?.(name, definition.resource?.(input), input);
    const output = await called.perform(input, request, (error) =>
      refusal(error, input, `${signingName} ${name}`, definition.invalidInput),
    );
    return { status: 200, headers: { 'content-type': contentType }, body: JSON.stringify(output ?? {}) };
  }

  const refuse = (error: AwsError) => jsonError(error, contentType, errorHeaders?.(error));

  return {
    signingName,
    targetPrefix,
    operations: [...operations.keys()],
    refuse,
    handle: answer,
  };
}

/**
 * The operation that `X-Amz-Target` names. @throws AwsError `UnknownOperationException` if it names none of this
 * service.
 */
function operationName(request: AwsRequest, targetPrefix: string): string {
  const target = request.headers['x-amz-target'];
  const name =
    typeof target === 'string' && target.startsWith(`${targetPrefix}.`)
      ? target.slice(targetPrefix.length + 1)
      : '';
  if (request.method !== 'POST' || name === '') {
    throw new AwsError(
      'UnknownOperationException',
      400,
      `Expected POST with X-Amz-Target: ${targetPrefix}.<Operation>, got ${request.method} with ${target ?? 'none'}.`,
    );
  }
  return name;
}

/** The document in a body; none is an empty one. @throws AwsError `SerializationException` */
function parseInput(body: Uint8Array): unknown {
  if (body.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body), dropNullMembers);
  } catch {
    throw new AwsError('SerializationException', 400, 'The request body is not a JSON document in UTF-8.');
  }
}

/** A reviver of JSON.parse: an undefined result deletes the member. In a list, `null` stays where it is. */
function dropNullMembers(this: unknown, _key: string, value: unknown): unknown {
  return value === null && !Array.isArray(this) ? undefined : value;
}

/** The error for an input that the schema does not accept. */
function refusal(
  error: z.ZodError,
  input: unknown,
  what: string,
  invalidInput: JsonServiceDefinition['invalidInput'],
): AwsError {
  for (const issue of error.issues) {
    if (issue.code === 'unrecognized_keys') {
      return notImplemented(`${what} member ${memberName([...issue.path, issue.keys.join(', ')])}`);
    }
  }
  const messages = error.issues.map(({ path, message }) => `${memberName(path)}: ${message}`).join('; ');
  const wrongType = error.issues.some(
    (issue) =>
      (issue.code === 'invalid_type' && valueAt(input, issue.path) !== undefined) ||
      (issue.code === 'custom' && issue.params?.['wrongType'] === true),
  );
  return wrongType ? new AwsError('SerializationException', 400, messages) : invalidInput(messages);
}

/** The place of a problem in an input: `Records.0.Data`. */
function memberName(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the input' : path.map(String).join('.');
}

/** The two JSON protocols, which differ in this header only. https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html */
type JsonContentType = 'application/x-amz-json-1.0' | 'application/x-amz-json-1.1';

/** An error as the JSON protocols have it: the SDK takes the error's name from `__type`. */
export function jsonError(
  error: AwsError,
  contentType: JsonContentType,
  headers: Readonly<Record<string, string>> = {},
): AwsResponse {
  return {
    status: error.status,
    headers: { 'content-type': contentType, ...headers },
    body: JSON.stringify({ __type: error.code, message: error.message, ...error.members }),
  };
}

/** Base64 with its padding. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * A `blob` member of an AWS JSON request: base64 on the wire, bytes for the operation. Text that isn't
 * base64 is refused: `Buffer` alone would skip what it doesn't know and so change the data.
 */
export const blob = z.string().transform((text, context): Uint8Array => {
  if (text.length % 4 !== 0 || !BASE64.test(text)) {
    context.issues.push({ code: 'custom', message: 'not base64', input: text, params: { wrongType: true } });
    return z.NEVER;
  }
  return Buffer.from(text, 'base64');
});
