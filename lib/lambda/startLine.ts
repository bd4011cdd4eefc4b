import type { MiddlewareObj } from '@middy/core';
import type { Context } from 'aws-lambda';
import { logLine } from '../base/log.ts';
import { VERSION } from '../base/version.ts';

/**
 * Logs which version runs, at the first invocation of an execution environment and before anything else:
 * `{"level":"info","event":"start","version":"0.3.0","function":"sluice-prod-collect","stage":"prod","node":"v24.21.0"}`.
 * It needs no valid environment, so it also comes before the error of a variable that is missing.
 */
export function withStartLine(): MiddlewareObj<unknown, unknown, Error, Context> {
  let isLogged = false;
  return {
    before({ context }) {
      if (isLogged) return;
      isLogged = true;
      logLine({
        level: 'info',
        event: 'start',
        version: VERSION,
        function: context.functionName,
        stage: process.env['SLUICE_STAGE'],
        node: process.version,
      });
    },
  };
}
