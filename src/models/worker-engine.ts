// The engine in a worker thread, behind the same interface: each call is a message with a number, answered in
// order. Errors cross as data and are thrown again here.

import { Worker } from 'node:worker_threads';
import { TouchstoneError } from '../core/errors.ts';
import { ENGINE_METHODS, type Engine, type EngineOptions } from './engine.ts';
import type { EngineReply, EngineRequest } from './engine-worker.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** Starts an engine in a worker thread and waits until it can compute. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const worker = new Worker(new URL(`./engine-worker.${extension}`, import.meta.url), {
    workerData: options,
  });
  const waiting = new Map<number, Waiting>();
  let next = 0;
  let dead: Error | undefined;

  const fail = (error: Error): void => {
    dead = error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('message', (reply: EngineReply) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) call?.reject(revive(reply.error));
    else call?.resolve(reply.value);
  });
  worker.on('error', (cause) => {
    fail(new TouchstoneError('worker-died', `the engine stopped: ${cause.message}`, { cause }));
  });
  worker.on('exit', (code) => {
    fail(new TouchstoneError('worker-died', `the engine's thread ended with code ${code}`));
  });

  const call = (
    method: EngineRequest['method'],
    parameters: unknown[],
    closing = false,
  ): Promise<unknown> => {
    if (dead && !closing) return Promise.reject(dead);
    return new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, { resolve, reject });
      const request: EngineRequest = { id, method, parameters };
      worker.postMessage(request);
    });
  };
  const engine = Object.fromEntries(
    ENGINE_METHODS.map((method) => [method, (...parameters: unknown[]) => call(method, parameters)]),
  ) as unknown as Engine;
  const stop = async (): Promise<void> => {
    worker.removeAllListeners('exit');
    await worker.terminate();
  };
  try {
    await engine.status();
  } catch (fault) {
    // A thread that cannot compute would keep the process alive.
    await stop();
    throw fault;
  }
  return {
    ...engine,
    async close() {
      if (dead) return;
      dead = new TouchstoneError('worker-died', 'the engine is closed');
      try {
        await call('close', [], true);
      } finally {
        await stop();
      }
    },
  };
}

function revive(error: {
  code?: TouchstoneError['code'];
  message: string;
  hint?: string;
  stack?: string;
}): Error {
  if (error.code === undefined) {
    const plain = new Error(error.message);
    if (error.stack !== undefined) plain.stack = error.stack;
    return plain;
  }
  return new TouchstoneError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
}
