import { hash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import * as z from 'zod';

const sendSchema = z.object({ MessageBody: z.string() });

/** Services of AWS that accept what a collector sends, and do nothing with it. They cost no more with relay than without. */
export interface Services {
  readonly url: string;
  /** Messages so far. */
  readonly messages: () => number;
  close(): void;
}

/**
 * Starts stand-ins on loopback: Firehose, SQS with its checksum, Secrets Manager with secrets that name nothing, and S3 without
 * objects.
 */
export async function startServices(): Promise<Services> {
  let messages = 0;
  const answers: Readonly<Record<string, (body: unknown) => object>> = {
    'Firehose_20150804.PutRecord': () => ({ RecordId: 'record' }),
    'AmazonSQS.SendMessage': (body) => {
      messages += 1;
      return { MessageId: 'message', MD5OfMessageBody: hash('md5', sendSchema.parse(body).MessageBody) };
    },
    'secretsmanager.GetSecretValue': () => ({ SecretString: '{"keys":[]}' }),
  };
  const server = createServer(async (request, response) => {
    const body = (await buffer(request)).toString();
    const answer = answers[String(request.headers['x-amz-target'])];
    if (answer === undefined) {
      response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
      return;
    }
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(answer(JSON.parse(body))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    messages: () => messages,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
