import * as z from 'zod';

/** Hosts to which a request may go without TLS: this machine's. */
const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The schema of an address to which the path and the query of a request are added. */
export function baseUrl(): z.ZodString {
  return z.string('an address').superRefine((text, context) => {
    const problem = addressProblem(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
}

/** Says what an address should have been; null if it is valid. */
function addressProblem(text: string): string | null {
  if (!URL.canParse(text)) return 'an address: https:// and a host';
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  if (username !== '' || password !== '') return 'an address without user and password';
  // URL leaves out a question mark and a hash without text behind them.
  if (search !== '' || hash !== '' || /[?#]\s*$/.test(text))
    return 'an address without ? and #: a request brings its own query';
  if (protocol === 'https:') return null;
  if (protocol === 'http:' && LOOPBACK_HOSTS.has(hostname)) return null;
  return 'an address with https://; http:// only on this machine, 127.0.0.1, [::1] or localhost';
}
