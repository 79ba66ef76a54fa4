import { expect, it } from 'vitest';
import type { EngineOptions } from './engine.ts';
import { startEngine } from './worker-engine.ts';

it('a closed engine answers every call with a fault and may be closed again', async () => {
  const engine = await startEngine({ executor: 'reference' });
  const pending = engine.status();
  await engine.close();
  await expect(pending).resolves.toMatchObject({ executor: 'reference' });
  await expect(engine.status()).rejects.toMatchObject({ code: 'worker-died' });
  await expect(engine.close()).resolves.toBeUndefined();
});

it('an engine that cannot start says why and leaves no thread behind', async () => {
  const ports = () => process.getActiveResourcesInfo().filter((name) => name === 'MessagePort').length;
  const before = ports();
  await expect(startEngine(null as unknown as EngineOptions)).rejects.toThrow("reading 'executor'");
  expect(ports()).toBe(before);
});
