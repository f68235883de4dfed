import { randomBytes } from 'node:crypto';
import type { Caller } from '../kernel.ts';

/** Temporary credentials as a function's or task's environment carries them. They do not expire while the host runs. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Who an access key belongs to. */
export interface IssuedCredentials extends Credentials {
  readonly caller: Caller;
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Every access key that the host has given out. In memory: a restarted host issues new ones. */
export class CredentialsRegistry {
  readonly #issued = new Map<string, IssuedCredentials>();
  /** Full rights, for the command line. */
  readonly operator: Credentials;

  /** @param operator fixed operator credentials, so that another process can know them; random where left out */
  constructor(operator?: { readonly accessKeyId: string; readonly secretAccessKey: string }) {
    this.operator = {
      accessKeyId: operator?.accessKeyId ?? newAccessKeyId('AKIA'),
      secretAccessKey: operator?.secretAccessKey ?? newSecret(),
      sessionToken: undefined,
    };
    this.#issued.set(this.operator.accessKeyId, { ...this.operator, caller: { kind: 'operator' } });
  }

  /** Credentials for a session of a role. Whether the role may be assumed is the authorizer's question. */
  issueCredentials(roleArn: string, sessionName: string): Credentials & { readonly sessionToken: string } {
    const credentials = {
      accessKeyId: newAccessKeyId('ASIA'),
      secretAccessKey: newSecret(),
      sessionToken: randomBytes(48).toString('base64'),
    };
    this.#issued.set(credentials.accessKeyId, {
      ...credentials,
      caller: { kind: 'role', roleArn, sessionName },
    });
    return credentials;
  }

  /** Makes an access key unknown, as when its task has ended. */
  revoke(accessKeyId: string): void {
    if (accessKeyId !== this.operator.accessKeyId) this.#issued.delete(accessKeyId);
  }

  find(accessKeyId: string): IssuedCredentials | undefined {
    return this.#issued.get(accessKeyId);
  }
}

function newAccessKeyId(prefix: 'AKIA' | 'ASIA'): string {
  return prefix + Array.from(randomBytes(16), (byte) => base32[byte & 31]).join('');
}

function newSecret(): string {
  return randomBytes(30).toString('base64');
}
