import { expect, it } from 'vitest';
import { toReportRollout } from './report.ts';

const stored = (text: string, tokens: string[]) => ({
  item: 'tail.compare/train/n2/0',
  prompt: 'compare',
  text,
  outcome: 'correct',
  reward: 1,
  trained: { advantage: 0.5, weights: tokens.map(() => 0.25), logProbs: tokens.map(() => -1), tokens },
});

it('shows word tokens apart and character tokens together', () => {
  const words = toReportRollout(3)(stored('LEN p1 2', ['LEN', 'p1', '2', '<eos>']));
  expect(words?.tokens.map(({ text }) => text)).toEqual(['LEN ', 'p1 ', '2 ', '<eos> ']);
  const characters = toReportRollout(3)(stored('ab', ['a', 'b', '<eos>']));
  expect(characters?.tokens.map(({ text }) => text)).toEqual(['a', 'b', '<eos>']);
});

it('keeps weight, advantage and log-probability of each token', () => {
  const [first] = toReportRollout(3)(stored('a b', ['a', 'b']))?.tokens ?? [];
  expect(first).toEqual({ text: 'a ', weight: 0.25, advantage: 0.5, logProb: -1 });
});

it('leaves out rollouts that were not trained on', () => {
  const { trained: _, ...untrained } = stored('a', ['a']);
  expect(toReportRollout(1)(untrained)).toBeNull();
});
