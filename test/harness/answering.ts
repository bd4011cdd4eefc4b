import { Readable } from 'node:stream';
import { S3ServiceException } from '@aws-sdk/client-s3';
import type { Attempts } from '../../lib/landing/catalog/catalogCalls.ts';
import type { Deployment } from '../../observe/deployment.ts';

/** What a client was asked. */
export interface AskedCall<Input extends object = Readonly<Record<string, unknown>>> {
  /** The command without its ending, as `GetObject`. */
  readonly name: string;
  /** Its input. */
  readonly input: Input;
}

/** The middlewares of a client of any service: each has a type of its own, by the inputs and outputs of its commands. */
interface Stack<Input extends object> {
  add(
    middleware: (
      next: unknown,
      context: { readonly commandName?: string },
    ) => (args: { readonly input: Input }) => Promise<unknown>,
    options: { readonly step: 'initialize' },
  ): void;
}

/** When calls are made, and how often: without pauses, and with a day of time. */
export const attempts: Attempts = {
  clock: { now: () => Date.UTC(2026, 10, 20) },
  wait: async () => undefined,
  random: () => 0,
  deadline: Date.UTC(2026, 10, 21),
};

const OPTIONS = { region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };

/**
 * A client of AWS to which nobody is connected, and whose calls a function answers.
 *
 * @param answer Gives what AWS answers; what it throws is thrown by the call.
 */
export function answeredBy<
  Client extends { readonly middlewareStack: object },
  Input extends object = Readonly<Record<string, unknown>>,
>(
  make: new (options: typeof OPTIONS) => Client,
  answer: (call: AskedCall<Input>) => object | Promise<object>,
): Client {
  const client = new make(OPTIONS);
  (client.middlewareStack as Stack<Input>).add(
    (_, { commandName = '' }) =>
      async ({ input }) => {
        const name = commandName.replace(/Command$/, '');
        return { output: { $metadata: {}, ...(await answer({ name, input })) }, response: {} };
      },
    { step: 'initialize' },
  );
  return client;
}

/**
 * A client of AWS to which nobody is connected. Its calls have these answers, one after the other: an object is what AWS
 * answers, an error is thrown.
 */
export function answering<Client extends { readonly middlewareStack: object }>(
  make: new (options: typeof OPTIONS) => Client,
  ...answers: readonly object[]
): { readonly client: Client; readonly asked: AskedCall[] } {
  const left = [...answers];
  const asked: AskedCall[] = [];
  const client = answeredBy(make, (call) => {
    asked.push(call);
    const answer = left.shift();
    if (answer === undefined) throw new RangeError(`No ${call.name} was expected.`);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { client, asked };
}

/** An error that S3 answers. */
export const s3Error = (name: string) =>
  new S3ServiceException({ name, message: 'so it is', $fault: 'client', $metadata: {} });

/** An error that a service answers with a code. */
export const named = (name: string) => Object.assign(new Error('so it is'), { name });

/** What clients of AWS send requests with. */
type RequestHandler = NonNullable<Deployment['aws']['requestHandler']>;

/** A request as clients of AWS send it. */
export interface SentRequest {
  /** The host that it is sent to. */
  readonly hostname: string;
  /** The path, with a slash at its beginning. */
  readonly path: string;
  /** The headers, names as the client has them. */
  readonly headers: Readonly<Record<string, string>>;
  /** The parameters of the query. */
  readonly query: Readonly<Record<string, string>>;
  /** The body, as the client has made it. */
  readonly body: string | Uint8Array;
}

/** An answer of AWS. */
export interface SentAnswer {
  /** The status of HTTP. */
  readonly status: number;
  /** The body. */
  readonly text: string;
  /** Default none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Has a function answer the requests of clients of all services, instead of the network. */
export function requestsAnsweredBy(
  answer: (request: SentRequest) => SentAnswer | Promise<SentAnswer>,
): RequestHandler {
  const handler = {
    async handle(request: SentRequest) {
      const { status, text, headers = {} } = await answer(request);
      return { response: { statusCode: status, headers, body: Readable.from([Buffer.from(text)]) } };
    },
    destroy: () => undefined,
  };
  // The SDK asks for classes or options of its own, and uses no more of a handler than this.
  return handler as never;
}
