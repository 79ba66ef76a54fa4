// The one error class of touchstone. Errors are for programmer and configuration faults; outcomes such as a
// timeout or an unverifiable answer are data (see verdict.ts) and are never thrown.

/** Stable machine-readable codes; docs/errors.md lists what to do about each. */
export type ErrorCode =
  | 'bad-config'
  | 'bad-input'
  | 'bad-shape'
  | 'checkpoint-missing'
  | 'checkpoint-corrupt'
  | 'disk-full'
  | 'engine-unavailable'
  | 'not-finite'
  | 'not-found'
  | 'run-locked'
  | 'store-corrupt'
  | 'verifier-fault'
  | 'worker-died';

export interface ErrorDetails {
  cause?: unknown;
  /** What the user can do about it, one sentence. */
  hint?: string;
  retryable?: boolean;
}

/**
 * A fault with a stable code, a short message that names the offending value, and a remedy.
 *
 * @example
 * throw new TouchstoneError('bad-config', 'batch size is 0', { hint: 'use a whole number of at least 1' });
 */
export class TouchstoneError extends Error {
  override readonly name = 'TouchstoneError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
  }

  /** The form that crosses threads, HTTP and log lines. */
  toJSON(): { code: ErrorCode; message: string; hint?: string; retryable: boolean } {
    return {
      code: this.code,
      message: this.message,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      retryable: this.retryable,
    };
  }
}
