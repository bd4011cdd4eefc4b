import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

let secretsManager: SecretsManagerClient | undefined;

/**
 * The one client of Secrets Manager, made when it is first needed. It tries twice and soon: a request of an SDK
 * may be waiting for it.
 */
export function secretsManagerClient(): SecretsManagerClient {
  secretsManager ??= new SecretsManagerClient({
    maxAttempts: 2,
    requestHandler: { connectionTimeout: 500, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });
  return secretsManager;
}
