// What the user reads when something goes wrong, and the exit code. A TouchstoneError is two lines without a
// stack; anything else is a mistake of ours and shows all we know.

import { TouchstoneError } from '../core/index.ts';

export const EXIT_FAULT = 1;
/** EX_SOFTWARE of sysexits.h. */
export const EXIT_INTERNAL = 70;

/** The exit code of a fault. */
export function exitCodeOf(fault: unknown): number {
  return fault instanceof TouchstoneError ? EXIT_FAULT : EXIT_INTERNAL;
}

/** The text of a fault for standard error, with its final line break. */
export function faultText(fault: unknown): string {
  if (fault instanceof TouchstoneError) {
    const hint = fault.hint === undefined ? '' : `  hint: ${fault.hint}\n`;
    return `error[${fault.code}]: ${fault.message}\n${hint}`;
  }
  const stack = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  const cause = fault instanceof Error && fault.cause !== undefined ? `\ncaused by: ${causeText(fault)}` : '';
  return `internal error: ${stack}${cause}\n  this is a mistake in touchstone: please report the lines above\n`;
}

function causeText({ cause }: Error): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}
