// Entry of the engine's worker thread: serves calls one after another, so that models are never used twice at once.

import { parentPort, workerData } from 'node:worker_threads';
import { type ErrorCode, TouchstoneError } from '../core/errors.ts';
import type { Engine, EngineMethod, EngineOptions } from './engine.ts';
import { createLocalEngine } from './local-engine.ts';

export interface EngineRequest {
  id: number;
  method: EngineMethod;
  parameters: unknown[];
}

export type EngineReply =
  | { id: number; value: unknown }
  | { id: number; error: { code?: ErrorCode; message: string; hint?: string; stack?: string } };

type Served = Record<EngineMethod, (...parameters: unknown[]) => Promise<unknown>>;

const created: Promise<Engine> = createLocalEngine(workerData as EngineOptions);
// The fault is the answer to every call; unhandled, it would end the thread before the first one is answered.
created.catch(() => undefined);

async function serve({ id, method, parameters }: EngineRequest): Promise<EngineReply> {
  try {
    const engine = (await created) as unknown as Served;
    return { id, value: await engine[method](...parameters) };
  } catch (fault) {
    if (fault instanceof TouchstoneError) return { id, error: fault.toJSON() };
    const { message, stack } = fault instanceof Error ? fault : new Error(String(fault));
    return { id, error: { message, ...(stack === undefined ? {} : { stack }) } };
  }
}

let last: Promise<unknown> = Promise.resolve();
parentPort?.on('message', (request: EngineRequest) => {
  last = last.then(async () => parentPort?.postMessage(await serve(request)));
});
