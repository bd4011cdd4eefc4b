import { S3ServiceException } from '@aws-sdk/client-s3';

/** What a client was asked: the command without its ending, and its input. */
export interface AskedCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The middlewares of a client of any service. */
interface Stack {
  add(
    middleware: (
      next: unknown,
      context: { readonly commandName?: string },
    ) => (args: { readonly input: Readonly<Record<string, unknown>> }) => Promise<unknown>,
    options: { readonly step: 'initialize' },
  ): void;
}

const OPTIONS = { region: 'us-east-1', credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };

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
  const client = new make(OPTIONS);
  (client.middlewareStack as Stack).add(
    (_, { commandName = '' }) =>
      async ({ input }) => {
        asked.push({ name: commandName.replace(/Command$/, ''), input });
        const answer = left.shift();
        if (answer === undefined) throw new RangeError(`No ${commandName} was expected.`);
        if (answer instanceof Error) throw answer;
        return { output: answer, response: {} };
      },
    { step: 'initialize' },
  );
  return { client, asked };
}

/** An error that S3 answers. */
export const s3Error = (name: string) =>
  new S3ServiceException({ name, message: 'so it is', $fault: 'client', $metadata: {} });

/** An error that a service answers with a code. */
export const named = (name: string) => Object.assign(new Error('so it is'), { name });
