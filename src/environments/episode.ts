// Multi-turn environments, and single-turn tasks as their one-step special case: reset shows the prompt, one step
// checks and ends. The state is a JSON value and a step is a function of (state, action), so a transcript can be
// replayed, forked and verified again offline. Opponents and random events draw from a stream kept in the state.
// Turn limits end an episode as `truncated`, never as `terminated`. Runners and HTTP surfaces live elsewhere.

import { type Item, type Json, type Message, TouchstoneError, type Verdict } from '../core/index.ts';
import { generateItem, type Split, verifyItem } from './sampler.ts';
import type { TaskDef } from './task.ts';

/** A call of a tool the episode offered at reset. */
export interface ToolCall {
  tool: string;
  arguments: Json;
}

/** What an episode shows at its start. The text carries everything needed to act. */
export interface Observation {
  messages: Message[];
  /** Names of the tools that may be called. */
  tools?: string[];
}

export interface StepResult {
  observation: Observation;
  /** In [0, 1]; null when the step could not be scored through a fault of ours. */
  reward: number | null;
  /** The episode came to its own end. */
  terminated: boolean;
  /** A turn, token or time limit ended it. */
  truncated: boolean;
  info: { [key: string]: Json };
}

/** A multi-turn environment. */
export interface Episode {
  reset(seed: number, level: number): Observation;
  step(action: string | ToolCall): Promise<StepResult>;
  /** The whole state as JSON. */
  snapshot(): Json;
  restore(state: Json): void;
  /** The actions allowed now, where they can be listed. */
  legal?(): string[];
  close(): Promise<void>;
}

type SingleTurnState = { item: { [key: string]: Json } | null; done: boolean };

/** A single-turn task as an episode: the prompt, one answer, done. */
export function singleTurnEpisode(task: TaskDef, split: Split = 'train'): Episode {
  let item: Item | null = null;
  let done = false;
  return {
    reset(seed, level) {
      item = generateItem(task, { seed, split, level, index: 0 });
      done = false;
      return { messages: item.messages };
    },
    step(action) {
      if (item === null || done) {
        throw new TouchstoneError('bad-input', 'step on an episode that is not running', {
          hint: 'call reset first',
        });
      }
      done = true;
      const text = typeof action === 'string' ? action : '';
      const verdict: Verdict = verifyItem(item, text, task);
      return Promise.resolve({
        observation: { messages: [] },
        reward: verdict.outcome === 'error' ? null : verdict.score,
        terminated: true,
        truncated: false,
        info: { outcome: verdict.outcome, reason: verdict.evidence.reason },
      });
    },
    snapshot() {
      const state: SingleTurnState = { item: item === null ? null : JSON.parse(JSON.stringify(item)), done };
      return state;
    },
    restore(state) {
      const held = JSON.parse(JSON.stringify(state)) as { item: Item | null; done: boolean };
      item = held.item;
      done = held.done;
    },
    close: () => Promise.resolve(),
  };
}
