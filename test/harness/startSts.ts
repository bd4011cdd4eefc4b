import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { HOUR_MS } from '../../lib/base/time.ts';
import { listen } from './listen.ts';

/** Access key of every session, which the local cloud takes for that of an account: what signs with it has assumed a role. */
export const SESSION_KEY = '222233334444';

/**
 * An STS whose AssumeRole lets everybody in, or nobody, and that records what was asked for.
 *
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
 */
export async function startSts() {
  const asked: Readonly<Record<string, string>>[] = [];
  const sts = {
    refuses: false,
    /** The HTTP status of a refusal: from 500 on, STS itself fails. */
    status: 403,
  };
  const server = createServer(async (request, response) => {
    asked.push(Object.fromEntries(new URLSearchParams(await text(request))));
    response.setHeader('content-type', 'text/xml');
    if (sts.refuses)
      response
        .writeHead(sts.status)
        .end('<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code></Error></ErrorResponse>');
    else
      response.end(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>${SESSION_KEY}</AccessKeyId>
        <SecretAccessKey>test</SecretAccessKey>
        <Expiration>${new Date(Date.now() + HOUR_MS).toISOString()}</Expiration>
        </Credentials></AssumeRoleResult></AssumeRoleResponse>`);
  });
  const url = await listen(server);
  return Object.assign(sts, {
    asked,
    url,
    close() {
      server.close();
      server.closeAllConnections();
    },
  });
}
